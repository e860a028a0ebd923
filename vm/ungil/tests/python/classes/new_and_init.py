"""__new__: other types, arguments, immutable subclasses, caching; __init__'s return value."""


class C:
    def __new__(cls, *args, **kwargs):
        print("new", cls.__name__, args, kwargs)
        return super().__new__(cls)

    def __init__(self, *args, **kwargs):
        print("init", args, kwargs)


C(1, k=2)


class Other:
    def __new__(cls):
        return 5

    def __init__(self):
        print("never")


print(Other())


class Upper(str):
    def __new__(cls, text):
        return super().__new__(cls, text.upper())


print(Upper("abc"), type(Upper("abc")).__name__, Upper("a") + "b")


class Pair(tuple):
    __slots__ = ()

    def __new__(cls, a, b):
        return tuple.__new__(cls, (a, b))

    @property
    def first(self):
        return self[0]


p = Pair(1, 2)
print(p, p.first, p == (1, 2), len(p), isinstance(p, tuple))


class Celsius(float):
    def __new__(cls, value, unit="C"):
        self = super().__new__(cls, value)
        self.unit = unit
        return self


t = Celsius(21.5, "K")
print(t, t.unit, t + 1)


class Cached:
    cache = {}

    def __new__(cls, n):
        if n not in cls.cache:
            cls.cache[n] = super().__new__(cls)
        return cls.cache[n]

    def __init__(self, n):
        print("init again", n)


print(Cached(1) is Cached(1))


class BadInit:
    def __init__(self):
        return 5


try:
    BadInit()
except TypeError as error:
    print(error)
for call in (
    lambda: object.__new__(),
    lambda: object.__new__(5),
    lambda: object.__new__(int),
    lambda: int.__new__(str),
    lambda: C.__new__(),
):
    try:
        call()
    except TypeError as error:
        print(error)


class OnlyNew:
    def __new__(cls, x):
        self = object.__new__(cls)
        self.x = x
        return self


print(OnlyNew(3).x)
try:
    OnlyNew()
except TypeError as error:
    print(error)


class Sub(C):
    def __new__(cls):
        return C(9)


print(type(Sub()).__name__)
