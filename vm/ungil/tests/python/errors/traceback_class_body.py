# exit: 1
"""Frames of class bodies, generators, comprehensions, lambdas and decorators."""


def deco(cls):
    return cls.make()


def gen():
    yield 1
    yield from inner()


def inner():
    yield [x for x in (lambda: (1 // 0,))()]


@deco
class C:
    value = 1

    @classmethod
    def make(cls):
        class Inner:
            items = list(gen())

        return Inner


print("never")
