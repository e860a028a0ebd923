"""__call__, __repr__, __str__, __format__, __bytes__, __hash__ and printing of instances in containers."""


class C:
    def __call__(self, *args, **kwargs):
        return args, kwargs

    def __repr__(self):
        return "C!"


c = C()
print(c(1, k=2), c, str(c), [c, (c,), {"k": c}], {c: c}, f"{c} {c!s} {c!r} {c:}")
print(callable(c), callable(5), list(map(c, [1])), c.__call__(3))


class S:
    def __str__(self):
        return "str"

    def __repr__(self):
        return "repr"

    def __bytes__(self):
        return b"bytes"

    def __format__(self, spec):
        return f"format({spec})"


s = S()
print(s, [s], bytes(s), format(s), format(s, "x>5"), f"{s:{'a'}b}", "{:q} {!s} {!r}".format(s, s, s), "%s %r %a" % (s, s, s))
try:
    format(C(), "x")
except TypeError as error:
    print(error)


class Sub(str):
    def __str__(self):
        return "sub str"

    def __repr__(self):
        return "sub repr"


x = Sub("text")
print(x, repr(x), x + "!", len(x), f"{x}", "".join([x]), str(x), "%s" % x)


class Recursive:
    def __init__(self):
        self.items = [self]

    def __repr__(self):
        return f"R({len(self.items)})"


print(Recursive().items)
l = [1]
l.append(l)
d = {}
d["d"] = d
print(l, d, [d])
t = ([],)
t[0].append(t)
print(t)


class Multi:
    __slots__ = ()
    __hash__ = lambda self: -1


print(hash(Multi()), hash(-1), hash(-2))
h = type("H", (), {"__hash__": lambda self: 2**100})()
print(hash(h) == hash(2**100))
