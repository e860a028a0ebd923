"""Classes end when neither they nor their instances can be reached."""

import gc
import threading
import weakref
from collections import namedtuple
from dataclasses import dataclass
from enum import Enum


def collect():
    """Collects from several places: what is left on the native stack below one of them is not below another."""
    gc.collect()
    list(map(lambda _: gc.collect(), [0]))
    sorted([0], key=lambda _: gc.collect())
    eval("gc.collect()")
    collector = threading.Thread(target=gc.collect)
    collector.start()
    collector.join()


def gone(*refs):
    collect()
    return all(ref() is None for ref in refs)


def weak_references():
    class A:
        pass

    ref = weakref.ref(A, lambda _: print("A has ended"))
    instance = A()
    del A
    collect()
    print(ref() is type(instance), ref().__name__)
    del instance
    print(gone(ref))


def what_keeps_a_class():
    class Base:
        __slots__ = ("x",)

        def method(self):
            pass

    class Sub(Base):
        def method(self):
            return super().method()

    base, sub = weakref.ref(Base), weakref.ref(Sub)
    member, method, weak = Base.x, Sub().method, Sub.__dict__["__weakref__"]
    del Base, Sub
    collect()
    print(member.__objclass__ is base(), method.__self__.__class__ is sub(), base().__subclasses__() == [sub()])
    method()
    del method
    collect()
    print(weak.__objclass__ is sub(), repr(weak) == f"<attribute '__weakref__' of '{sub().__name__}' objects>")
    del weak
    print(gone(sub), base().__subclasses__())
    del member
    print(gone(base))


def subclasses():
    class Base:
        pass

    kept = [type(f"Kept{i}", (Base,), {}) for i in range(3)]
    for i in range(100):
        type(f"Lost{i}", (Base,), {})
    collect()
    print([c.__name__ for c in Base.__subclasses__()])
    del kept[1]
    collect()
    print([c.__name__ for c in Base.__subclasses__()])


class Root:
    def who(self):
        return "root"


def look(instance):
    return instance.value, instance.who(), instance.own, type(instance).value, instance.late


def caches():
    """One place in the code sees many classes, some of them at the addresses of earlier ones."""
    for i in range(600):

        class Made(Root):
            value = i

            def __init__(self):
                self.own = -i

            if i % 3 == 0:

                def who(self):
                    return f"made {i} of {super().who()}"

            if i % 5 == 0:
                late = property(lambda self: self.own * 2)

        instance = Made()
        if i % 5:
            instance.late = i
        expected = (i, f"made {i} of root" if i % 3 == 0 else "root", -i, i, i if i % 5 else -2 * i)
        for _ in range(3):
            assert look(instance) == expected, (look(instance), expected)
        Made.value = "changed"
        assert look(instance)[0] == "changed"
        if i % 20 == 0:
            del Made, instance
            gc.collect()
    del Made, instance
    collect()
    print(Root.__subclasses__())


def every_kind():
    class Meta(type):
        def __del__(cls):
            print("del", cls.__name__)

    def make():
        @dataclass
        class Data:
            a: int
            b: str = ""

        class Colour(Enum):
            RED = 1
            BLUE = 2

        class Error(Exception):
            pass

        class Number(int):
            pass

        class WithMeta(metaclass=Meta):
            pass

        class Generic[T]:
            def method(self, x: T) -> T:
                return x

        assert Data(1) == Data(1) and Colour(1) is Colour.RED and Number(3) + 1 == 4
        assert Generic[int]().method(3) == 3
        try:
            raise Error
        except Error:
            pass
        Point = namedtuple("Point", "x y")
        assert Point(1, 2)._replace(x=3) == (3, 2)
        return [weakref.ref(c) for c in (Data, Colour, Error, Number, WithMeta, Generic, Point)]

    refs = make()
    collect()
    print([ref() for ref in refs])
    meta = weakref.ref(Meta)
    del Meta, make
    print(gone(meta))


def ended_while_in_use():
    """What is running, or held by a native function, stays."""

    class Replaced:
        def __init__(self):
            def other(self):
                self.who = "other"

            Replaced.__init__ = other
            gc.collect()
            self.who = "first"

        def __add__(self, n):
            Replaced.__add__ = lambda self, n: "other"
            gc.collect()
            return "first", n

    a = Replaced()
    b = Replaced()
    print(a.who, b.who, a + 1, b + 1)

    class Held:
        pass

    classes = [Held, type("Other", (), {})]
    del Held

    def key(c):
        print(len(classes))
        gc.collect()
        return c.__name__

    classes.sort(key=key)
    print([c.__name__ for c in classes])


def other_class():
    class A:
        pass

    class B:
        def who(self):
            return "B"

    instance = A()
    instance.x = 1
    ref = weakref.ref(A)
    instance.__class__ = B
    del A
    print(gone(ref), instance.who(), instance.x, vars(instance))


for test in (
    weak_references,
    what_keeps_a_class,
    subclasses,
    caches,
    every_kind,
    ended_while_in_use,
    other_class,
):
    print("--", test.__name__)
    test()
