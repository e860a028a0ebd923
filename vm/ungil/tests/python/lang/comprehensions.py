"""List, set and dict comprehensions and generator expressions, and their scopes."""

print([x * x for x in range(5)])
print([x for x in range(20) if x % 2 if x % 3])
print([(x, y) for x in "ab" for y in range(x == "b", 2)])
print([[c * r for c in range(3)] for r in range(3)])
print(sorted({x % 3 for x in range(10)}), {k: v for k, v in zip("ab", [1, 2])})
print({k: {v: k for v in "xy"} for k in range(2)})
print(list(x for x in "abc"), tuple(i for i in range(3)), sum(i for i in range(4)))
print([a + b for a, (b, *_) in [(1, (2, 3)), (4, (5,))]])
x = "outside"
print([x for x in range(2)], x)
print([last := i for i in range(3)], last)
print([y for i in range(3) if (y := i * 2)], y)


def scopes():
    z = 10
    inner = [z + i for i in range(2)]
    functions = [lambda: i for i in range(3)]
    z = 20
    return inner, [f() for f in functions], [z for z in range(2)], z


print(scopes())


class C:
    n = 3
    items = [i for i in range(n)]
    try:
        bad = [n for i in range(2)]
    except NameError as error:
        print(error)
    good = [m for m in [n]]


print(C.items, C.good, hasattr(C, "i"))


def late_binding():
    g = (i * factor for i in range(3))
    factor = 100
    return list(g)


print(late_binding())


def first_source_now():
    try:
        (i for i in missing)
    except NameError as error:
        print("at once:", error)
    g = (i for i in [1] for j in missing)
    try:
        next(g)
    except NameError as error:
        print("when run:", error)


first_source_now()
try:
    [1 / i for i in (1, 0)]
except ZeroDivisionError as error:
    print(error)
print([*range(2), *[i for i in "ab"]], {**{i: i for i in range(2)}, 5: 6})
print([i for i in range(5) if not i % 2 or i > 3], [i if i % 2 else -i for i in range(4)])
matrix = [[1, 2, 3], [4, 5, 6]]
print([list(row) for row in zip(*matrix)], [cell for row in matrix for cell in row])


def deletes():
    data = [v for v in range(3)]
    try:
        v
    except NameError as error:
        return data, str(error)


print(deletes())
print([locals()["k"] for k in range(2)])
