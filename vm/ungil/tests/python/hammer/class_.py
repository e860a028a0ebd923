"""Many threads on one class: its attributes and methods change while others use it; new classes come and go."""

from _support import THREADS, in_threads, readers_and_writers, repeat

N = 200


def own_attributes():
    class Shared:
        pass

    def work(n):
        for i in range(N):
            setattr(Shared, f"a{n}", i)
            assert getattr(Shared, f"a{n}") == i
            assert getattr(Shared(), f"a{n}") == i, "an instance sees an older class attribute"

    in_threads(work)
    assert all(getattr(Shared, f"a{n}") == N - 1 for n in range(THREADS))


def methods_replaced():
    class Shared:
        def method(self):
            return 0

    def make(i):
        return lambda self: i

    def write(n):
        for i in range(N):
            Shared.method = make(i)

    def read():
        instance = Shared()
        for _ in range(20):
            got = instance.method()
            assert 0 <= got < N, got

    readers_and_writers(write, read)


def one_writer():
    """Reads through the class, an instance and a subclass never go back in time."""

    class Shared:
        value = 0

    class Sub(Shared):
        pass

    instance = Sub()

    def write(n):
        for i in range(N * 4):
            Shared.value = i

    def read():
        a = instance.value
        b = Sub.value
        c = Shared.value
        assert a <= b <= c, (a, b, c)

    readers_and_writers(write, read, writers=1)
    assert instance.value == N * 4 - 1


def shadowing():
    class Base:
        value = "base"

    class Sub(Base):
        pass

    def write(n):
        for _ in range(N):
            Sub.value = "sub"
            try:
                del Sub.value
            except AttributeError:
                pass

    def read():
        assert Sub.value in ("base", "sub")
        assert Sub().value in ("base", "sub")
        assert getattr(Base, "value") == "base"

    readers_and_writers(write, read)
    assert Sub.value == "base"


def special_methods():
    class Shared:
        def __len__(self):
            return 1

        def __add__(self, other):
            return 1

    def write(n):
        for i in range(N):
            Shared.__len__ = (lambda self: 2) if i % 2 else (lambda self: 1)
            Shared.__add__ = (lambda self, other: 2) if i % 2 else (lambda self, other: 1)

    def read():
        shared = Shared()
        assert len(shared) in (1, 2)
        assert shared + 5 in (1, 2)

    readers_and_writers(write, read)


def new_classes():
    class Base:
        def who(self):
            return "base"

    def work(n):
        for i in range(N // 10):

            class Sub(Base):
                number = (n, i)

                def who(self):
                    return "sub of " + super().who()

            instance = Sub()
            assert instance.who() == "sub of base" and instance.number == (n, i)
            assert isinstance(instance, Base) and issubclass(Sub, Base) and Sub in Base.__subclasses__()
            made = type("Made", (Sub,), {"x": i})
            assert made().x == i and made.__mro__[1] is Sub

    in_threads(work)


def many_instances():
    class Shared:
        def __init__(self, n):
            self.n = n
            if n % 2:
                self.odd = True
            else:
                self.even = True
            self.last = -n

    def work(n):
        kept = [Shared(i) for i in range(N)]
        for i, instance in enumerate(kept):
            assert instance.n == i and instance.last == -i and hasattr(instance, "odd") == bool(i % 2)
        return kept

    for kept in in_threads(work):
        assert [instance.n for instance in kept] == list(range(N))


repeat(own_attributes, methods_replaced, one_writer, shadowing, special_methods, new_classes, many_instances)
