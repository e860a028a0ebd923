"""Decorators on functions and classes, with arguments, stacked, and their order of evaluation."""


def tag(name):
    print("make", name)

    def decorate(thing):
        print("apply", name, thing.__name__)
        thing.tags = getattr(thing, "tags", []) + [name]
        return thing

    return decorate


@tag("outer")
@tag("inner")
def f():
    pass


@tag("class")
class C:
    @tag("method")
    def m(self):
        return "m"

    @staticmethod
    def s(x):
        return x + 1

    @classmethod
    def c(cls):
        return cls.__name__

    @property
    def p(self):
        return "p"


print(f.tags, C.tags, C().m(), C.s(1), C().s(2), C.c(), C().p)


def twice(function):
    def wrapper(*args, **kwargs):
        return function(function(*args, **kwargs))

    return wrapper


@twice
def add_one(x):
    return x + 1


print(add_one(1), add_one.__name__)


@lambda f: f(5)
def value(x):
    return x * 2


print(value)
registry = {}


@registry.setdefault
def name():
    pass


print(len(registry))
decorators = [twice, lambda f: f]


@decorators[0]
@(decorators[1] if True else None)
def g(x):
    return x * 3


print(g(2))


@str
class Text:
    pass


print(Text)


class CountCalls:
    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, *args):
        self.calls += 1
        return self.function(*args)


@CountCalls
def h(a):
    return a


h(1), h(2)
print(h.calls)
