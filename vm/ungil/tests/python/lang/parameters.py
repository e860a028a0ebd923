"""Every kind of parameter: positional-only, keyword-only, defaults, *args, **kwargs."""


def f(a, b, /, c, d=4, *, e, g=7, **kw):
    return a, b, c, d, e, g, kw


print(f(1, 2, 3, e=5))
print(f(1, 2, c=3, e=5, a="kw", b="kw2"))
print(f.__defaults__, f.__kwdefaults__, f.__code__.co_varnames)
print(f.__code__.co_argcount, f.__code__.co_posonlyargcount, f.__code__.co_kwonlyargcount)
for call in (
    lambda: f(1, 2, 3),
    lambda: f(1, b=2, c=3, e=5),
    lambda: f(),
    lambda: f(1),
    lambda: f(1, 2, 3, 4, 5, e=6),
    lambda: f(1, 2, 3, c=3, e=1),
):
    try:
        call()
    except TypeError as error:
        print(error)


def only_keywords(*, a, b):
    return a, b


def only_positional(a, b=2, /):
    return a, b


for call in (
    lambda: only_keywords(1, 2),
    lambda: only_keywords(a=1),
    lambda: only_keywords(),
    lambda: only_keywords(a=1, b=2, c=3),
    lambda: only_positional(a=1),
    lambda: only_positional(1, b=1),
    lambda: only_positional(1, 2, 3),
    lambda: only_positional(),
):
    try:
        call()
    except TypeError as error:
        print(error)


def default_is_made_once(item, bucket=[]):
    bucket.append(item)
    return bucket


print(default_is_made_once(1), default_is_made_once(2))
n = 1


def early(value=n):
    return value


n = 2
print(early())
early.__defaults__ = (9,)
print(early())
f.__kwdefaults__ = {"e": "new", "g": "G"}
print(f(1, 2, 3))
early.__defaults__ = None
try:
    early()
except TypeError as error:
    print(error)


def swallow(*args, **kwargs):
    args += (1,)
    kwargs["added"] = True
    return args, kwargs


d = {"x": 1}
print(swallow(0, **d), d)
g = lambda x, /, *y, z=0, **w: (x, y, z, w)
print(g(1, 2, z=3, x=4))


def many(a, b, c, d, e, f=6, *g, h=8):
    return [a, b, c, d, e, f, g, h]


print(many(1, 2, 3, 4, 5), many(*range(9)), many(e=5, d=4, c=3, b=2, a=1))
