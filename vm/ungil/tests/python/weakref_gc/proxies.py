"""weakref.proxy: forwards operations, and ReferenceError after the end."""

import weakref


class C:
    x = 1

    def method(self, n):
        return self.x + n

    def __len__(self):
        return 3

    def __getitem__(self, key):
        return key

    def __call__(self, *args):
        return args

    def __add__(self, other):
        return "added"

    def __iter__(self):
        return iter("it")

    def __str__(self):
        return "str"

    def __eq__(self, other):
        return "eq"

    def __contains__(self, item):
        return item == 1

    def __bool__(self):
        return False

    __hash__ = None


c = C()
p = weakref.proxy(c)
print(p.x, p.method(2), len(p), p["k"], p(1, 2), p + 1, list(p), str(p), p == 5, 1 in p, bool(p), type(p).__name__, isinstance(p, C), p.__class__ is C)
p.y = 5
print(c.y)
del p.y
print(hasattr(c, "y"))
del c
for action in (lambda: p.x, lambda: p(), lambda: len(p), lambda: str(p), lambda: p + 1, lambda: setattr(p, "x", 1), lambda: bool(p), lambda: p["k"]):
    try:
        action()
    except ReferenceError as error:
        print(error)
try:
    hash(p)
except TypeError as error:
    print(error)


class Plain:
    def method(self):
        return "plain"


d = Plain()
q = weakref.proxy(d, lambda r: print("proxy's callback"))
print(type(q).__name__, q.method(), weakref.proxy(d) is weakref.proxy(d))
del d
print(weakref.ProxyTypes == (weakref.ProxyType, weakref.CallableProxyType))
