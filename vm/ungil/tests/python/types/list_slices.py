"""Slicing of lists: reading, assignment of other lengths, extended slices, deletion, bounds."""

l = list(range(10))
print(l[2:5], l[:3], l[7:], l[-3:], l[:-7], l[::3], l[::-1], l[8:2:-2], l[5:2], l[100:], l[-100:2], l[::-4], l[None:None:None], l[True:3], l[-1:-4:-1])
a = l[:]
a[2:5] = ["x"]
print(a)
a[2:3] = [2, 3, 4]
print(a)
a[5:5] = "ab"
print(a)
a[:0] = [-1]
a[len(a) :] = [99]
print(a)
a[::2] = range(len(a[::2]))
print(a)
a[::-1] = list(range(len(a)))
print(a)
a[3:6] = []
print(a)
a[1:1] = a
print(a)
del a[::2]
print(a)
del a[5:1:-2]
print(a)
del a[100:], a[:0]
print(a)
a[:] = []
print(a)
a[3:10] = iter([1, 2])
print(a)
for action in (
    lambda: l.__setitem__(slice(None, None, 2), [1]),
    lambda: l.__setitem__(slice(0, 2), 5),
    lambda: l[::0],
    lambda: l["a":],
    lambda: l[1.0:],
    lambda: l.__setitem__(slice(0, 4, 2), 5),
    lambda: l.__getitem__((1, 2)),
):
    try:
        print(action())
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)


class Index:
    def __init__(self, n):
        self.n = n

    def __index__(self):
        return self.n


print(l[Index(2) : Index(5)], l[Index(-1)], l[10**20 :], l[: -(10**20)], l[-(10**30) : 10**30 : 10**25])
s = slice(1, 5, 2)
print(s, s.start, s.stop, s.step, slice(3), slice(None), s == slice(1, 5, 2), l[s], s.indices(4), slice(-1, None, -1).indices(5), hash(s) == hash(slice(1, 5, 2)))
for action in (lambda: slice(), lambda: s.indices(-1), lambda: slice(1, 2, 0).indices(3), lambda: slice("a").indices(3)):
    try:
        print(action())
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
try:
    s.start = 1
except AttributeError as error:
    print(error)
x = [1, 2, 3, 4]
x[1:3], y = [9], x[1:3]
print(x, y)
