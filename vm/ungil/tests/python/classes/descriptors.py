"""Descriptors: data and non-data, precedence, on the class, __set_name__, and writing them oneself."""


class Data:
    def __set_name__(self, owner, name):
        print("set_name", owner.__name__, name)
        self.name = "_" + name

    def __get__(self, instance, owner):
        if instance is None:
            return "from class " + owner.__name__
        return getattr(instance, self.name, "unset")

    def __set__(self, instance, value):
        print("set", value)
        setattr(instance, self.name, value)

    def __delete__(self, instance):
        print("delete")
        delattr(instance, self.name)


class NonData:
    def __get__(self, instance, owner=None):
        return "non-data"


class C:
    d = Data()
    n = NonData()


c = C()
print(c.d, C.d, c.n, C.n)
c.d = 5
print(c.d, c.__dict__)
c.__dict__["d"] = "hidden"
print(c.d)
c.__dict__["n"] = "shadows"
print(c.n)
del c.d
print(c.d)
C.d = "replaced"
print(C.d, c.d)


class Sub(C):
    pass


print(Sub().n, Sub.n)


class OnlySet:
    def __set__(self, instance, value):
        instance.__dict__["o"] = value * 2


class OnlyGet:
    def __get__(self, instance, owner):
        return 1


class ReadOnly:
    def __get__(self, instance, owner):
        return "ro"

    def __set__(self, instance, value):
        raise AttributeError("read only")


class E:
    o = OnlySet()
    g = OnlyGet()
    r = ReadOnly()


e = E()
print(type(e.o).__name__)
e.o = 4
print(e.o)
e.g = "instance"
print(e.g)
try:
    e.r = 1
except AttributeError as error:
    print(error)
try:
    del e.r
except AttributeError as error:
    print(error)


class Late:
    pass


Late.d = Data()
try:
    Late().d
except AttributeError as error:
    print(error)


class Method:
    """Binds like a function does."""

    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner):
        if instance is None:
            return self
        return lambda *args: self.function(instance, *args)


class F:
    m = Method(lambda self, x: (type(self).__name__, x))

    def plain(self):
        return 1


print(F().m(3), F.__dict__["plain"].__get__(F(), F)(), F.__dict__["plain"].__get__(None, F) is F.plain)


class FailingName:
    def __set_name__(self, owner, name):
        raise ValueError("in set_name")


try:

    class G:
        f = FailingName()

except ValueError as error:
    print(error, error.__notes__)
print(type(F.__dict__["plain"]).__name__, type(int.__dict__["real"]).__name__, type(str.__dict__["join"]).__name__)


class InstanceDescriptor:
    pass


i = InstanceDescriptor()
i.d = NonData()
print(type(i.d).__name__)
