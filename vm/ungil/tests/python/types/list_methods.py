"""list methods: changes in place, searching, copying, and their errors."""

l = [3, 1, 2]
l.append(4)
l.extend("ab")
l.insert(0, "first")
l.insert(-1, "before last")
l.insert(100, "end")
l.insert(-100, "start")
print(l, len(l))
print(l.pop(), l.pop(0), l.pop(1), l.pop(-2), l)
l.remove(4)
print(l, l.index(2), l.count(1), 2 in l, "zz" in l)
l.reverse()
print(l, l.copy() == l, l.copy() is l, l * 2, 0 * l, l + [9])
l.clear()
print(l, bool(l))
l = [1, 2, 3, 1, 2, 3]
print(l.index(1, 1), l.index(3, -2), l.index(2, 0, 2), l.count(3), [True, 1, 1.0].count(1))
for action in (
    lambda: [].pop(),
    lambda: l.pop(100),
    lambda: l.pop("x"),
    lambda: l.remove(99),
    lambda: l.index(99),
    lambda: l.index(1, 4),
    lambda: l[100],
    lambda: l["x"],
    lambda: l[1.5],
    lambda: l + (1,),
    lambda: l * "x",
    lambda: l * l,
    lambda: l.append(),
    lambda: l.append(1, 2),
    lambda: l.extend(5),
    lambda: l.insert(1),
    lambda: l.__setitem__(100, 1),
    lambda: l.__delitem__(100),
    lambda: hash(l),
    lambda: list(5),
    lambda: list(1, 2),
    lambda: l.sort(1),
    lambda: l.missing,
    lambda: list(x=1),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
print(list(), list("ab"), list((1, 2)), list({1: 2}), list(range(3)), list(i for i in "x"), [[]] * 2, [*"ab", 1])
shared = [[]] * 3
shared[0].append(1)
print(shared)
l.extend(l)
print(l, l == l[:], l is not l[:])
l[:] = [1]
l.extend(x for x in (2, 3))
l += {4: None}
print(l, l == [1, 2, 3, 4], [1, 2] < [1, 2, 0], [] < [1], [2] > [1, 9], [1, [2, 3]] == [1, [2, 3]], [1] != (1,))
it = iter(l)
print(next(it), it.__length_hint__(), list(it), list(it), list(reversed(l)))
l.append(5)
print(list(it))
a = [1, 2, 3]
a.__init__([9])
print(a, a.__len__(), a.__contains__(9), a.__getitem__(0), list.__add__(a, [1]))
big = list(range(1000))
del big[10:990]
print(big, len(big))
