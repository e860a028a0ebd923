"""Frames of suspended generators: locals that can be read and set, who is below while something is thrown in, clearing."""

import sys


def numbers(it):
    for x in it:
        yield x


g = numbers(range(10))
g.gi_frame.f_locals["it"] = [5, 6]
print(list(g))

e = (x for x in range(10))
e.gi_frame.f_locals[".0"] = iter("ab")
print(list(e))
e = (x for x in range(10))
e.gi_frame.f_locals[".0"] = [1]
try:
    list(e)
except TypeError as err:
    print(err)


def counter():
    n = 0
    while True:
        sent = yield n
        n += sent


c = counter()
print(next(c), c.send(2), c.gi_frame.f_locals["n"])
c.gi_frame.f_locals["n"] = 40
frame = c.gi_frame
print(c.send(2), frame.f_locals["n"], frame is c.gi_frame)


def names():
    frame, found = sys._getframe(1), []
    while frame and frame.f_code.co_name != "<module>":
        found.append(frame.f_code.co_name)
        frame = frame.f_back
    return found


def inner():
    print(names())
    try:
        yield
    except ValueError as err:
        print(names(), repr(err.__context__))
    print(names())


def outer():
    try:
        raise KeyError("outer")
    except KeyError:
        yield from inner()


o = outer()
o.send(None)
try:
    o.throw(ValueError)
except StopIteration:
    print("ended")


class Gone:
    def __del__(self):
        print("gone")


def holds(it):
    yield


h = holds(Gone())
h.close()
h = holds(Gone())
h.gi_frame.clear()
print(list(h))
h = holds(Gone())
next(h)
try:
    h.gi_frame.clear()
except RuntimeError as err:
    print(err)
h.close()


def keeps():
    try:
        yield
    except Exception as exc:
        print(sys.exception() is exc)
        yield
        print(sys.exception() is exc)
        yield
        raise


k = keeps()
next(k)
try:
    raise ValueError("kept")
except ValueError as exc:
    k.throw(exc)
print(sys.exception())
next(k)
try:
    next(k)
except ValueError as err:
    print(repr(err), err.__context__)
