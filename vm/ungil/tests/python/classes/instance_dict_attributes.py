"""Attributes of instances whose __dict__ was asked for, at sites that run often enough to be cached."""


class Point:
    kind = "point"

    def __init__(self, x):
        self.x = x

    def show(self):
        return f"show {self.x}"


def read(p):
    return p.x, p.kind, p.show()


def write(p, v):
    p.x = v
    p.extra = v + 1


def many(n=4):
    p = Point(1)
    q = Point(2)
    vars(q)["y"] = 3
    for i in range(n):
        print(read(p), read(q), q.y)
        write(p, i)
        write(q, i)
    print(sorted(vars(q)), sorted(vars(p)))
    # An instance's own attribute hides a method of the class, until it is deleted.
    q.show = lambda: "own"
    q.kind = "own kind"
    for _ in range(n):
        print(read(q), read(p))
    del q.show, q.kind
    for _ in range(n):
        print(read(q))


def descriptors():
    q = Point(5)
    q.__dict__["value"] = "in the dict"
    for _ in range(3):
        print(q.value)
    Point.value = "of the class"
    print(q.value)
    Point.value = property(lambda self: "of the property")
    for _ in range(3):
        print(q.value)
    del Point.value
    print(q.value)
    del q.value
    for _ in range(3):
        try:
            print(q.value)
        except AttributeError as e:
            print(e)


def replaced():
    q = Point(1)
    for d in ({"x": 10}, {"x": 20, "show": lambda: "from the dict"}, {"x": 30, 5: 6}):
        q.__dict__ = d
        for _ in range(3):
            print(read(q))
        write(q, 7)
        print(sorted(d, key=str))


class Hooked:
    def __getattr__(self, name):
        return "hook " + name


def hooks():
    h = Hooked()
    vars(h)
    for i in range(4):
        print(h.a, h.b)
        if i == 1:
            h.a = "set"
    del h.a
    print(h.a)


def singles():
    """One instance with more attributes than a shape holds."""
    p = Point(0)
    for i in range(40):
        setattr(p, f"a{i}", i)
    total = 0
    for _ in range(3):
        p.a39 += 1
        total += p.a0 + p.a20 + p.a39 + len(p.show())
    print(total, p.a39)


many()
descriptors()
replaced()
hooks()
singles()
