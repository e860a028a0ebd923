"""OverflowError, MemoryError and ValueError at limits."""

import sys

for source in (
    "[0] * 10**20", "'a' * 10**20", "(1,) * sys.maxsize", "b'a' * sys.maxsize", "[1, 2] * sys.maxsize", "range(10**20)[10**30]", "1.5 * 10**400", "2.0 ** 5000", "int('9' * 5000)", "str(10**5000)",
    "1 << 10**20", "bytes(10**20)", "chr(10**20)", "[].insert(10**20, 1)", "[1][10**20]", "'abc'[10**20]", "'a'.center(10**20)", "range(10**19).__len__()", "float(10**310)",
    "round(1e300, 400)", "round(1.5, 10**20)", "[].pop(10**20)", "(10**400) / 3.0", "'%*d' % (10**20, 1)", "'{:{}}'.format(1, 10**20)", "format(1, '99999999999999999999')", "1 >> 10**20", "0 << 10**20", "divmod(1e308 * 10, 1)", "hash(2**10000) is not None", "'a'.zfill(-10**20)", "'abc'[:10**30]", "list(range(3))[-10**30:]",
):
    try:
        result = eval(source)
        print(source, "=", result if len(str(result)) < 50 else "long")
    except (OverflowError, MemoryError, ValueError, IndexError, TypeError) as error:
        print(source, "->", type(error).__name__, error)
