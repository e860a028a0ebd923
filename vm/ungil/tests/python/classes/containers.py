"""Container methods: len, getitem, setitem, delitem, contains, iter, reversed, missing."""


class Grid:
    def __init__(self):
        self.cells = {}

    def __getitem__(self, key):
        return self.cells.get(key, f"empty {key!r}")

    def __setitem__(self, key, value):
        self.cells[key] = value

    def __delitem__(self, key):
        print("del", key)
        del self.cells[key]

    def __len__(self):
        return len(self.cells)

    def __contains__(self, key):
        return key in self.cells

    def __iter__(self):
        return iter(sorted(self.cells))

    def __reversed__(self):
        return iter("reversed")


g = Grid()
g[1, 2] = "a"
g[0, 0] = "b"
print(g[1, 2], g[5], g[1:2], g[::3, ...], len(g), (0, 0) in g, 5 in g, list(g), list(reversed(g)), bool(g))
del g[0, 0]
g[1, 2] += "!"
print(g[1, 2])
first, = g
print(first)


class Sequence:
    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index >= 3:
            raise IndexError("end")
        return index * 10


s = Sequence()
print(list(s), 20 in s, 15 in s, list(reversed(s)), tuple(s), max(s), sum(s), s[-1], [*s])
a, b, c = s
print(a, b, c)


class OnlyIter:
    def __iter__(self):
        yield from "xyz"


print("y" in OnlyIter(), "q" in OnlyIter(), list(OnlyIter()))


class Missing(dict):
    def __missing__(self, key):
        return f"missing {key}"


m = Missing(a=1)
print(m["a"], m["b"], m.get("b"), "b" in m)


class Nothing:
    pass


n = Nothing()
for action in (
    lambda: n[0],
    lambda: n.__setitem__(0, 1),
    lambda: len(n),
    lambda: iter(n),
    lambda: 1 in n,
    lambda: reversed(n),
    lambda: next(n),
):
    try:
        action()
    except (TypeError, AttributeError) as error:
        print(error)
try:
    n[0] = 1
except TypeError as error:
    print(error)
try:
    del n[0]
except TypeError as error:
    print(error)
print(list(iter(iter([1, 2, 3, 0, 4]).__next__, 0)))
try:
    Nothing[0]
except TypeError as error:
    print(error)


class Hint:
    def __length_hint__(self):
        return 10

    def __iter__(self):
        return iter([1, 2])


print(list(Hint()))
