"""bool, None, NotImplemented and Ellipsis."""

print(bool(), bool([]), bool("x"), bool(0), bool(None), True == 1, isinstance(True, int))
print(True + 1, str(True), repr(False), int(True), float(True), "abc"[True], [10, 20][False], True < 2, -True)
print(True and "x", False or [], not None, True & True, True | False, True ^ True, {True: 1, 1: 2, 1.0: 3})
print(f"{True} {True:d} {True:5} {False!r:>7}", "%s %d %r" % (True, True, False), sum([True, True]), [True, False].count(1))
print(None, repr(None), str(None), bool(None), None is None, None == False, type(None).__name__, [None] == [None])
for action in (lambda: bool(1, 2), lambda: type(None)(1), lambda: NotImplemented + 1, lambda: None < 1, lambda: (lambda n: n[0])(None), lambda: (lambda n: n())(None), lambda: len(None), lambda: iter(None), lambda: None.x, lambda: bool(x=1), lambda: bool(NotImplemented)):
    try:
        print(action())
    except (TypeError, AttributeError) as error:
        print(error)
print(type(None)(), type(...)(), type(NotImplemented)(), ..., bool(...), Ellipsis)
print(True.real, True.numerator, True.bit_length(), bool.__mro__, bool.__bases__, hash(True), hash(None) == hash(None))
print(all([]), any([]), all([1, 0]), any([0, "x"]), [x for x in (0, 1, "", "a", None, [], [0]) if x])
