"""range: values, indexing, slicing, containment without iterating, equality, huge bounds, errors."""

r = range(2, 20, 3)
print(r, list(r), len(r), r[0], r[-1], r[1:3], r[::-1], r[::2], 5 in r, 6 in r, "a" in r, 5.0 in r, r.index(8), r.count(8), r.count(9), r.start, r.stop, r.step)
print(list(range(5, 0, -2)), list(range(0)), list(range(3, 3)), range(0) == range(2, 2), range(0, 3, 2) == range(0, 4, 2), hash(range(0)) == hash(range(1, 1)), range(3) == [0, 1, 2], repr(range(1, 2)), repr(range(0, 5, -1)), bool(range(0)), bool(range(1)))
big = range(10**20, 10**20 + 10, 3)
print(list(big), len(big), big[-1], 10**20 + 3 in big, range(10**30)[10**29], range(2**70, 0, -(2**68))[::-1], list(reversed(range(3))), list(reversed(big))[0])
for action in (
    lambda: range(1.5),
    lambda: range("a"),
    lambda: range(),
    lambda: range(1, 2, 0),
    lambda: range(1, 2, 3, 4),
    lambda: r[100],
    lambda: r["a"],
    lambda: r.index(3),
    lambda: len(range(10**30)),
    lambda: r + r,
    lambda: r < r,
    lambda: r.__setitem__(0, 1),
    lambda: range(stop=5),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
try:
    r.start = 5
except AttributeError as error:
    print(error)
it = iter(range(3))
print(next(it), list(it), next(it, "end"), iter(range(5)).__length_hint__(), type(it).__name__, type(iter(range(2**70))).__name__, max(range(5)), sum(range(101)), tuple(range(-3, 0)), sorted(range(3), reverse=True))
total = 0
for i in range(10, -1, -5):
    for j in range(i):
        total += j
print(total, i, [x for x in range(2**62, 2**62 + 3)], *range(3), range(3, -1, -1)[1:-1], range(True), list(range(5))[range(3)[-1]])
