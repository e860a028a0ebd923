"""weakref.ref: dead after the last strong reference, callbacks, equality, hash, one ref shared."""

import weakref


class C:
    def __init__(self, name="c"):
        self.name = name


c = C()
r = weakref.ref(c)
print(r() is c, weakref.ref(c) is r, weakref.getweakrefcount(c), weakref.getweakrefs(c) == [r], r.__callback__)
log = []
s = weakref.ref(c, lambda ref: log.append((ref is s, ref())))
print(s is not r, s == r, weakref.getweakrefcount(c))
del c
print(r(), s(), log, r == s, r == r)
a, b = C("x"), C("x")
ra, rb = weakref.ref(a), weakref.ref(b)
print(ra == rb, ra != rb, hash(ra) == hash(a), {ra: 1}[weakref.ref(a)])
del a
print(hash(ra) is not None, ra == rb)
unhashed = weakref.ref(t := C())
del t
try:
    hash(unhashed)
except TypeError as error:
    print(error)
for thing in (5, "text", (1,), [], {}, None, 1.5, object(), int.real):
    try:
        weakref.ref(thing)
        print("fine", type(thing).__name__)
    except TypeError as error:
        print(error)
for thing in (C, len, lambda: 0, {1}, frozenset(), (i for i in ()), C().__init__, __import__("sys"), type(None), r):
    try:
        weakref.ref(thing)
        print("fine", type(thing).__name__)
    except TypeError as error:
        print(error)
for bad in ((), (C(), None, 1), (C(), 5)):
    try:
        print(type(weakref.ref(*bad)).__name__)
    except TypeError as error:
        print(error)


class Sub(weakref.ref):
    def __init__(self, thing, callback=None, extra=0):
        super().__init__(thing, callback)
        self.extra = extra

    def __new__(cls, thing, callback=None, extra=0):
        return super().__new__(cls, thing, callback)


c = C()
sub = Sub(c, extra=7)
print(sub() is c, sub.extra, Sub(c) is not sub, repr(sub).startswith("<Sub at 0x") or repr(sub)[:8])
print(repr(r)[:10], repr(r)[-6:])
