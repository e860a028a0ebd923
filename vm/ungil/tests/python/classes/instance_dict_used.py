"""Instances whose `__dict__` was asked for: the same attributes afterwards, whoever holds the dict."""

import gc
from functools import cached_property


class Point:
    kind = "class"

    def __init__(self, x, y):
        self.x = x
        self.y = y


class Lazy:
    def __init__(self):
        self.base = 20

    @cached_property
    def twice(self):
        return 2 * self.base


class Slotted:
    __slots__ = ("slot", "__dict__")


def let_go():
    p = Point(1, 2)
    p.__dict__.update({"z": 3, "x": 10})
    print(p.x, p.y, p.z, p.kind, list(vars(p)))
    p.w = 4
    p.__dict__["kind"] = "own"
    print(p.kind, p.w, vars(p))
    del p.kind, p.x
    print(p.kind, hasattr(p, "x"), vars(p))


def held():
    p = Point(1, 2)
    d = p.__dict__
    d["z"] = 3
    p.x += 1
    print(p.x, p.z, d is p.__dict__, d)
    d.clear()
    print(hasattr(p, "x"), d)
    p.y = 5
    print(d, p.y)
    del d
    print(p.y, vars(p))
    d = vars(p)
    p.x = 6
    print(p.x, d)
    other = d
    del p
    gc.collect()
    print(other)


def odd_keys():
    p = Point(1, 2)
    p.__dict__[1] = "one"
    p.__dict__["no name"] = "text"
    print(p.x, p.y, getattr(p, "no name"), vars(p))
    p = Point(1, 2)
    p.__dict__["".join(["made", "_", "up"])] = 3
    print(p.made_up, p.x, vars(p))
    p = Point(1, 2)
    p.__dict__.update({f"n{i}": i for i in range(60)})
    print(p.x, p.n0, p.n59, len(vars(p)))


def replaced():
    p = Point(1, 2)
    mine = {"x": "mine"}
    p.__dict__ = mine
    p.y = "too"
    print(p.x, mine, p.__dict__ is mine)
    del mine
    print(p.x, p.y, vars(p))
    del p.__dict__
    print(hasattr(p, "x"), vars(p))
    p.x = 0
    print(vars(p))


def with_slots():
    s = Slotted()
    s.slot = "slot"
    s.__dict__.update({"a": 1})
    s.b = 2
    print(s.slot, s.a, s.b, vars(s))


def many():
    total = 0
    points = []
    for i in range(300):
        p = Point(i, 0)
        if i % 3:
            p.__dict__.update({"z": 1})
        else:
            p.z = 2
        total += p.x + p.z
        points.append(p)
    for p in points:
        vars(p)["y"] = 5
        p.z += 1
    print(total, sum(p.x + p.y + p.z for p in points))
    print([Lazy().twice for _ in range(3)])
    lazy = Lazy()
    print(lazy.twice, lazy.base, lazy.twice, vars(lazy))


class Sent:
    """The data descriptor goes first, whatever the instance has."""

    @property
    def value(self):
        return "computed"


def hidden_by_class():
    s = Sent()
    s.__dict__["value"] = "own"
    print(s.value, vars(s))
    s.other = 1
    del Sent.value
    print(s.value, s.other)


def many_of_a_kind():
    # The objects of built-in types are laid out as before, however many have been made.
    methods = [classmethod(lambda cls: cls.__name__) for _ in range(12)]
    print([type(f"C{i}", (), {"m": m}).m() for i, m in enumerate(methods)])


for test in (let_go, held, odd_keys, replaced, with_slots, many, hidden_by_class, many_of_a_kind):
    test()
