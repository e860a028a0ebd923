"""Rich comparison: reflection, NotImplemented, identity fall back, subclasses first, hash."""


class V:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        print("eq", end=" ")
        return self.n == other.n if isinstance(other, V) else NotImplemented

    def __lt__(self, other):
        print("lt", end=" ")
        return self.n < other.n if isinstance(other, V) else NotImplemented

    def __le__(self, other):
        print("le", end=" ")
        return self.n <= other.n


a, b = V(1), V(2)
print(a == b, a != b, a < b, a > b, a <= b, a >= b)
print(a == 5, a != 5, 5 == a)
try:
    a < 5
except TypeError as error:
    print(error)
try:
    hash(a)
except TypeError as error:
    print(error)
print(V.__hash__, sorted([V(3), V(1), V(2)])[0].n, max(a, b).n)


class Hashable(V):
    __hash__ = object.__hash__


h = Hashable(1)
print(hash(h) == hash(h), {h: 1}[h])


class Base:
    def __eq__(self, other):
        return "base eq"

    def __lt__(self, other):
        return "base lt"


class Derived(Base):
    def __eq__(self, other):
        return "derived eq"

    def __gt__(self, other):
        return "derived gt"


print(Base() == Derived(), Derived() == Base(), Base() < Derived(), Base() != Derived())


class NotEqual:
    def __ne__(self, other):
        return "custom ne"


print(NotEqual() != 1, 1 != NotEqual(), NotEqual() == 1)
for text in ("1 < 'a'", "[] < ()", "None < None", "{} < {}", "1j < 2j", "object() < object()", "'a' >= b''", "[1] < [None]", "(1, 'a') < (1, 2)"):
    try:
        print(eval(text))
    except TypeError as error:
        print(text, ":", error)
nan = float("nan")
print(nan == nan, nan in [nan], [nan] == [nan], (nan,) == (nan,), nan is nan)
print([1, 2] < [1, 3], (1,) < (1, 0), "a" < "b" < "ba", [1, [2]] == [1, [2]], {1: [2]} == {1: [2]})
print(1 == 1.0 == True == (1 + 0j), 2**53 == float(2**53), 2**53 + 1 == float(2**53), "a" == b"a")
print(hash(1) == hash(1.0) == hash(True), {1: "a", 1.0: "b", True: "c"})


class Key:
    def __init__(self, k):
        self.k = k

    def __hash__(self):
        return hash(self.k)

    def __eq__(self, other):
        return self.k == (other.k if isinstance(other, Key) else other)


d = {Key("a"): 1}
print(d[Key("a")], d["a"], Key("a") in d, {Key(1), 1, Key(1)} == {1})


class Truthy:
    def __eq__(self, other):
        return []


print(Truthy() == 1, 1 in [Truthy()], [1] == [Truthy()], not (Truthy() == 1))
