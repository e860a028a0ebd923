"""__slots__: no dictionary, inheritance, defaults refused, and what may be among them."""


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


p = Point(1, 2)
print(p.x, p.y, hasattr(p, "__dict__"), Point.__slots__)
for action in (
    lambda: setattr(p, "z", 3),
    lambda: p.__dict__,
    lambda: Point.__new__(Point).x,
):
    try:
        action()
    except AttributeError as error:
        print(error)
del p.x
try:
    p.x
except AttributeError as error:
    print(error)
try:
    del p.x
except AttributeError as error:
    print(error)
print(type(Point.x).__name__, Point.x.__name__, Point.x.__get__(Point(5, 6)))
Point.x.__set__(p, "via descriptor")
print(p.x)


class Open(Point):
    pass


o = Open(1, 2)
o.z = 3
print(o.__dict__, o.x)


class Closed(Point):
    __slots__ = "z"


c = Closed(1, 2)
c.z = 3
print(c.x, c.z, hasattr(c, "__dict__"))


class WithDict:
    __slots__ = ("a", "__dict__", "__weakref__")


w = WithDict()
w.a, w.b = 1, 2
print(w.a, w.__dict__)


class Private:
    __slots__ = ("__hidden",)

    def __init__(self):
        self.__hidden = 5


print(Private()._Private__hidden)
for make in (
    lambda: type("A", (), {"__slots__": ("x",), "x": 1}),
    lambda: type("B", (), {"__slots__": (5,)}),
    lambda: type("C", (), {"__slots__": ("not an identifier",)}),
    lambda: type("D", (Point, Private), {}),
    lambda: type("E", (int,), {"__slots__": ("x",)}),
    lambda: type("F", (), {"__slots__": ("__dict__", "__dict__")}),
):
    try:
        print(make().__name__)
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)


class Documented:
    __slots__ = {"x": "the x"}


print(Documented.__slots__)
p.__class__ = type("Same", (), {"__slots__": ("x", "y")})
print(p.x, type(p).__name__)
try:
    p.__class__ = Open
except TypeError as error:
    print(error)


class ReadOnlyBase:
    __slots__ = ()


class Mixed(ReadOnlyBase, Point):
    __slots__ = ()


print(Mixed(3, 4).y)
import weakref

try:
    weakref.ref(Point(1, 2))
except TypeError as error:
    print(error)
print(weakref.ref(w)() is w)
