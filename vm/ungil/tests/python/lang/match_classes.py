"""match on classes: keyword and positional patterns, __match_args__, builtin types."""


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


class Point3(Point):
    def __init__(self, x, y, z):
        super().__init__(x, y)
        self.z = z


def f(subject):
    match subject:
        case Point(0, 0):
            return "origin"
        case Point3(x=x, z=z):
            return f"3d {x} {z}"
        case Point(x, y=0):
            return f"on x axis {x}"
        case Point(Point(a, _), y):
            return f"nested {a} {y}"
        case Point(x=int() as x, y=int(y)):
            return f"ints {x} {y}"
        case Point():
            return "some point"
        case str(s):
            return f"str {s}"
        case int(i) | float(i):
            return f"number {i}"
        case list([a, b]):
            return f"list {a} {b}"
        case dict(d):
            return f"dict {d}"
        case tuple() | set() | bytes():
            return "container"
        case Exception(args=[message]):
            return f"exception {message}"
        case object():
            return "object"


for subject in (
    Point(0, 0), Point3(1, 2, 3), Point(5, 0), Point(Point(1, 1), 2), Point(1, 2), Point("a", "b"),
    "s", 4, 4.5, True, [1, 2], [1], {"k": 1}, (), {1}, b"", ValueError("m"), None,
):
    print(f(subject))


class NoArgs:
    pass


class BadArgs:
    __match_args__ = ["x"]


class NotText:
    __match_args__ = (1,)


class Twice:
    __match_args__ = ("x",)
    x = 1


def attempt(case):
    try:
        print(case())
    except TypeError as error:
        print(error)


def too_many():
    match Point(1, 2):
        case Point(1, 2, 3):
            return "never"


def none_allowed():
    match NoArgs():
        case NoArgs(1):
            return "never"


def not_a_tuple():
    match BadArgs():
        case BadArgs(1):
            return "never"


def not_text():
    match NotText():
        case NotText(1):
            return "never"


def twice():
    match Twice():
        case Twice(1, x=1):
            return "never"


def not_a_class():
    target = 5
    match 1:
        case target():
            return "never"


def builtin_too_many():
    match 5:
        case int(5, 6):
            return "never"


def missing_attribute():
    match NoArgs():
        case NoArgs(x=1):
            return "never"
        case _:
            return "attribute missing, no match"


for case in too_many, none_allowed, not_a_tuple, not_text, twice, not_a_class, builtin_too_many, missing_attribute:
    attempt(case)
