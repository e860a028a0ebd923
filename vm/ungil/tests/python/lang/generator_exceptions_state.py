"""The exception being handled belongs to the generator while it runs, and to the caller again after."""

import sys


def handling():
    try:
        raise ValueError("gen")
    except ValueError:
        yield repr(sys.exception())
        yield repr(sys.exception())
    yield repr(sys.exception())


g = handling()
print(next(g), sys.exception())
try:
    1 / 0
except ZeroDivisionError:
    print(next(g), repr(sys.exception()))
    print(next(g))
print(sys.exception())


def reads():
    while True:
        yield repr(sys.exception())


g = reads()
print(next(g))
try:
    raise KeyError("caller")
except KeyError:
    print(next(g))
print(next(g))


def reraises():
    try:
        yield
    except ValueError:
        yield "caught"
        raise


g = reraises()
next(g)
print(g.throw(ValueError("thrown")))
try:
    1 / 0
except ZeroDivisionError:
    try:
        next(g)
    except ValueError as error:
        print(repr(error), repr(error.__context__))
