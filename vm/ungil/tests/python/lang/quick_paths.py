# What the handlers do at once must agree with what is done at length.
import builtins
import threading


def load():
    return variable


# A builtin, then a global in front of it, then the builtin again; values that change, tables that grow.
def names():
    global variable
    builtins.variable = 1
    seen = [load()]
    builtins.variable = 2
    seen.append(load())
    variable = 3
    seen.append(load())
    for i in range(300):
        globals()[f"filler{i}"] = i
    seen.append(load())
    del variable
    seen.append(load())
    for i in range(300):
        setattr(builtins, f"filler{i}", i)
    seen.append(load())
    del builtins.variable
    try:
        load()
    except NameError as e:
        seen.append(str(e))
    for i in range(300):
        del globals()[f"filler{i}"]
        delattr(builtins, f"filler{i}")
    variable = 4
    seen.append(load())
    threads = [threading.Thread(target=lambda: [load() for _ in range(100)]) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    variable = 5
    seen.append(load())
    return seen


print(names())

# The same code with other globals.
code = compile("def f(): return name", "f", "exec")
spaces = [{"name": 1}, {"name": 2}, {"x": 0, "name": 3}]
for space in spaces:
    exec(code, space)
print([[space["f"]() for space in spaces] for _ in range(3)])


# Ranges that are iterated at once.
def loops(*bounds):
    return [i for i in range(*bounds)], sum(1 for _ in range(*bounds))


def two(a, b):
    result = []
    for i in range(a, b):
        result.append(i)
    return result


def three(a, b, c):
    result = []
    for i in range(a, b, c):
        result.append(i)
    return result


print(two(0, 3), two(3, 0), two(-2, 2), two(True, 3), two(2**60, 2**60 + 2))
print(three(0, 10, 3), three(0, 9, 3), three(10, 0, -3), three(9, 0, -3), three(0, 10, -1), three(0, -1, -1))
top = 2**48 - 1
print(three(top - 2, top, 1), three(-top, top, top), three(top, -top, -top), loops(3), loops(-3))
for arguments in [(0, 3, 0), (0.5, 3, 1), ("a", 3, 1)]:
    try:
        three(*arguments)
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)


class Range:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter("abc"[: self.n])


def shadowed(range):
    return [c for c in range(2)]


print(shadowed(Range), shadowed(range))


# An iterator that another has too is exhausted for good.
def exhausted(sequence, more):
    iterator = iter(sequence)
    for _ in iterator:
        pass
    more(sequence)
    return list(iterator)


print(exhausted([1, 2], lambda s: s.append(3)), exhausted((1, 2), lambda s: None))


def grows():
    items, seen = [1, 2], []
    for item in items:
        seen.append(item)
        if len(items) < 5:
            items.append(item + 2)
    return seen


print(grows())

# Powers.
bases = [0, 1, -1, 2, -2, 3, 0.0, -0.0, 1.0, -1.5, 2.5, 1e200, float("inf"), float("-inf"), float("nan"), True, None]
for a in bases:
    row = []
    for b in bases + [10, 63, 64, 0.5, -0.5]:
        try:
            row.append(repr(a**b))
        except (TypeError, ZeroDivisionError, OverflowError) as e:
            row.append(type(e).__name__)
    print(a, *row)
x = 3
x **= 4
print(x)


# What is no instance, by class and by `__class__`.
class Plain:
    pass


class Other:
    pass


class Claims:
    @property
    def __class__(self):
        return Other


class Hooked:
    def __getattribute__(self, name):
        return Other if name == "__class__" else object.__getattribute__(self, name)


for _ in range(3):
    print([isinstance(o(), Other) for o in (Plain, Other, Claims, Hooked, int)], isinstance(Plain(), (int, Other)))


# Identity and None, of temporaries that end here.
class Ends:
    def __del__(self):
        print("end", end=" ")


def make(v=None):
    return Ends() if v is None else v


for _ in range(2):
    if make() is None:
        print("no")
    if make() is not None:
        print("yes")
    if make() is make():
        print("no")
    if make() is not Ends:
        print("yes")
    print(make() is make(), make(1) is make(1))


# Natives that call functions whose locals end with them.
def key(n):
    kept = Ends()
    return -n


print(sorted([1, 3, 2], key=key))
print(max([1, 3, 2], key=lambda n: n % 3))


# Hashes of ints and of what derives from them.
class Int(int):
    pass


values = [0, -1, 1, 2**31, 2**48, 2**61 - 1, 2**61 - 2, 2**61, -(2**61) + 1, 2**63, -(2**63), 2**64, 2**100]
print([hash(v) == hash(Int(v)) for v in values], [hash(v) for v in values])
print(Int(3) in {3, 4}, {Int(2**70): 1}[2**70], Int(5) in {1: 2, 5: 6})
