"""Attributes of type objects: vars is read only, names can change, __dict__ order, dir."""


class C:
    """Doc."""

    b = 1
    a = 2

    def m(self):
        self.x = 1
        self.y = 2


print([n for n in C.__dict__ if not n.startswith("__")], C.__static_attributes__)
print(type(C.__dict__).__name__)
try:
    C.__dict__["new"] = 1
except TypeError as error:
    print(error)
C.__name__ = "Renamed"
C.__qualname__ = "Q.Renamed"
C.__module__ = "elsewhere"
print(C.__name__, C, repr(C))
for action in (
    lambda: setattr(C, "__name__", 5),
    lambda: delattr(C, "__name__"),
    lambda: setattr(C, "__bases__", ()),
    lambda: setattr(C, "__bases__", (int,)),
    lambda: setattr(C, "__mro__", ()),
    lambda: setattr(int, "x", 1),
    lambda: setattr(C, "__dict__", {}),
):
    try:
        action()
    except (TypeError, AttributeError) as error:
        print(type(error).__name__, error)
print(C.__base__, C.__basicsize__ > 0, C.__flags__ != 0, C.__weakrefoffset__ != 0)
print(int.__name__, int.__module__, int.__qualname__, type.__base__, object.__base__, object.__bases__)
print("m" in dir(C), "x" in dir(C()), "__init__" in dir(C), dir(C) == sorted(dir(C)))
print(type(C.__subclasses__), object.__subclasshook__(C), type.__call__(int, "5"))
print(isinstance(type, object), isinstance(object, type), issubclass(type, object), type(type) is type)
