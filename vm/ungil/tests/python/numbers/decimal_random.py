"""Decimal operations on random numbers in random contexts: a checksum of all results and flags for each operation."""

import zlib
from decimal import *
from random import Random

OPERATIONS = {
    "add": 2, "subtract": 2, "multiply": 2, "divide": 2, "divide_int": 2, "remainder": 2, "remainder_near": 2, "fma": 3,
    "plus": 1, "minus": 1, "abs": 1, "normalize": 1, "sqrt": 1, "exp": 1, "ln": 1, "log10": 1, "quantize": 2,
    "to_integral_exact": 1, "logb": 1, "scaleb": 2, "next_minus": 1, "next_plus": 1, "next_toward": 2, "compare": 2,
    "compare_signal": 2, "compare_total": 2, "compare_total_mag": 2, "max": 2, "min": 2, "max_mag": 2, "min_mag": 2,
    "shift": 2, "rotate": 2, "to_eng_string": 1, "to_sci_string": 1, "divmod": 2, "power": 2,
}
ROUNDINGS = [
    ROUND_UP, ROUND_DOWN, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_05UP,
]


def digits(random, count):
    kind = random.random()
    if kind < 0.1:
        return "9" * count
    if kind < 0.3:
        return "1" + "0" * (count - 1)
    if kind < 0.4:
        return "5" + "0" * (count - 1)
    return "".join(random.choice("0123456789") for _ in range(count))


def number(random, name, place):
    kind = random.random()
    sign = random.choice(["", "-"])
    if kind < 0.03:
        return sign + random.choice(["NaN", "sNaN12", "Inf"])
    if place == 1 and name in ("shift", "rotate", "scaleb", "power"):
        return sign + str(random.randrange(30))
    text = digits(random, random.randrange(1, random.choice([2, 9, 20, 30, 40, 80, 120])))
    exponent = random.choice([0, 0, -1, 3, -len(text), random.randrange(-30, 30), random.randrange(-500, 500)])
    if name == "exp":
        exponent = random.randrange(-10, 3) - len(text)
    return f"{sign}{text}E{exponent}"


for seed, (name, count) in enumerate(OPERATIONS.items()):
    random = Random(seed)
    checksum = 0
    for _ in range(300):
        emax = random.choice([40, 400, 999999])
        context = Context(
            prec=random.choice([1, 3, 9, 19, 28, 28, 38, 39, 60]), Emax=emax, Emin=-emax,
            rounding=random.choice(ROUNDINGS), clamp=random.choice([0, 1]), traps=[], flags=[],
        )
        operands = [Decimal(number(random, name, place)) for place in range(count)]
        result = getattr(context, name)(*operands)
        flags = [flag.__name__ for flag, on in context.flags.items() if on]
        checksum = zlib.crc32(f"{result} {flags}".encode(), checksum)
    print(name, checksum)
