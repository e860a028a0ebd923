"""Keys: hash and equality decide; __eq__ raising or changing the dict; key identity; big ints."""


class K:
    def __init__(self, name, h, equal=True):
        self.name, self.h, self.equal = name, h, equal

    def __hash__(self):
        return self.h

    def __eq__(self, other):
        print("eq", self.name, other.name)
        return self.equal

    def __repr__(self):
        return self.name


a, b, c = K("a", 1), K("b", 1), K("c", 2)
d = {a: "A"}
print(d[b])
d[b] = "B"
print(d, list(d)[0] is a)
d[c] = "C"
print(len(d), d[a])
x, y = K("x", 5, False), K("y", 5, False)
e = {x: 1, y: 2}
print(len(e), e[x], e[y])
print({1: "a", 1.0: "b"}, {0: 1, -0.0: 2, False: 3}, {2**100: "big"}[2**100], {(1, (2, 3)): "t"}[(1, (2, 3))], {"": 0}[""], {b"a": 1, "a": 2}, {frozenset([1]): 1}[frozenset([1])])


class Raises:
    def __hash__(self):
        return 7

    def __eq__(self, other):
        raise ValueError("in eq")


r = {Raises(): 1}
try:
    r[Raises()]
except ValueError as error:
    print(error)
first = next(iter(r))
print(r[first])


class BadHash:
    def __hash__(self):
        raise RuntimeError("no hash")


for action in (lambda: {BadHash(): 1}, lambda: BadHash() in {}, lambda: {}.get(BadHash())):
    try:
        print(action())
    except RuntimeError as error:
        print(error)


class Changes:
    def __hash__(self):
        return 3

    def __eq__(self, other):
        target.clear()
        return False


target = {Changes(): 1}
target[Changes()] = 2
print(len(target))


class Unstable:
    h = 1

    def __hash__(self):
        return self.h

    def __eq__(self, other):
        return self is other


u = Unstable()
s = {u: 1}
u.h = 2
print(u in s, list(s)[0] is u, len(s))


class S(str):
    def __hash__(self):
        return hash("other")

    def __eq__(self, other):
        return str.__eq__(self, other)


print(S("k") in {"k": 1}, {S("k"): 1}.get("k"), "attr" in {S("attr"): 1})
