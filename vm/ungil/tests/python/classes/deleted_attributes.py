"""What is deleted from an instance and set again comes last, wherever it was before and however often that happens."""

import random
import threading


class Plain:
    pass


class Made:
    def __init__(self):
        self.a = 1
        self.b = 2
        self.c = 3


class Slotted:
    __slots__ = ("a", "late", "__dict__")


class Child(Slotted):
    def __init__(self):
        self.late = 0


class OfList(list):
    pass


class OfInt(int):
    """Where the attributes lie differs from object to object."""


def show(obj):
    print(list(vars(obj).items()))


def each_place():
    for name in "abc":
        m = Made()
        delattr(m, name)
        setattr(m, name, 9)
        read = m.a, m.b, m.c
        print(name, read)
        show(m)
    m = Made()
    del m.c
    m.d = 4
    m.c = 5
    show(m)
    m = Made()
    del m.c, m.b
    m.c = 5
    m.b = 6
    show(m)
    m = Made()
    del m.a, m.b, m.c
    show(m)
    m = Made()
    del m.b
    print(hasattr(m, "b"), m.a, m.c)
    m.e = 7
    del m.a
    m.b = 8
    print(m.c, m.e, m.b)
    show(m)


def missing():
    m = Made()
    for name in ("c", "c", "a", "a", "none"):
        try:
            delattr(m, name)
        except AttributeError as e:
            print(e)
    print(hasattr(m, "a"), m.b)
    m.a = 1
    show(m)


def again_and_again():
    m = Made()
    for i in range(1000):
        del m.b
        m.b = i
    print(m.a, m.b, m.c)
    show(m)
    m = Made()
    for i in range(3000):
        name = "abc"[i % 3]
        delattr(m, name)
        setattr(m, name, i)
    print(m.a, m.b, m.c)
    show(m)


class Noisy:
    def __init__(self, of):
        self.of = of

    def __del__(self):
        print("ends; left:", sorted(k for k in "abcd" if hasattr(self.of, k)))


def with_finalizers():
    p = Plain()
    p.a, p.b, p.c = Noisy(p), Noisy(p), Noisy(p)
    del p.b
    p.a = None
    p.d = 1
    p.b = 2
    del p.c
    show(p)


def random_changes(make, seed):
    """Against a dict; every look at an attribute is at an instance whose `__dict__` nobody has asked for."""
    rng = random.Random(seed)
    names = [f"n{i}" for i in range(rng.choice((3, 6, 12, 40)))]
    obj, model = make(), {}
    had = dict(vars(make()))
    model.update(had)
    for i in range(rng.choice((5, 50, 400))):
        name = rng.choice(names)
        if name in model and rng.random() < 0.6:
            delattr(obj, name)
            del model[name]
        else:
            setattr(obj, name, i)
            model[name] = i
        name = rng.choice(names)
        assert getattr(obj, name, None) == model.get(name)
    assert list(vars(obj).items()) == list(model.items()), (seed, vars(obj), model)
    for name in names:
        assert getattr(obj, name, None) == model.get(name)
    obj.last = 1
    assert list(vars(obj))[-1] == "last"


def at_random():
    kinds = (Plain, Made, Slotted, Child, OfList, lambda: OfInt(7))
    for seed in range(300):
        random_changes(kinds[seed % len(kinds)], seed)
        if seed % 50 == 0:
            # Not all with the shapes that there are by now.
            kinds = (type("Plain", (), {}), *kinds[1:])
    s = Slotted()
    s.a, s.x, s.y = 1, 2, 3
    del s.a, s.x
    s.a = 5
    s.x = 6
    print(s.a, hasattr(s, "late"))
    show(s)


def among_threads():
    """Others look at the instance while it changes: each attribute has one of its own values, or there is none."""

    def fresh():
        made = Made()
        made.a, made.b, made.c = ("a", 0), ("b", 0), ("c", 0)
        return made

    m = fresh()
    done, wrong = threading.Event(), []

    def look():
        while not done.is_set():
            for name in "abc":
                v = getattr(m, name, None)
                if v is not None and v[0] != name:
                    wrong.append((name, v))
            try:
                if m.a[0] != "a" or m.b[0] != "b" or m.c[0] != "c":
                    wrong.append("direct")
            except AttributeError:
                pass

    others = [threading.Thread(target=look) for _ in range(2)]
    for t in others:
        t.start()
    kept = []
    for i in range(300):
        name = "abc"[i % 3]
        delattr(m, name)
        setattr(m, name, (name, i))
        if i % 30 == 0:
            # One that still has its attributes in itself.
            kept.append(m)
            m = fresh()
            del m.c
            m.d = ("d", i)
            m.c = ("c", i)
            assert list(vars(m)) == ["a", "b", "d", "c"], vars(m)
            m = fresh()
    done.set()
    for t in others:
        t.join()
    print(wrong[:3])
    show(m)


for test in (each_place, missing, again_and_again, with_finalizers, at_random, among_threads):
    test()
