"""Float arithmetic: division, floor, modulo by sign, powers, rounding, exact ratios, special values."""

import sys

for a in (7.5, -7.5):
    for b in (2.0, -2.0):
        print(a // b, a % b, divmod(a, b), a / b)
print(0.0 % -1, -0.0 % 1, 1e300 * 1e10, 5 % 0.3, -1e-20 % 1, 3.0 // 0.1)
inf, nan = float("inf"), float("nan")
print(inf + 1, inf - inf, inf * 0, -inf, inf // 1, 1 / inf, 5 % inf, -5 % inf, nan + 1, inf == inf, -inf < inf)
for action in (
    lambda: 1.0 / 0,
    lambda: 1.0 // 0,
    lambda: 1.0 % 0,
    lambda: divmod(1.0, 0),
    lambda: 0.0**-1,
    lambda: 2.0**10000,
    lambda: inf % 1,
    lambda: int(inf),
    lambda: round(nan),
    lambda: inf.as_integer_ratio(),
    lambda: float(10**400),
    lambda: 10**400 + 1.0,
):
    try:
        print(action())
    except (ArithmeticError, ValueError) as error:
        print(type(error).__name__, error)
print(2.0**0.5, (-8.0) ** (1 / 3), 2.0**-1, 0.0**0, (-2.0) ** 2, (-2.0) ** 3.0, 4**0.5, 1.0**nan, nan**0, inf**-1)
for x in (0.5, 1.5, 2.5, -0.5, -1.5, 2.675, 1e20, 1234.5678):
    print(round(x), round(x, 2), round(x, -2), end="; ")
print()
print(round(5), round(15, -1), round(25, -1), round(-15, -1), round(1234, 2), round(1234, -5), round(2.5, None), round(True), type(round(2.0)).__name__, type(round(2.0, 0)).__name__)
print((0.75).as_integer_ratio(), (0.1).as_integer_ratio(), (2.0).is_integer(), (2.5).is_integer(), inf.is_integer(), (1.5).real, (1.5).imag, (1.5).conjugate())
print(sys.float_info.max, sys.float_info.epsilon, sys.float_info.dig, sys.maxsize, sys.float_info.min)
print(abs(-0.0), -(-0.0), +1.5, -1.5, bool(nan), 1.5 .__add__(1), (1.5).__radd__("x"), (2.5).__floor__(), (2.5).__trunc__(), (2.1).__ceil__(), (7.5).__floordiv__(2))
print(sum([0.1] * 10), sum([1e16, 1, -1e16]), sum([0.1, 0.2, 0.3]), 0.1 + 0.2 + 0.3, sum([1, 2.5]), max(0.0, -0.0), min(nan, 1))
print(float.from_number(5), float(True), 1 + True + 0.5, 1e308 + 1e308, -1e308 - 1e308, 5e-324 / 2, 1.1 * 3)
