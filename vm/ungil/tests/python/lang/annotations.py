"""Annotations are evaluated when asked for; local ones never; __annotate__; strings."""

x: int = 1
y: undefined_type
z: "a string" = 2
print(x, z, "y" in globals())


def f(a: int, b: str = "b", *args: float, k: bool = True, **kw: bytes) -> list[int]:
    local: missing_here = 5
    only_annotated: also_missing
    return local


print(f(1), f.__annotations__)


def lazily(a: later_defined) -> later_defined:
    pass


try:
    lazily.__annotations__
except NameError as error:
    print(error)
later_defined = int
print(lazily.__annotations__)
print(lazily.__annotate__(1), lazily.__annotate__.__name__)


class C:
    a: int
    b: str = "default"
    c: list["C"]
    (d): int = 3
    e: "quoted"

    def method(self) -> C:
        pass


print(C.__annotations__, C.b, hasattr(C, "a"), C.d)
print(C.method.__annotations__)
print(C.__annotate__(1) == C.__annotations__)


class D(C):
    pass


print(D.__annotations__, D.__annotate__)


def plain():
    pass


print(plain.__annotations__, plain.__annotate__)
plain.__annotations__ = {"x": int}
print(plain.__annotations__)


class Target:
    pass


t = Target()
t.attr: print("evaluated? no") = 5
print(t.attr)
items = {}
items["k"]: int = 1
print(items)


def scope():
    v: int
    try:
        v
    except UnboundLocalError as error:
        print(error)


scope()
if False:
    conditional: int = 1
