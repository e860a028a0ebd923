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


def catches():
    try:
        raise ValueError("own")
    except ValueError:
        yield repr(sys.exception())


def delegates():
    yield from catches()


async def awaits():
    class Once:
        def __await__(self):
            try:
                raise ValueError("awaited")
            except ValueError:
                yield repr(sys.exception())

    await Once()


for text in catches():
    print(text, sys.exception())
for text in delegates():
    print(text, sys.exception())
coroutine = awaits()
print(coroutine.send(None), sys.exception())
print(next(coroutine.__await__(), "ended"), sys.exception())
