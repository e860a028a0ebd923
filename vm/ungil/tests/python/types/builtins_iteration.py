"""enumerate, zip, map, filter, reversed, iter, next, sorted, all, any, sum, min, max."""

print(list(enumerate("ab")), list(enumerate("ab", 5)), list(enumerate(["x"], start=-1)), next(enumerate("q", 2**70)))
print(list(zip("abc", [1, 2])), list(zip()), list(zip("a")), list(zip("ab", range(2), strict=True)), dict(zip("ab", [1, 2])), list(zip(*[(1, 2), (3, 4)])))
print(list(map(str, [1, 2])), list(map(lambda a, b: a + b, [1, 2, 3], [10, 20])), list(map(pow, [2, 3], [3, 2])), list(map(None.__class__, [])), list(map(int, "12")))
print(list(filter(None, [0, 1, "", "a", []])), list(filter(lambda x: x > 1, [1, 2, 3])), list(filter(str.isdigit, "a1b2")), list(reversed([1, 2])), list(reversed("ab")), "".join(reversed("xyz")))
print(sum([1, 2]), sum([1, 2], 10), sum([[1], [2]], []), sum((1.5, 2)), sum([], start=5), sum([0.1] * 3), sum([True, True]), sum([1j, 1]))
print(min(3, 1, 2), max("abc"), min([5], default=0), max([], default="none"), max("a", "bcd", key=len), min([3, -4], key=abs), max([1, 1.0]), min((2, "a"), (2, "b")), max({1: 5, 2: 0}), max(1, 2, key=lambda v: -v))
print(all([]), any([]), all([1, 2, 0]), any([0, None, 3]), all(x > 0 for x in [1, 2]), any(x > 5 for x in [1, 2]))
print(iter([1]).__next__(), next(iter([]), "default"), list(iter(lambda: 1, 1)), list(iter([3, 2, 1, 0].pop, 2)))
for action in (
    lambda: list(zip("ab", [1], strict=True)),
    lambda: list(zip("a", [1, 2], strict=True)),
    lambda: list(zip("ab", [1, 2], "abc", strict=True)),
    lambda: zip(5),
    lambda: zip("a", 5),
    lambda: map(str),
    lambda: map(),
    lambda: list(map(5, [1])),
    lambda: filter(None),
    lambda: list(filter(None, 5)),
    lambda: enumerate(5),
    lambda: enumerate("a", "b"),
    lambda: sum(["a", "b"]),
    lambda: sum(["a"], ""),
    lambda: sum(5),
    lambda: sum([b"a"], b""),
    lambda: min(),
    lambda: min([]),
    lambda: max(5),
    lambda: min(1, "a"),
    lambda: max(1, 2, default=3),
    lambda: reversed({1, 2}),
    lambda: reversed(5),
    lambda: iter(5),
    lambda: iter(5, 6),
    lambda: next([]),
    lambda: next(iter([])),
    lambda: all(5),
    lambda: any(1, 2),
    lambda: sum([1, "a"]),
    lambda: sum([[1], 2], []),
    lambda: enumerate(),
    lambda: sorted(),
    lambda: len(5),
    lambda: len(zip()),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
m = map(print, ["lazy"])
print("before")
list(m)
z = zip(iter([1, 2, 3]), iter([4]))
print(next(z), list(z))
source = iter(range(10))
print(list(zip(source, source, source)), list(source))
