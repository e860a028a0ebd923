"""Sorting: stability, key, reverse, mutation while sorting, uncomparable items, __lt__ only."""

words = ["banana", "apple", "cherry", "date", "fig", "Apple", "égal"]
print(sorted(words), sorted(words, key=str.lower), sorted(words, key=len), sorted(words, key=len, reverse=True), sorted(words, reverse=True))
pairs = [(i % 3, i) for i in range(9)]
pairs.sort(key=lambda p: p[0])
print(pairs)
pairs.sort(key=lambda p: p[0], reverse=True)
print(pairs)
print(sorted([3, 1.5, True, -2, 2**70, -(2**70)]), sorted([(1, "b"), (1, "a"), (0, "z")]), sorted([[2], [1, 5], [1]]), sorted("hello"), sorted({3: 0, 1: 0}), sorted([]), sorted(range(5), key=lambda v: -v))
print(sorted([0.0, -0.0, 1.5, float("-inf")]), sorted([b"b", b"a"]), sorted(["a", "B", "c"], key=str.upper))
for action in (
    lambda: sorted([1, "a"]),
    lambda: sorted([1, None, 2]),
    lambda: sorted([1j, 2j]),
    lambda: [3, 1].sort(key=5),
    lambda: sorted([1], bad=1),
    lambda: sorted(5),
    lambda: sorted(),
    lambda: sorted([1, 2], None),
    lambda: sorted([2, 1], key=lambda v: 1 / 0),
    lambda: sorted(["a"], key=len, reverse="x"),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)


class OnlyLess:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        return self.n < other.n

    def __repr__(self):
        return f"O{self.n}"


print(sorted([OnlyLess(n) for n in (3, 1, 2)]), sorted([OnlyLess(n) for n in (3, 1, 2)], reverse=True))
l = [3, 2, 1]


def mutating(value):
    l.append(99)
    return value


try:
    l.sort(key=mutating)
except ValueError as error:
    print(error)
print(l)
l = [5, 4, 3]
seen = []
l.sort(key=lambda v: seen.append(len(l)) or v)
print(l, seen)
fails = [3, 1, 2]


def failing(v):
    if v == 2:
        raise RuntimeError("key failed")
    return v


try:
    fails.sort(key=failing)
except RuntimeError as error:
    print(error, fails)
state, data = 12345, []
for i in range(3000):
    state = (state * 1103515245 + 12345) % 2**31
    data.append((state >> 16) % 500)
s = sorted(data)
print(all(a <= b for a, b in zip(s, s[1:])), len(s), s[:5], s[-3:], sum(s) == sum(data))
indexed = sorted(range(len(data)), key=data.__getitem__)
print(all((data[a], a) < (data[b], b) for a, b in zip(indexed, indexed[1:])))
run = list(range(100)) + list(range(50)) + list(range(100, 0, -1))
print(sorted(run) == sorted(run[::-1]), sorted(run, reverse=True)[:4], [1, 2, 3].sort())
count = 0


class Counting(int):
    def __lt__(self, other):
        global count
        count += 1
        return int(self) < int(other)


sorted(Counting(i) for i in range(100))
print("comparisons of a sorted list", count)
