"""math: results, and messages of errors."""
import math


def show(f, *args, **names):
    try:
        print(f.__name__, repr(f(*args, **names)))
    except Exception as error:
        print(f.__name__, type(error).__name__, error)


class Real:
    def __float__(self):
        return 2.25

    def __floor__(self):
        return "floor"

    def __index__(self):
        return 12


for x in (-1.0, math.inf, -0.5, 0.0, 2.0, 1000.0, -2.0, 10**400, -(10**400), "x", Real(), True):
    for name in ("acosh", "atanh", "asin", "sqrt", "sin", "exp", "exp2", "log", "log2", "log10", "log1p", "gamma", "lgamma"):
        if name not in ("acosh", "atanh", "log10") or isinstance(x, str) or x == -1.0:
            show(getattr(math, name), x)
    for name in ("floor", "ceil", "trunc", "factorial", "isqrt", "modf", "frexp", "ulp"):
        if name != "factorial" or x != 10**400:
            show(getattr(math, name), x) if name != "isqrt" or x != 10**400 else print(math.isqrt(x) == 10**200)
show(math.factorial, 10**400)
show(math.factorial, 25)
print(math.factorial(1000) % 10**9, hash(math.factorial(3000)))
show(math.gcd, -12, 18, 10**30)
show(math.gcd)
show(math.lcm, 4, -6, 10)
show(math.lcm, 0, 3)
print(math.gcd(3**700 * 10**50, 3**650 * 2**80) == 3**650 * 2**50)
show(math.comb, 100, 50)
show(math.comb, 3, 5)
show(math.comb, -1, 2)
show(math.comb, 10**30, 2)
show(math.comb, 10**30, 10**25)
show(math.perm, 10, 3)
show(math.perm, 5)
show(math.perm, 10**30, 3)
show(math.perm, 10**30, 10**25)
show(math.dist, [1, 2], (4, 6))
show(math.dist, [1], [1, 2])
show(math.hypot)
show(math.hypot, 1e300, 1e300, 1e300)
show(math.hypot, math.nan, math.inf)
show(math.fsum, [1e100, 1.0, -1e100, 0.1])
show(math.fsum, [math.inf, -math.inf])
show(math.fsum, [1e308, 1e308])
show(math.fsum, [math.inf, 1.0])
show(math.prod, [2, 3.5, True])
show(math.prod, ["ab"], start=3)
show(math.prod, 1, 2, 3)
show(math.sumprod, [1, 2.5, 2**70], [3, 4, 5])
show(math.sumprod, [0.1] * 10, [10.0] * 10)
show(math.sumprod, [1], [1, 2])
show(math.sumprod, [2**62, 2**62], [2, 3])
show(math.sumprod, ["a"], [3])
show(math.fma, 1e308, 10.0, -math.inf)
show(math.fma, math.inf, 0.0, 1.0)
show(math.fma, 1e308, 10.0, 1.0)
show(math.nextafter, 1.0, 2.0, steps=10**30)
show(math.nextafter, 0.0, -1.0, steps=3)
show(math.nextafter, 0.0, 1.0, steps=-1)
show(math.ldexp, 1.0, 10**30)
show(math.ldexp, 1.0, -(10**30))
show(math.ldexp, 1.0, 1.0)
show(math.pow, -8.0, 1 / 3)
show(math.pow, 0.0, -1.0)
show(math.pow, 10.0, 1000.0)
show(math.fmod, 1.0, 0.0)
show(math.remainder, 7.5, 2.0)
show(math.remainder, 1.0, 0.0)
show(math.isclose, 1.0, 1.0 + 1e-10)
show(math.isclose, 1.0, 2.0, rel_tol=-1.0)
show(math.isclose, 1)
show(math.log, 8, 2)
show(math.log, 10**400, 10)
show(math.log, 2, 1)
show(math.log)
show(math.sqrt)
show(math.atan2, 1)
show(math.copysign, 3, -0.0)
