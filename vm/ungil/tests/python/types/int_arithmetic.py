"""Integer arithmetic: floor division and modulo by sign, powers, divmod, large values."""

for a in (7, -7):
    for b in (3, -3):
        print(a, b, a // b, a % b, divmod(a, b), a / b)
print(2**100, (-2) ** 101, 10**30 // 7, 10**30 % 7, -(10**30) // 7, -(10**30) % 7)
print(2**-2, 0**0, (-1) ** -1, 5**1, 1**1000000, (-3) ** 3)
print(pow(3, 100, 7), pow(3, -1, 7), pow(-3, 3, 7), pow(3, 3, -7), pow(2, 1000, 10**20), pow(5, 0, 1))
for action in (
    lambda: 1 // 0,
    lambda: 1 % 0,
    lambda: 1 / 0,
    lambda: divmod(1, 0),
    lambda: 0**-1,
    lambda: pow(2, -1, 4),
    lambda: pow(2, 1, 0),
    lambda: 10**400 / 3,
    lambda: 1 << -1,
    lambda: 1 >> -1,
    lambda: pow(2, 1.5, 3),
    lambda: pow(2, 3, 1.5),
):
    try:
        print(action())
    except (ArithmeticError, ValueError, TypeError) as error:
        print(type(error).__name__, error)
big = 123456789012345678901234567890
print(big + 1, big - big, big * big, big // 12345, big % 12345, -big // 3, big / 10**10, abs(-big))
print(2**63 - 1 + 1, -(2**63) - 1, 2**62 * 2, 2**31 * 2**32, 2**47 + 2**47, -(2**47) - 1, (2**48 - 1) * (2**48 - 1))
print(10**18 * 10**18 // 10**18 == 10**18, (1 << 200) >> 199, (10**40 + 1) - 10**40)
print(sum(range(10**5)) * 10**10, 3**200 // 3**198, (2**200) % (2**100 + 1))
print(10**22 / 10**21, 2**1000 / 2**999, (2**53 + 1) / 1, 1 / 2**1074 == 5e-324, -1 / 10**400)
print(int.__add__(1, 2), (5).__rsub__(7), (1).__add__(1.5), (7).__divmod__(2), (2).__pow__(3, 5))
factorial = 1
for i in range(1, 60):
    factorial *= i
print(factorial, factorial.bit_length())
print(True + True, True * 5, -True, True // 2)
print(0xFFFFFFFFFFFFFFFF + 1, 1_000_000**3, 999999999999999999 * 9)
print((-5) // 2, -5 // -2, 5 // -2, (-5) % 2, 5 % -2, -0, 0 // -5, 0 % -5)
