"""Unpacking into targets of all shapes, and its errors."""

a, b = 1, 2
a, b = b, a
print(a, b)
(a, b), [c, (d,)] = [1, 2], (3, [4])
print(a, b, c, d)
first, *middle, last = range(5)
print(first, middle, last)
*start, end = "ab"
print(start, end)
x, *y = [1]
print(x, y)
[*z] = "hi"
(*w,) = {1: 2}
print(z, w)
a = [1, 2, 3]
i, a[i] = 1, "set"
print(i, a)
p = q = r, s = 5, 6
print(p, q, r, s)
(m), n = 1, 2
print(m, n)


class Box:
    pass


box = Box()
box.a, (box.b, *box.c) = 1, (2, 3, 4)
print(box.a, box.b, box.c)
d = {}
d["x"], d["y"] = d["z"] = 1, 2
print(d)
for bad in (
    lambda: [1, 2, 3],
    lambda: [1],
    lambda: [],
    lambda: 5,
    lambda: {"a": 1, "b": 2, "c": 3},
    lambda: (i for i in range(9)),
    lambda: iter("x"),
):
    try:
        a, b = bad()
        print(a, b)
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
try:
    a, *b, c = [1]
except ValueError as error:
    print(error)
try:
    *a, b, c, d = "ab"
except ValueError as error:
    print(error)
try:
    (a, b), c = 1, 2
except TypeError as error:
    print(error)
print(a, b)


def infinite():
    n = 0
    while True:
        yield n
        n += 1


try:
    a, b = infinite()
except ValueError as error:
    print(error)


class Iterable:
    def __iter__(self):
        yield from (7, 8)


a, b = Iterable()
print(a, b)
for i, (k, v) in enumerate({"k": "v"}.items()):
    print(i, k, v)
[a, b, c] = "xyz"
print(a, b, c)
() = []
[] = ()
print(*(lambda *args: args)(*[1, 2]))
