"""abs, bin, callable, chr, divmod, format, getattr, hasattr, hash, id, isinstance, len, ord, pow, repr, round, vars, dir..."""

print(abs(-5), abs(-2.5), abs(3 + 4j), divmod(17, 5), divmod(-17.5, 5), pow(2, 10), pow(2, 10, 1000), round(2.567, 2), round(1234, -2))
print(callable(len), callable(5), callable(int), chr(8364), ord("€"), hex(255), oct(8), bin(5), ascii("é"), repr("x"), format(3.14159, ".2f"), format("x", ">3"))


class C:
    """Doc."""

    x = 1

    def __init__(self):
        self.y = 2


c = C()
print(getattr(c, "x"), getattr(c, "z", 5), hasattr(c, "y"), hasattr(c, "z"), vars(c), isinstance(c, C), issubclass(C, object), type(c).__name__, id(c) == id(c), hash(c) == hash(c))
setattr(c, "z", 3)
delattr(c, "y")
print(c.__dict__, [n for n in dir(c) if n[0] != "_"], sorted(set(dir(C)) - set(dir(object))))
print(len("abc"), len([]), len({1: 2}), len(range(5)), len(b"ab"), len({1}), len(()))
for action in (
    lambda: abs("x"),
    lambda: getattr(c, 5),
    lambda: getattr(c, "missing"),
    lambda: setattr(c, 5, 1),
    lambda: hasattr(c, 5),
    lambda: vars(5),
    lambda: ord(5),
    lambda: ord("ab"),
    lambda: chr(1.5),
    lambda: hex(1.5),
    lambda: bin("a"),
    lambda: divmod(1),
    lambda: divmod("a", 1),
    lambda: pow("a", 2),
    lambda: round(),
    lambda: round("a"),
    lambda: round(1.5, "a"),
    lambda: hash({}),
    lambda: isinstance(1, "int"),
    lambda: len(),
    lambda: len(1, 2),
    lambda: format(1, 2),
    lambda: dir(1, 2),
    lambda: callable(),
    lambda: id(),
    lambda: type(),
    lambda: print(x=1),
    lambda: print(sep=5),
    lambda: eval(),
    lambda: __import__(5),
    lambda: input.missing,
    lambda: compile(),
    lambda: object().x,
    lambda: super(),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
print(len.__name__, len.__module__, repr(len), type(len).__name__, repr(int), repr(type), len.__doc__ is not None, len.__self__.__name__)
print(isinstance(1, (int, str)), issubclass(bool, int), type(1) is int, type("X", (), {})().__class__.__name__, object() != object(), type(object()).__name__)
import builtins

print(builtins.len is len, __builtins__ is builtins, hasattr(builtins, "print"), builtins.__name__)
builtins.injected = 5
print(injected)
del builtins.injected


def names():
    q = 1
    return dir(), vars() == locals()


print(names(), "names" in dir(), memoryview(b"a")[0], bytes(1), frozenset(), slice(1), property().fget, staticmethod(len).__func__ is len)
