"""set and frozenset: algebra, methods, comparison, hashing, errors."""

a, b = {1, 2, 3}, {3, 4}
print(sorted(a | b), sorted(a & b), sorted(a - b), sorted(a ^ b), a <= {1, 2, 3, 4}, a < a, a >= {1}, a == {3, 2, 1}, a != b, a.isdisjoint({9}), 2 in a, len(a))
print(sorted(a.union([4], (5,))), sorted(a.intersection([1, 2], {2})), sorted(a.difference([1], [2])), sorted(a.symmetric_difference([1, 9])), a.issubset(range(10)), a.issuperset([1]), sorted(a.union()), a.copy() == a, a.copy() is a)
a.add(5)
a.add(5)
a.discard(99)
a.discard(1)
a.remove(2)
print(sorted(a))
a.update([7, 8], {9})
a.intersection_update({5, 7, 8, 3})
a.difference_update([8])
a.symmetric_difference_update([5, 6])
print(sorted(a), {1}.pop(), set(), bool(set()), repr(set()), repr({1}), repr(frozenset()), repr(frozenset([1])), set("aab") == {"a", "b"}, sorted(set(range(3))))
f = frozenset([1, 2])
print(hash(f) == hash(frozenset([2, 1])), f == {1, 2}, {f: "v"}[frozenset([1, 2])], type(f | {3}).__name__, type({3} | f).__name__, sorted(f | {3}), frozenset(f) is f, f.copy() is f, {1, 2} in [f], {f} == {frozenset([2, 1])}, {1, 2} in {f})
for action in (
    lambda: a.remove(99),
    lambda: set().pop(),
    lambda: {[]},
    lambda: {1, {}},
    lambda: a | [1],
    lambda: a & "x",
    lambda: a < 5,
    lambda: a + a,
    lambda: hash(a),
    lambda: f.add(1),
    lambda: set(5),
    lambda: set(1, 2),
    lambda: a[0],
    lambda: a.add([]),
    lambda: [] in a,
    lambda: a.update(5),
    lambda: a.union(1),
    lambda: a.discard([]),
    lambda: a.add(),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
try:
    a |= [1]
except TypeError as error:
    print(error)
s = {1, 2, 3}
t = s
s |= {4}
s &= {1, 2, 4}
s -= {2}
s ^= {9}
print(sorted(t), s is t)
f2 = f
f2 |= {9}
print(sorted(f2), sorted(f))
try:
    for x in s:
        s.add(x + 100)
except RuntimeError as error:
    print(error)
print({1, 1.0, True}, {0, False}, len({1, 2**70, 2.0**70, "1"}), sorted({*"hello"} & set("world")), {frozenset()} == {frozenset()}, sum({1, 2, 3}), max({3, 9}), sorted({(1, 2), (0,)}))


class S(set):
    pass


sub = S([1])
print(sub, type(sub | {2}).__name__, sub == {1}, isinstance(sub, set), type(sub.copy()).__name__, S() or "empty")
many = set(range(1000)) - set(range(0, 1000, 3))
for i in range(0, 1000, 5):
    many.discard(i)
print(len(many), sum(many), 1 in many, 3 in many, 5 in many, min(many), {1, 2} < {1, 2, 3} < {1, 2, 3, 4}, {1} < {2}, {1} > {2}, {1} == {2})
