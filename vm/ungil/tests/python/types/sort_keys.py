"""Sorting by keys of many kinds, in both directions, always stably."""


def check(items, key=None):
    for reverse in (False, True):
        got = sorted(items, key=key, reverse=reverse)
        numbered = list(enumerate(items))
        by_hand = []
        for i, item in numbered:
            k = item if key is None else key(item)
            at = len(by_hand)
            while at and (k < by_hand[at - 1][0] if not reverse else by_hand[at - 1][0] < k):
                at -= 1
            by_hand.insert(at, (k, item))
        assert [id(x) for x in got] == [id(x) for _, x in by_hand], (items, got)


state = 12345


def below(n):
    global state
    state = (state * 1103515245 + 12345) % 2**31
    return (state >> 8) % n


ints = [below(50) for _ in range(200)]
check(ints)
check([i / 3 for i in ints])
check([[i, i / 2, i % 2 == 0][i % 3] for i in ints])
check([str(i) for i in ints])
check([(i % 5, str(i)) for i in ints])
check([(str(i % 5), i / 7, i % 2 == 1) for i in ints])
check([(i % 5, [i]) for i in ints])
check([(i,) * (i % 3) for i in ints])
check([[i % 5, i] for i in ints])
check([2**60 * (i % 9) + i for i in ints])
check([str(i) for i in ints], len)
check(ints, lambda i: (i % 7, -i))
check([{"v": i} for i in ints], lambda d: d["v"] // 10)
check(list(range(100)) + list(range(50)))
check(list(range(100, 0, -1)))
check(["é", "z", "a", "", "aa", "\U0001f600", "\uffff", "e"] * 5)


class K:
    compared = 0

    def __init__(self, v):
        self.v = v

    def __lt__(self, other):
        K.compared += 1
        return self.v < other.v


check([K(i) for i in ints])
K.compared = 0
ascending = [K(i) for i in range(500)]
assert sorted(ascending) == ascending
print(K.compared)
K.compared = 0
assert sorted(ascending[::-1]) == ascending
print(K.compared)
print(sorted([3, 1, 2], reverse=True), sorted("hello"), sorted({3: 0, 1: 0}), sorted([True, 0, 2, False]))
print(sorted([0.0, -0.0, 1, -1.5, 0]), sorted([1, 1.0, True], reverse=True), sorted(["B", "a", "C"], key=str.lower))
nan = float("nan")
print(len(sorted([3.0, nan, 1.0, nan, 2.0])), sorted([(1, "b"), (1, "a"), (0, "z")]), sorted([[2], [1, 5], [1]]))
l = [5, 2, 9]
print(l.sort(), l, l.sort(key=lambda x: -x), l, l.sort(reverse=True, key=None), l)
for bad in ([1, "a"], [None, None], [1j, 2j], [(1, "a"), (1, 2)], [object, int]):
    try:
        sorted(bad)
    except TypeError as e:
        print(e)
print(sorted([None]), sorted([]), sorted([1j]))
