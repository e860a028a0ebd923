"""Special methods of built-in types that natives call directly, and what must not be taken for them."""

import base64
import binascii
import itertools
import weakref
from collections import Counter, OrderedDict, defaultdict


def title(text):
    print(f"== {text}")


def attempt(f, *args):
    try:
        return f(*args)
    except Exception as err:
        return f"{type(err).__name__}: {err}"


title("nested tuples and bytes as keys")
keys = [
    (1, (2, (3, (4, (5, (6,)))))),
    (1, (2, (3, (4, (5, (7,)))))),
    (b"a", (b"b", "c")),
    (b"a", (b"b", b"c")),
    ("a", ("b", "c")),
    (1.0, (2, (3, (4, (5, (6,)))))),
    (True, (2, (3, (4, (5, (6,)))))),
    ((1, 2**70), (3,)),
    ((1, float(2**70)), (3,)),
    b"plain",
    b"",
    bytes(range(256)),
    (),
    ((),),
    (((),),),
    tuple(range(40)),
    (tuple(range(40)), b"x" * 40),
]
copies = [eval(repr(key)) for key in keys]
d = {key: i for i, key in enumerate(keys)}
print(len(d), [d[copy] for copy in copies], [copy in set(keys) for copy in copies])
print([a == b for a, b in zip(keys, copies)], [a != b for a, b in zip(keys, copies)])
print(sum(a == b for a in keys for b in copies), sum(a is b for a in keys for b in keys))
d[(b"a", (b"b", b"c"))] = "new"
del d[(1, (2, (3, (4, (5, (7,))))))]
print(d.get((b"a", (b"b", b"d"))), d[(b"a", (b"b", b"c"))], len(d))


class Odd:
    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        log.append((self.name, getattr(other, "name", other)))
        return NotImplemented if self.name == "no" else self.name == getattr(other, "name", other)

    def __hash__(self):
        return 7

    def __lt__(self, other):
        return [self.name, "less"]


log = []
x, y = ((Odd("a"), 1), b"q"), ((Odd("a"), 1), b"q")
print(x == y, {x: 1}[y], {x: 1}.get(((Odd("b"), 1), b"q")), sorted(set(log)))
log.clear()
print((Odd("no"),) == (Odd("a"),), [Odd("no")] == [Odd("a")], log)
log.clear()
print((Odd("a"), 1) < (Odd("b"), 2), [Odd("a")] < [Odd("b")], attempt(lambda: (Odd("a"),) > (3,)))

title("order of sequences and bytes")
values = [(), (1,), (1, 2), (1, (2, 3)), (1, (2, "x")), (b"a",), (b"b", 1), [1], [1, [2, 3]], [1, [2, 4]], b"a", b"ab", b"b"]
for a, b in itertools.product(values, values):
    if type(a) is type(b):
        print(*[attempt(f, a, b) for f in (lambda a, b: a < b, lambda a, b: a <= b, lambda a, b: a == b, lambda a, b: a > b)])
deep, other = [], []
deep.append(other)
other.append(deep)
print(attempt(lambda: deep == [[other]])[:15])
deep = other = ()
for _ in range(100):
    deep, other = (deep, 1), (other, 1)
print(deep == other, deep < (other, 1), deep is other)

title("what a class takes over from another one")


class Borrows:
    __eq__ = tuple.__eq__
    __hash__ = str.__hash__
    __len__ = list.__len__
    __getitem__ = dict.__getitem__
    __contains__ = frozenset.__contains__


b = Borrows()
for f in (lambda: b == b"x", lambda: hash(b), lambda: len(b), lambda: b[1], lambda: 1 in b, lambda: b == b):
    print(attempt(f))


class Derived(tuple):
    pass


class Own(tuple):
    def __eq__(self, other):
        return "own"

    __hash__ = None


print(Derived((1, 2)) == (1, 2), (1, 2) == Derived((1, 2)), Own((1,)) == (1,), (1,) == Own((1,)), attempt(hash, Own()))
print(attempt(lambda: (Own((1,)), 2) == (Own((1,)), 2)), attempt(lambda: {(Own(), 1): 2}))

title("classes derived from dict")


class Missing(dict):
    def __missing__(self, key):
        return "missing", key


class Loud(dict):
    def __getitem__(self, key):
        return "got", super().__getitem__(key)

    def __setitem__(self, key, value):
        super().__setitem__(key, ("set", value))


m, l, c, o, dd = Missing(a=1), Loud(), Counter(), OrderedDict(), defaultdict(list)
for key in (b"x", (1, b"y"), (1, b"y"), "z"):
    l[key] = key
    c[key] += 1
    o[key] = key
    dd[key].append(key)
    print(m[key], l[key], c[key], o[key], dd[key])
print(m["a"], m.get("q"), attempt(lambda: l["q"]), attempt(lambda: m[[]]), attempt(lambda: dd[[]]))
print(c.most_common(), list(o), sorted(map(repr, dd)))

title("items by number")


class Items:
    def __init__(self, result):
        self.result = result

    def __getitem__(self, key):
        if self.result is IndexError:
            raise IndexError("no", key)
        return self.result, key


def first(v):
    return v[0]


def last(v):
    return v[-1], [v][0][3]


class Declines:
    def __getitem__(self, key):
        return NotImplemented


for v in (Items(1), Items(None), "abcd", [1, 2, 3, 4], Items(IndexError), {0: 1, -1: 2, 3: 4}, Declines(), 5, Declines):
    print(attempt(first, v), attempt(last, v))

title("weak references")


class Target:
    def __hash__(self):
        log.append("hash")
        return 5


log.clear()
t = Target()
r = weakref.ref(t)
print(r is weakref.ref(t), hash(r), hash(r), log, {r: 1}[weakref.ref(t)], weakref.ref(t, None) is r)
called = []
s = weakref.ref(t, called.append)
print(s is r, s == r, s() is t, s.__callback__ is not None, attempt(weakref.ref), attempt(weakref.ref, 1), attempt(weakref.ref, t, 1, 2))
u = weakref.ref(Target())
print(u(), attempt(hash, u))
del t
print(called == [s], r(), hash(r), attempt(hash, s))

title("base64")
for n in (0, 1, 2, 3, 4, 5, 57, 58, 100):
    data = bytes(i * 7 % 256 for i in range(n))
    text = base64.b64encode(data)
    assert base64.b64decode(text) == data == binascii.a2b_base64(text, strict_mode=True)
    print(text, binascii.b2a_base64(data, newline=False) == text)
for text in (b"YWJj", b"YW\nJj", b"YWI=", b"YW I=", b"YWI", b"Y", b"YWJjY", b"YWI=YWJj", b"=YWJj", b"YWJj=", b"YWJj====", b"YQ==YQ=="):
    print(text, attempt(binascii.a2b_base64, text), attempt(lambda: binascii.a2b_base64(text, strict_mode=True)))
