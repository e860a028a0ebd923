"""Callbacks: order, when they run, exceptions in them, and not run when the reference dies first."""

import sys
import weakref


class C:
    pass


log = []
c = C()
refs = [weakref.ref(c, lambda r, n=n: log.append(n)) for n in range(4)]
del refs[1]
print("before", log)
c = None
print("after", log)
c = C()
r = weakref.ref(c, lambda r: log.append("never"))
del r
c = None
print(log)
sys.unraisablehook = lambda u: print("unraisable", u.exc_type.__name__, u.exc_value)
c = C()
r = weakref.ref(c, lambda r: 1 / 0)
del c
print("goes on", r())


def scope():
    local = C()
    r = weakref.ref(local, lambda r: log.append("end of scope"))
    keep.append(r)
    log.append("leaving")


keep = []
scope()
print(log[-2:])


class Finalized:
    def __del__(self):
        log.append("del")


f = Finalized()
r = weakref.ref(f, lambda r: log.append(("callback", r())))
del f
print(log[-2:])
a, b = C(), C()
a.b = b
ra = weakref.ref(a, lambda r: log.append("a"))
rb = weakref.ref(b, lambda r: log.append("b"))
del b
del a
print(log[-2:], ra(), rb())
