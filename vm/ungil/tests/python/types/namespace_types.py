"""Types of the interpreter's own objects: types of functions, modules, frames, code; mappingproxy; cell."""

import sys

f = lambda x, y=1: x


def g():
    yield


async def co():
    pass


class C:
    __slots__ = ("s",)

    def m(self):
        pass


c = co()
things = [f, g(), c, len, [].append, C.m, C().m, C.s, int.real, str.join, sys, C.__dict__, f.__code__, type(f), None, ..., NotImplemented, {}.keys(), iter([]), object(), int | str, list[int], sys.implementation, sys.flags, sys.version_info]
c.close()
for thing in things:
    print(type(thing).__name__, type(thing).__module__, end="; ")
print()
cell = (lambda: C).__closure__
print(cell, type((lambda v: lambda: v)(1).__closure__[0]).__name__)
p = C.__dict__
print("m" in p, len(p) > 3, p.get("zz"), [k for k in p if k == "m"])
print(sys.version_info[:2], sys.version_info.major, sys.version_info >= (3, 14), sys.byteorder, sys.maxunicode, sys.implementation.name != "", isinstance(sys.path, list), isinstance(sys.argv, list))
ns = type(sys.implementation)(a=1, b="x")
print(ns, ns.a, ns == type(ns)(a=1, b="x"))
m = type(sys)("made")
m.x = 1
print(m, m.x, m.__name__, m.__dict__["x"], m.__doc__)
frame = sys._getframe()
print(frame.f_code.co_name, frame.f_back, frame.f_lineno, frame.f_globals is globals(), frame.f_locals is not None)


def inner():
    local = 5
    fr = sys._getframe()
    fr.f_locals["local"] = 6
    return fr.f_locals["local"], local, fr.f_back.f_code.co_name, fr.f_code.co_name, sorted(fr.f_locals)


print(inner())
