"""Ranges of ints that no machine word holds, beside small ones."""

huge = 2**80
print(range(huge), range(huge, huge + 10, 3), range(-huge, huge, huge))
print(list(range(huge, huge + 10, 3)), list(range(huge, huge - 10, -4)), list(range(-huge, huge, huge)))
print(list(reversed(range(huge, huge + 10, 3))))
print(huge + 3 in range(huge, huge + 10, 3), huge + 4 in range(huge, huge + 10, 3), 5 in range(huge), -1 in range(huge))
print(range(huge, huge + 10, 3).index(huge + 6), range(huge, huge + 10, 3).count(huge + 6))
print(range(huge)[huge - 1], range(huge)[-1], range(huge)[5:10], range(huge)[::-1], range(huge)[:: huge // 2])
print(range(huge) == range(0, huge), range(huge) == range(huge + 1), hash(range(huge)) == hash(range(0, huge)))
print(range(2**63 - 3, 2**63 + 3).start, list(range(2**63 - 3, 2**63 + 3, 2)), list(range(2**49 - 2, 2**49 + 2)))
print(list(range(-(2**49) + 1, -(2**49) - 3, -1)), list(range(2**62, 2**63, 2**61)))
it = iter(range(huge, huge + 5))
print(next(it), next(it), it.__length_hint__(), list(it), list(it))
it = iter(range(huge, huge + 50))
it.__setstate__(47)
print(list(it))
print(iter(range(huge)).__reduce__()[1], iter(range(5)).__reduce__()[1])

print(range(10), range(1, 10), range(1, 10, 2), range(0), range(5, 0), range(5, 0, -1))
print([len(range(a, b, c)) for a in (-3, 0, 5) for b in (-3, 0, 5) for c in (-4, -1, 1, 2, 7)])
print(range(0) == range(2, 1), range(0, 3, 2) == range(0, 4, 2), range(1, 2, 5) == range(1, 3, 9), range(3) != [0, 1, 2])
print(hash(range(0)) == hash(range(5, 5)), hash(range(0, 3, 2)) == hash(range(0, 4, 2)))
print(range(20)[3:15:4], range(20)[::-3], range(20)[-5:], range(0, 20, 2)[2], range(20)[15:3], range(10)[::-1][::-1])
print(3 in range(10), 3.0 in range(10), 2.5 in range(10), True in range(2), "a" in range(3), 10 in range(0, 20, 3))
print(range(10).index(3), range(10).index(3.0), range(10).index(True), range(1, 10, 2).count(3), range(3).count("x"))
print(bool(range(0)), bool(range(1)), list(map(list, [range(3), range(3, 0, -1), reversed(range(0, 10, 3))])))
print(range(3).__reduce__(), range(True, 5), range(2, 9, 3).start, range(2, 9, 3).stop, range(2, 9, 3).step)


class I(int):
    pass


r = range(I(5))
print(type(r.stop), I(3) in r, r.index(I(3)), sum(range(1000)), max(range(7)), min(range(3, 9)))


class Ix:
    def __index__(self):
        return 4


print(range(Ix()), range(10)[Ix()], range(10)[Ix() :])
