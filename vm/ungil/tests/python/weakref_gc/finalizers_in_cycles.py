"""__del__ in cycles: run once each, weak references cleared before, callbacks, resurrection."""

import gc
import weakref

gc.disable()
log = []


class F:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append((self.name, self.other.name))


a, b = F("a"), F("b")
a.other, b.other = b, a
del a, b
gc.collect()
print(sorted(log))


class Resurrects:
    def __init__(self):
        self.me = self

    def __del__(self):
        log.append("resurrecting")
        saved.append(self)


saved = []
log.clear()
Resurrects()
gc.collect()
print(log, len(saved), saved[0].me is saved[0])
saved.clear()
gc.collect()
print(log, len(saved))


class WithRef:
    pass


w = WithRef()
w.me = w
seen = []
r = weakref.ref(w, lambda r: seen.append(r() is None))
del w
gc.collect()
print(seen, r())
x = WithRef()
x.me = x
x.ref = weakref.ref(x, lambda r: seen.append("inside the cycle"))
del x
gc.collect()
print(seen)


class SeesWeak:
    def __init__(self):
        self.me = self
        self.weak = weakref.ref(self)

    def __del__(self):
        log.append(self.weak() is self)


log.clear()
SeesWeak()
gc.collect()
print(log)


class Part:
    def __init__(self, whole):
        self.whole = whole

    def __del__(self):
        log.append("part")


class Whole:
    def __init__(self):
        self.parts = [Part(self) for _ in range(3)]

    def __del__(self):
        log.append("whole")
        self.parts[0].whole = None


log.clear()
Whole()
gc.collect()
print(sorted(log))
