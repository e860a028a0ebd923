"""Threads that make classes and drop them, with their instances and weak references, while others collect, freeze the heap and list it."""

import gc
import itertools
import weakref

from _support import in_threads, repeat

THREADS = 4
N = 40

called_back = itertools.count()


class Base:
    """What all the classes derive from, and lists them while they end."""

    kind = "base"

    def who(self):
        return self.kind


class Meta(type):
    def __call__(cls, *args):
        instance = super().__call__(*args)
        instance.made_by = cls
        return instance


def new_class(n, i, metaclass=type):
    """A class with a method that refers to it by its cell, and an instance that the class itself keeps."""

    class Made(Base, metaclass=metaclass):
        kind = (n, i)
        if i % 3 == 0:
            __slots__ = ("slot",)

        def who(self):
            return super().who()

        def itself(self):
            return __class__

    Made.only = Made()
    return Made


def use(cls, n, i):
    instance = cls()
    assert instance.who() == (n, i), instance.who()
    assert instance.itself() is cls is type(instance)
    assert isinstance(instance, Base) and issubclass(cls, Base)
    instance.cycle = instance
    return instance


def classes_come_and_go(collect):
    """Each thread makes classes, keeps a few for a while, and follows weak references to its own and to others'."""
    slots = [None] * 8
    references = [None] * 8

    def work(n):
        kept = []
        for i in range(N):
            cls = new_class(n, i, Meta if i % 2 else type)
            instance = use(cls, n, i)
            references[(n + i) % 8] = weakref.ref(cls, lambda _: next(called_back))
            slots[(n * 3 + i) % 8] = instance
            kept.append((cls, weakref.ref(cls), weakref.ref(instance)))
            if len(kept) > 3:
                (older, weak, _) = kept.pop(0)
                assert weak() is older
                del older
            reference = references[i % 8]
            other = reference() if reference is not None else None
            if other is not None:
                assert other().itself() is other
                assert other.only.who() == other.kind
            shared = slots[i % 8]
            if shared is not None:
                assert shared.itself() is type(shared) and shared.who() == type(shared).kind
            collect(n, i)

    in_threads(work, THREADS)


def collected():
    def collect(n, i):
        if i % 7 == n:
            gc.collect(i % 3)

    classes_come_and_go(collect)


def frozen():
    def collect(n, i):
        if i % 9 == n:
            gc.freeze()
        elif i % 9 == n + 4:
            gc.unfreeze()
        elif i % 13 == n:
            gc.collect(n % 3)
        assert gc.get_freeze_count() >= 0

    classes_come_and_go(collect)
    gc.unfreeze()


def listed():
    def collect(n, i):
        if i % 8 != n:
            return
        if n == 3:
            gc.collect(i % 3)
            return
        for thing in gc.get_objects((None, 0, 2)[n]):
            if isinstance(thing, type) and issubclass(thing, Base) and thing is not Base:
                # It may be in the making, or another thread's.
                only = thing.__dict__.get("only")
                assert only is None or only.itself() is thing
            elif isinstance(thing, Base):
                assert issubclass(type(thing), Base) and thing.who() is not None

    classes_come_and_go(collect)


def subclasses_listed():
    def collect(n, i):
        if n == 0:
            for cls in Base.__subclasses__():
                assert cls.__mro__[1] is Base and cls.__base__ is Base
        elif i % 10 == n:
            gc.collect()
        elif i % 10 == n + 4:
            (owners, things) = (gc.get_referrers(Base), gc.get_referents(Base))
            assert owners and things

    classes_come_and_go(collect)


def none_left():
    """What no thread has any more ends."""
    for _ in range(5):
        gc.collect()
    left = Base.__subclasses__()
    assert not left, left


repeat(collected, frozen, listed, subclasses_listed, none_left)
