"""The order in which sets of small ints are walked, which CPython's table decides."""

print({3, 1, 2}, {10, 5, 0}, set(range(10)), {-1, -2, 5})
print({8, 0, 16, 24, 1}, {100, 200, 300}, {7, 15, 23, 31, 39})
print(set(range(0, 1000, 37)))
print(set(range(0, 3000, 97)) | {1, 2, 3})
s = set(range(30))
for i in range(0, 30, 4):
    s.discard(i)
print(s)
s |= {64, 96, 128, 160}
print(s)
print([s.pop() for _ in range(5)], s)
print(s & set(range(0, 200, 3)), s - set(range(0, 200, 3)), s ^ set(range(0, 40, 5)), sep="\n")
print({1, 2, 3, 64}.union([65, 66, 0], {5: 1}), frozenset({9, 1, 64}).difference([1]))
print({True, 2, 3.0}, {1.5, 2.5, 0.5}, {2**61 - 1, 2**61, 2**40})
print(set(i * i for i in range(40)))
t = {1, 2, 3}
t.difference_update(range(2))
t.symmetric_difference_update([3, 9, 9, 17])
t.intersection_update([17, 9, 2, 100])
print(t, t.copy(), set(t), frozenset(t))
print({(1, 2), (3, 4), (0, 0)} == {(0, 0), (3, 4), (1, 2)}, len({(i, j) for i in range(5) for j in range(5)}))
