"""__init_subclass__ with keywords, chains of super, and __set_name__ before it."""


class Plugin:
    registry = {}

    def __init_subclass__(cls, /, name=None, **kwargs):
        print("init_subclass", cls.__name__, name, kwargs)
        super().__init_subclass__(**kwargs)
        cls.registry[name or cls.__name__.lower()] = cls


class A(Plugin):
    pass


class B(Plugin, name="bee"):
    pass


class C(B, name="sea"):
    pass


print({k: v.__name__ for k, v in Plugin.registry.items()})
try:

    class D(Plugin, unknown=1):
        pass

except TypeError as error:
    print(error)


class Field:
    def __set_name__(self, owner, name):
        print("set_name", name)


class Checks:
    def __init_subclass__(cls):
        print("sees", sorted(k for k in vars(cls) if not k.startswith("__")))
        for required in getattr(cls, "required", ()):
            if not hasattr(cls, required):
                raise TypeError(f"{cls.__name__} lacks {required}")


class Good(Checks):
    required = ["x"]
    x = Field()


try:

    class Bad(Checks):
        required = ["y"]

except TypeError as error:
    print(error)


class Left:
    def __init_subclass__(cls, **kw):
        print("left")
        super().__init_subclass__(**kw)


class Right:
    def __init_subclass__(cls, **kw):
        print("right")
        super().__init_subclass__(**kw)


class Both(Left, Right):
    pass


type("Dynamic", (Left,), {})
print(type(Plugin.__dict__["__init_subclass__"]).__name__)
