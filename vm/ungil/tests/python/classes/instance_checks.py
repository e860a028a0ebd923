"""isinstance and issubclass: tuples, unions, hooks of the metaclass, __class__."""


class Meta(type):
    def __instancecheck__(cls, instance):
        print("instancecheck", type(instance).__name__)
        return instance == 5

    def __subclasscheck__(cls, sub):
        print("subclasscheck", sub.__name__)
        return sub is int


class C(metaclass=Meta):
    pass


print(isinstance(5, C), isinstance("x", C), isinstance(C(), C), issubclass(int, C), issubclass(str, C))
print(isinstance(True, (str, (float, int))), isinstance(1, ()), issubclass(int, (str, object)))


class Fake:
    @property
    def __class__(self):
        return int


print(isinstance(Fake(), int), isinstance(Fake(), Fake), type(Fake()).__name__)
for action in (
    lambda: isinstance(1, 5),
    lambda: isinstance(1, (int, 5)),
    lambda: isinstance("", (int, 5)),
    lambda: issubclass(1, int),
    lambda: issubclass(int, 5),
    lambda: isinstance(1),
    lambda: isinstance(1, list[int]),
):
    try:
        print(action())
    except TypeError as error:
        print(error)


class Abstract(type):
    registered = []

    def register(cls, sub):
        cls.registered.append(sub)

    def __subclasscheck__(cls, sub):
        return any(r in sub.__mro__ for r in cls.registered)

    def __instancecheck__(cls, instance):
        return cls.__subclasscheck__(type(instance))


class Number(metaclass=Abstract):
    pass


Number.register(int)
print(isinstance(True, Number), isinstance(1.5, Number), issubclass(bool, Number))
try:
    isinstance(1, Number)
    raise Number
except TypeError as error:
    print(error)
