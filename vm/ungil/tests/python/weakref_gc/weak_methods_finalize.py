"""WeakMethod and weakref.finalize."""

import weakref


class C:
    def m(self):
        return "m"


c = C()
try:
    print(weakref.ref(c.m)())
except TypeError as error:
    print(error)
w = weakref.WeakMethod(c.m)
print(w()(), w() == c.m)
f = weakref.finalize(c, print, "finalized", 1, sep="-")
print(f.alive, f.peek()[1] is print)
del c
print(w(), f.alive, f(), f.peek())
d = C()
g = weakref.finalize(d, lambda x: x * 2, 21)
print(g(), g.alive, g())
del d
e = C()
h = weakref.finalize(e, print, "never")
print(h.detach() is not None, h.alive)
del e
kept = C()
weakref.finalize(kept, print, "at exit")
print("end")
