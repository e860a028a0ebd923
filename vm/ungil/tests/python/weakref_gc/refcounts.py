"""sys.getrefcount as far as programs can rely on it: more references, higher counts."""

import sys


class C:
    pass


c = C()
base = sys.getrefcount(c)
refs = [c] * 10
print(sys.getrefcount(c) - base)
d = {"k": c}
t = (c, c)
print(sys.getrefcount(c) - base)
del refs[:5]
print(sys.getrefcount(c) - base)
refs.clear()
del d, t
print(sys.getrefcount(c) - base)
c.me = c
print(sys.getrefcount(c) - base)
del c.me
print(sys.getrefcount(c) - base)


def f(x):
    return sys.getrefcount(x) >= base


print(f(c), sys.getrefcount(None) > 1000, sys.getrefcount(5) > 1000)
try:
    sys.getrefcount()
except TypeError as error:
    print(error)
