"""Decimals of thousands of digits: products, quotients, roots, conversions, against ints."""

import zlib
from decimal import *
from random import Random

random = Random(7)
getcontext().prec = 60000
getcontext().traps[Inexact] = True
for a, b in [(30, 20), (700, 600), (3000, 2900), (8000, 500), (12000, 11000), (30000, 29000)]:
    x, y = random.randrange(10 ** (a - 1), 10**a), random.randrange(10 ** (b - 1), 10**b)
    p, q = Decimal(x), Decimal(y)
    assert int(p) == x and int(q) == y
    assert p * q == Decimal(x * y) and int(p * q) == x * y
    assert p * p == Decimal(x * x)
    quotient, rest = divmod(p, q)
    assert (int(quotient), int(rest)) == divmod(x, y)
    assert (p * q) / q == p
    assert (p * p).sqrt() == p
    assert p + q == Decimal(x + y) and p - q == Decimal(x - y)
    assert hash(p) == hash(x)
    print(a, b, zlib.crc32(str(p * q).encode()))
nines = Decimal(10) ** 20000 - 1
assert str(nines * nines) == "9" * 19999 + "8" + "0" * 19999 + "1"
assert nines * nines / nines == nines

getcontext().traps[Inexact] = False
getcontext().prec = 2000
for text in ("2", "0.7", "12345.678"):
    x = Decimal(text)
    for result in (x.exp(), x.ln(), x.log10(), x.sqrt(), 1 / x, x ** Decimal("0.3")):
        print(text, zlib.crc32(str(result).encode()))


def product(n, m):
    return n if n == m else product(n, (n + m) // 2) * product((n + m) // 2 + 1, m)


getcontext().prec = MAX_PREC
print(zlib.crc32(str(product(Decimal(1), 8000)).encode()))
