"""Exceptions that cannot be raised are written to stderr and the program goes on."""

import sys


class C:
    def __del__(self):
        1 / 0


sys.unraisablehook = lambda u: print(u.exc_type.__name__, u.exc_value, u.exc_traceback is not None)
c = C()
del c
x = C()
x = None


def gen():
    try:
        yield
    finally:
        raise ValueError("on close")


g = gen()
next(g)
del g
print("goes on")
