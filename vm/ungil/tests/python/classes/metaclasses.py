"""Metaclasses: __prepare__, __new__, __init__, __call__, keywords, conflicts, methods on classes."""


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases, **keywords):
        print("prepare", name, [b.__name__ for b in bases], keywords)
        return {"injected": 1}

    def __new__(mcs, name, bases, namespace, **keywords):
        print("new", name, sorted(k for k in namespace if not k.startswith("__")), keywords)
        return super().__new__(mcs, name, bases, namespace)

    def __init__(cls, name, bases, namespace, **keywords):
        print("init", name, keywords)
        super().__init__(name, bases, namespace)

    def __call__(cls, *args, **keywords):
        print("call", cls.__name__, args, keywords)
        return super().__call__(*args, **keywords)

    def on_class(cls):
        return "meta method of " + cls.__name__

    def __getattr__(cls, name):
        return f"{cls.__name__}.{name} made up"

    def __len__(cls):
        return 42

    def __iter__(cls):
        return iter("class")

    def __contains__(cls, item):
        return item == 1

    def __getitem__(cls, key):
        return "meta item %s" % key

    def __repr__(cls):
        return f"<Meta {cls.__name__}>"

    def __add__(cls, other):
        return "added"

    @property
    def prop(cls):
        return "meta property"


class C(metaclass=Meta, flag=True, n=1):
    x = 5

    def __init__(self, value=0):
        self.value = value


print(C.injected, C.x, C.on_class(), C.made, len(C), list(C), 1 in C, C["k"], C, C + 1, C.prop, bool(C))
c = C(value=3)
print(c.value)
try:
    c.on_class()
except AttributeError as error:
    print(error)


class D(C, extra="d"):
    pass


print(type(D).__name__, D.injected)


class Other(type):
    pass


try:

    class Conflict(C, metaclass=Other):
        pass

except TypeError as error:
    print(error)


class Derived(Meta):
    pass


class E(C, metaclass=Derived):
    pass


print(type(E).__name__)


def function_as_metaclass(name, bases, namespace, **keywords):
    return name, bases, sorted(k for k in namespace if not k.startswith("__")), keywords


class F(metaclass=function_as_metaclass, k=1):
    y = 2


print(F)
T = type("T", (), {"m": lambda self: "dynamic"})
print(T().m(), T.__name__, type("U", (T,), {}).__mro__[1] is T)
for bad in (
    lambda: type("N"),
    lambda: type("N", ()),
    lambda: type(5, (), {}),
    lambda: type("N", [], {}),
    lambda: type("N", (), []),
    lambda: type("N", (5,), {}),
):
    try:
        print(bad())
    except TypeError as error:
        print(error)
try:

    class Keyword(unexpected=1):
        pass

except TypeError as error:
    print(error)


class Singleton(type):
    instances = {}

    def __call__(cls, *args):
        if cls not in cls.instances:
            cls.instances[cls] = super().__call__(*args)
        return cls.instances[cls]


class Config(metaclass=Singleton):
    pass


print(Config() is Config())


class NotMapping(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        return 5


try:

    class P(metaclass=NotMapping):
        pass

except TypeError as error:
    print(error)
