"""In-place operators: their methods, and the fall back to the binary ones."""


class Acc:
    def __init__(self):
        self.log = []


NAMES = "add sub mul matmul truediv floordiv mod pow lshift rshift and xor or".split()


def make(name):
    def method(self, other):
        self.log.append((name, other))
        return self

    return method


for n in NAMES:
    setattr(Acc, f"__i{n}__", make(n))
a = original = Acc()
a += 1
a -= 2
a *= 3
a @= 4
a /= 5
a //= 6
a %= 7
a **= 8
a <<= 9
a >>= 10
a &= 11
a ^= 12
a |= 13
print(a.log, a is original)


class Falls:
    def __add__(self, other):
        return "add"

    def __isub__(self, other):
        return NotImplemented

    def __sub__(self, other):
        return "sub"

    def __imul__(self, other):
        return NotImplemented


f = Falls()
f += 1
print(f)
f = Falls()
f -= 1
print(f)
f = Falls()
try:
    f *= 2
except TypeError as error:
    print(error)
try:
    f @= 2
except TypeError as error:
    print(error)
try:
    f **= 2
except TypeError as error:
    print(error)


class R:
    def __rmul__(self, other):
        return "rmul"


f *= R()
print(f)
x = [1, 2]
y = x
x += (3,)
x += "ab"
x *= 2
print(x, y is x)
try:
    x += 5
except TypeError as error:
    print(error)
t = (1,)
try:
    t += [2]
except TypeError as error:
    print(error)
n = 5
try:
    n += "a"
except TypeError as error:
    print(error)
n |= 8
n **= 2
print(n)
