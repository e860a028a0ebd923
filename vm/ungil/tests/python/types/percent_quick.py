"""Formatting with % where the directive is a letter alone, and what shares its way."""
class I(int):
    def __str__(self): return 'I!'
class S(str):
    def __str__(self): return 'S!'
for t, v in [('%s', 'a'), ('%s', 5), ('%d', 5), ('%d', -5), ('%s %d', ('é', 2**40)), ('%d', True), ('%s', True), ('%d', 2**70), ('%s', 2**70), ('%d', 3.7), ('%d', 'x'), ('%s', I(3)), ('%d', I(3)), ('%s', S('q')), ('%s', None), ('a%sb%%', 'c'), ('%s', ()), ('%s', (1, 2)), ('%d%s', (1,)), ('%(a)s %(a)d', {'a': 3}), ('%s', {'a': 1}), ('%5s|%-5d|%05d', ('x', 3, -4)), ('%', 1), ('%z', 1), ('%d', -(2**49)), ('%d', 2**49-1), ('%s', 0), ('%d', 0), ('é%sü%s', ('ö', 1))]:
    try: print(repr(t % v))
    except Exception as e: print(type(e).__name__, e)
s = 'x' * 3
print(('%s' % s) is s)
for bad in [(), (1,), (int, 3)]:
    try: print(tuple.__new__(*bad))
    except TypeError as e: print(e)
for f in (lambda: int.__new__(bool), lambda: dict.__new__(list), lambda: object.__new__(int), lambda: str.__new__(str, 3)):
    try: print(f())
    except TypeError as e: print(e)
d = {'a': 1, 'b': 2, 'a': 3, 1: 4, 1.0: 5, True: 6, (1,): 7}
print(d)
try: {[]: 1}
except TypeError as e: print(e)
