"""An exception in __del__ is printed and ignored, sys.unraisablehook sees it."""

import sys


class Fails:
    def __del__(self):
        raise ValueError("in del")


def hook(unraisable):
    print("hook:", unraisable.exc_type.__name__, unraisable.exc_value, unraisable.object, unraisable.err_msg.partition(" at 0x")[0])


sys.unraisablehook = hook
f = Fails()
del f
print("goes on")


def inside():
    x = Fails()
    return "returned"


print(inside())
try:
    f = Fails()
    raise KeyError("kept")
except KeyError as error:
    f = None
    print(repr(error), repr(sys.exception()))


class Resurrects:
    saved = None

    def __del__(self):
        Resurrects.saved = self
        print("resurrect")


r = Resurrects()
del r
print(Resurrects.saved is not None)
Resurrects.saved = None
print("finalizer runs once")
