"""Tuples: making, comparing, hashing, methods and errors."""

t = (1, "a", 2.5)
print(t, (), (1,), t[0], t[-1], t[1:], t[::-1], len(t), t + (3,), t * 2, 0 * t, 1 in t, "z" in t)
print(tuple(), tuple("ab"), tuple([1]), tuple(t) is t, tuple(i for i in range(3)), (1, 2) < (1, 3), (1,) < (1, 0), () < (0,), (1, 2) == (1, 2), (1,) != [1])
print(t.index("a"), t.count(1), (1, 1, True).count(1), hash((1, 2)) == hash((1, 2)), {(1, 2): "v"}[1, 2], hash(()) == hash(()), (1, (2, (3,))))
for action in (
    lambda: t[3],
    lambda: t["a"],
    lambda: t + [1],
    lambda: t * "a",
    lambda: t.index("z"),
    lambda: t.append(1),
    lambda: hash(([],)),
    lambda: t < 5,
    lambda: (1, "a") < (1, 2),
    lambda: tuple(5),
    lambda: tuple(1, 2),
    lambda: t.index(1, 1),
    lambda: t.count(),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
try:
    t[0] = 1
except TypeError as error:
    print(error)
a, b, *c = t
x = 1,
print(a, b, c, x, *t, [*t], max(t[::2]), sum((1, 2)), sorted((2, 1)), tuple(reversed(t)), list(zip(t, t)))


class T(tuple):
    def extra(self):
        return self[0]


u = T([5, 6])
print(u, u.extra(), u == (5, 6), type(u + u).__name__, type(u[:]).__name__, type(u * 2).__name__, {u: 1}[5, 6], isinstance(u, tuple), T(u) is u)
m = ([],)
m[0].append(1)
print(m, (1, [2]) == (1, [2]), ((),) * 3, (None, ...) , t.__getnewargs__())
nested = ()
for i in range(1000):
    nested = (nested,)
print(nested == nested, len(nested))
