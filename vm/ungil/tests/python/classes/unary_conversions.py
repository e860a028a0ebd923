"""Unary operators and conversion methods: neg, pos, invert, abs, int, float, complex, index, round, trunc, bool."""

import math


class N:
    def __neg__(self):
        return "neg"

    def __pos__(self):
        return "pos"

    def __invert__(self):
        return "invert"

    def __abs__(self):
        return "abs"

    def __int__(self):
        return 7

    def __float__(self):
        return 7.5

    def __complex__(self):
        return 7 + 1j

    def __index__(self):
        return 2

    def __round__(self, digits=None):
        return ("round", digits)

    def __trunc__(self):
        return "trunc"

    def __floor__(self):
        return "floor"

    def __ceil__(self):
        return "ceil"


n = N()
print(-n, +n, ~n, abs(n), int(n), float(n), complex(n), round(n), round(n, 2))
print(math.trunc(n), math.floor(n), math.ceil(n))
print("abcdef"[n], [10, 20, 30][n], "abcdef"[n:], list(range(n)), hex(n), bin(n), oct(n), "ab" * n)


class IndexOnly:
    def __index__(self):
        return 3


i = IndexOnly()
print(int(i), float(i), complex(i), [0, 1, 2, 3][i], bytes(i), range(10)[i])


class Bad:
    def __bool__(self):
        return 1

    def __int__(self):
        return "x"

    def __float__(self):
        return 1

    def __index__(self):
        return 1.5

    def __len__(self):
        return -1

    def __hash__(self):
        return "h"

    def __str__(self):
        return 5

    def __repr__(self):
        return None

    def __format__(self, spec):
        return 1

    def __iter__(self):
        return 5

    def __contains__(self, item):
        return [1]

    def __complex__(self):
        return 1


b = Bad()
for action in (bool, int, float, complex, hash, len, str, repr, format, iter, bin, lambda b: [1][b], lambda b: "%s" % b, lambda b: f"{b!r}", lambda b: not b):
    try:
        print(action(b))
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)
print(5 in b)


class HugeLen:
    def __len__(self):
        return 2**70


for action in (len, bool):
    try:
        print(action(HugeLen()))
    except OverflowError as error:
        print(error)
for text in ("-'a'", "~1.5", "+[]", "-None", "abs('x')", "int([])", "float([])", "int('x')", "complex('1+')", "round('a')"):
    try:
        print(eval(text))
    except (TypeError, ValueError) as error:
        print(text, ":", error)
