"""`functools`: partial with placeholders, reduce, cmp_to_key, lru_cache; their messages."""

import copy
import functools
import pickle
from functools import Placeholder as _
from functools import partial


def show(f):
    try:
        print(repr(f()).split(" at 0x")[0])
    except Exception as e:
        print(type(e).__name__, e)


for f in (
    lambda: partial(),
    lambda: partial(3),
    lambda: partial(print, 1, _),
    lambda: partial(print, a=_),
    lambda: partial(print, _, 2)(),
    lambda: partial(partial(print, _, 2), 5),
    lambda: partial(partial(print, _, 2), _, 5),
    lambda: partial(partial(print, _, 2, a=3), 1, b=5),
    lambda: partial(print, _, 2, a=3).__reduce__(),
    lambda: partial(print).__setstate__(1),
    lambda: partial(print).__setstate__((print, (_,), {}, None)),
    lambda: setattr(partial(print), "func", 3),
    lambda: delattr(partial(print), "__dict__"),
    lambda: type(_)(1),
    lambda: type(_)() is _,
    lambda: pickle.loads(pickle.dumps(partial(print, 1, a=2))),
    lambda: copy.copy(partial(print, _, 2)),
    lambda: functools.reduce(1, 2),
    lambda: functools.reduce(1, []),
    lambda: functools.reduce(lambda a, b: a + b, [1, 2], initial=3),
):
    show(f)

p = partial(print)
p.__setstate__((p, (p,), {"a": p}, {}))
show(lambda: p)


class Owner:
    bound = partial(print, "in front")

    @functools.lru_cache
    def cached(self, x):
        print("computed", x)
        return x

    def __repr__(self):
        return "Owner()"


owner = Owner()
owner.bound(1)
owner.cached(3)
owner.cached(3)
print(Owner.cached.cache_info())

key = functools.cmp_to_key(lambda a, b: b - a)
print(sorted([5, 2, 3], key=key), key(1) > key(2))
show(lambda: key(1) < 1)
show(lambda: hash(key(1)))
show(lambda: key())


@functools.lru_cache(2, typed=True)
def several(*args, **kwargs):
    return args, kwargs


for i in (1, 2, 1, 3, 1, 2.0, 2):
    several(i)
print(several.cache_info())
several(1, a=2)
several(1, a=2)
print(several.cache_info())
several.cache_clear()
print(several.cache_info(), several.cache_parameters())
show(lambda: several([]))
print(copy.copy(several) is several)


@functools.lru_cache(maxsize=3)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(50), fib.cache_info())
