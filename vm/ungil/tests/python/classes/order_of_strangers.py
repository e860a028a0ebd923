"""What a metaclass's mro() says: classes that are no bases, incomplete classes, orders without the class."""


class Base:
    value = 1


class Meta(type):
    def mro(cls):
        return (cls, Base, object)


class Weird(metaclass=Meta):
    pass


print(Weird.value)
for n in 2, 3:
    Base.value = n
    print(Weird.value, Base.__subclasses__())


class Looks(type):
    def mro(cls):
        if cls.__name__ == "X":
            return type.mro(cls)
        print(cls.__mro__)
        for attempt in lambda: type("X", (cls,), {}), lambda: super(cls, cls).missing:
            try:
                attempt()
            except (TypeError, AttributeError) as err:
                print(type(err).__name__, str(err).split(" ")[0])
        return type.mro(cls)


class A(metaclass=Looks):
    def f(self):
        return __class__


print(A().f() is A)


class Without(type):
    def mro(cls):
        return (Base,)


try:
    class B(metaclass=Without):
        pass
except TypeError as err:
    print(err)


class C:
    __slots__ = ["b", "a"]


class D:
    __slots__ = ["a", "b"]


c = C()
c.a, c.b = 1, 2
c.__class__ = D
print(c.a, c.b, type(c).__name__)


class T(tuple):
    pass


print(type(type("E", T((Base,)), {}).__bases__).__name__)
for bad in "a\0b", "a\udcdcb":
    try:
        type(bad, (), {})
    except ValueError as err:
        print(type(err).__name__)
