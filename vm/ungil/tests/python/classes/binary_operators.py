"""Every binary operator with its reflected twin, and NotImplemented on both sides."""


class Left:
    pass


class Right:
    pass


NAMES = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or".split()
for name in NAMES:
    setattr(Left, f"__{name}__", lambda self, other, name=name: f"left {name}" if other != 0 else NotImplemented)
    setattr(Right, f"__r{name}__", lambda self, other, name=name: f"right {name} of {type(other).__name__}")

l, r = Left(), Right()
print(l + 1, l - 1, l * 1, l @ 1, l / 1, l // 1, l % 1, divmod(l, 1), l**1, l << 1, l >> 1, l & 1, l ^ 1, l | 1)
print(1 + r, 1 - r, 1 * r, 1 @ r, 1 / r, 1 // r, 1 % r, divmod(1, r), 1**r, 1 << r, 1 >> r, 1 & r, 1 ^ r, 1 | r)
print(l + r, "s" + r, [1] * r, (1,) + r, {1: 2} | r, None + r)
for text in (
    "l + 0", "0 + l", "l @ 0", "l % 0", "divmod(l, 0)", "l ** 0", "pow(l, 0)", "l << 0", "l & 0", "r + r", "r - 5", "1 @ 2",
    "pow(1, l, 2)", "pow(r, 1, 2)", "'a' + 1", "1 + 'a'", "[] + ()", "'a' * 'b'", "{} + {}", "None + 1", "'a' - 'b'", "[1] * 1.5", "b'' + ''",
):
    try:
        print(text, "=", eval(text))
    except TypeError as error:
        print(text, ":", error)


class Base:
    def __add__(self, other):
        return "base add"

    def __radd__(self, other):
        return "base radd"


class Same(Base):
    pass


class Sub(Base):
    def __radd__(self, other):
        return "sub radd"


print(Base() + Base(), Base() + Same(), Base() + Sub(), Sub() + Base())


class Int(int):
    def __radd__(self, other):
        return "Int.__radd__"

    def __sub__(self, other):
        return "Int.__sub__"


print(1 + Int(2), Int(1) + 2, Int(5) - 1, 5 - Int(1), Int(3) * 2, type(Int(3) * 2).__name__)


class Pow:
    def __pow__(self, other, modulus=None):
        return (other, modulus)

    def __rpow__(self, other, modulus=None):
        return ("r", other, modulus)


print(Pow() ** 2, pow(Pow(), 2), pow(Pow(), 2, 3), 2 ** Pow(), pow(2, Pow(), 5))
