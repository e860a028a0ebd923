"""property: getters, setters, deleters, inheritance, documentation and errors."""


class C:
    def __init__(self):
        self._x = 0

    @property
    def x(self):
        """The x."""
        return self._x

    @x.setter
    def x(self, value):
        if value < 0:
            raise ValueError("negative")
        self._x = value

    @x.deleter
    def x(self):
        print("deleted")

    @property
    def read_only(self):
        return "ro"

    def get(self):
        return "old style"

    old = property(get, doc="old doc")
    write_only = property(None, lambda self, v: print("wrote", v))


c = C()
c.x = 5
print(c.x, C.x.__doc__, C.old.__doc__, c.old)
del c.x
c.write_only = 3
for action in (
    lambda: setattr(c, "read_only", 1),
    lambda: delattr(c, "read_only"),
    lambda: c.write_only,
    lambda: setattr(c, "x", -1),
    lambda: delattr(c, "write_only"),
):
    try:
        action()
    except (AttributeError, ValueError) as error:
        print(type(error).__name__, error)


class Sub(C):
    @C.x.getter
    def x(self):
        return "sub " + str(self._x)


s = Sub()
s.x = 7
print(s.x, type(Sub.x).__name__, C.x.fget(c), C.x.fset is Sub.x.fset)


class Lazy:
    @property
    def value(self):
        print("computing")
        self.__dict__["value"] = 1
        return 2

    @property
    def failing(self):
        return self.not_there


lazy = Lazy()
print(lazy.value, lazy.value)
try:
    lazy.failing
except AttributeError as error:
    print(error)


class WithGetattr:
    @property
    def failing(self):
        raise AttributeError("inner")

    def __getattr__(self, name):
        return "fallback for " + name


print(WithGetattr().failing)
p = property()
try:
    p.__get__(1, int)
except AttributeError as error:
    print(error)
print(C.read_only.__name__, isinstance(C.x, property))
