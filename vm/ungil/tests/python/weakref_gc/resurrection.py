"""Resurrection by __del__ without cycles: the object lives on, its finalizer runs once."""

import weakref

log = []


class R:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append("del " + self.name)
        keep.append(self)


keep = []
r = R("one")
w = weakref.ref(r, lambda ref: log.append("weak callback"))
del r
print(log, len(keep), keep[0].name, w() is keep[0])
keep[0].extra = 1
print(keep[0].extra)
keep.clear()
print(log)


class Passes:
    def __init__(self, to):
        self.to = to

    def __del__(self):
        self.to.append(self.to)


target = []
Passes(target)
print(len(target), target[0] is target)


class Chain:
    def __init__(self, n):
        self.n = n
        self.child = Chain(n - 1) if n else None

    def __del__(self):
        log.append(self.n)


log.clear()
Chain(4)
print(log)


class Replaces:
    def __del__(self):
        global current
        log.append("replaced")
        if len(log) < 8:
            current = Replaces()


log.clear()
current = Replaces()
current = None
print(log, current is not None)
while current is not None:
    current = None
print(len(log))
