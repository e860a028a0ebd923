"""Arguments of calls in all their forms, sorted into all kinds of parameters."""
import sys
def show(f):
    try: print(f())
    except Exception as e: print(type(e).__name__, e)
def a(x, y=2, *args, z, w=4, **kw): return x, y, args, z, w, kw
def p(x, /, y, *, z=3): return x, y, z
def po(x, /, **kw): return x, kw
def n(): return 'n'
def v(*args): return args
def k(**kw): return kw
def d(x, y=1, z=2): return x, y, z
class C:
    def __init__(self, x, y=2, *args, z=3, **kw): self.v = (x, y, args, z, kw)
    def m(self, x, *, y=5): return x, y
    def s(self, *args, **kw): return args, kw
    @classmethod
    def c(cls, x, *, y=1): return cls.__name__, x, y
    @staticmethod
    def t(x, **kw): return x, kw
    def __call__(self, *a, **k): return a, k
class S(str): pass
o = C(1)
for _ in range(3):
    show(lambda: a(1, z=3)); show(lambda: a(1, 2, 3, 4, z=5, q=6)); show(lambda: a(z=1)); show(lambda: a(1)); show(lambda: a(1, x=2, z=3))
    show(lambda: a(y=1, x=2, z=3)); show(lambda: a(*(1,2,3), **{'z': 4, 'b': 5})); show(lambda: a(*[1], **{'z': 4, 'y': 5}))
    show(lambda: p(1, y=2)); show(lambda: p(x=1, y=2)); show(lambda: p(1, 2, 3)); show(lambda: p(1, z=2)); show(lambda: p(1, 2, w=2)); show(lambda: p(1, y=2, z=4))
    show(lambda: po(1, x=2)); show(lambda: po(x=2)); show(lambda: po(1, **{'x': 3, 'y': 4}))
    show(lambda: n(1)); show(lambda: n(a=1)); show(lambda: n(*())); show(lambda: n(**{})); show(lambda: n(*(), **{})); show(lambda: n(*(1,)))
    show(lambda: v()); show(lambda: v(1, 2, 3)); show(lambda: v(*'abc')); show(lambda: v(*range(40))); show(lambda: v(a=1)); show(lambda: v(0, *'ab', 1))
    show(lambda: k()); show(lambda: k(a=1, b=2)); show(lambda: k(**{'a': 1}, b=2)); show(lambda: k(**{'a': 1}, a=2)); show(lambda: k(**{1: 2})); show(lambda: k(**[1])); show(lambda: k(1))
    show(lambda: len(k(**{'k%d' % i: i for i in range(50)}))); show(lambda: k(**{S('a'): 1})); show(lambda: d(**{S('x'): 1, S('z'): 5}))
    show(lambda: d()); show(lambda: d(1)); show(lambda: d(1, z=9)); show(lambda: d(1, 2, 3, 4)); show(lambda: d(1, x=3)); show(lambda: d(y=1, z=1)); show(lambda: d(*(1,), **{'z': 7})); show(lambda: d(*1)); show(lambda: d(**1))
    show(lambda: o.m(1)); show(lambda: o.m(1, y=2)); show(lambda: o.m(x=1, y=2)); show(lambda: o.m(1, 2)); show(lambda: o.m(y=1)); show(lambda: o.m(1, q=1)); show(lambda: o.m(*(1,), **{'y': 2}))
    show(lambda: o.s()); show(lambda: o.s(1, a=2)); show(lambda: o.s(*(1, 2), **{'b': 2})); show(lambda: o.s(self=1))
    show(lambda: C.c(1)); show(lambda: C.c(1, y=2)); show(lambda: o.c(1, y=3)); show(lambda: o.c(y=3)); show(lambda: o.t(1, a=2)); show(lambda: C.t(1, b=2)); show(lambda: C.m(o, 1, y=2))
    show(lambda: C(1, 2, 3, z=4, w=5).v); show(lambda: C().v); show(lambda: C(x=1, y=3).v); show(lambda: C(*(1, 2), **{'q': 1}).v); show(lambda: C(1, x=1).v)
    show(lambda: o(1, a=2)); show(lambda: o(*(1,), **{'a': 3})); show(lambda: dict(**{'a': 1}, b=2)); show(lambda: print(*(1, 2), sep='-', **{'end': '!\n'})); show(lambda: sorted(*([3, 1, 2],), **{'reverse': True}))
    show(lambda: max(*(1, 5, 3))); show(lambda: len(*())); show(lambda: int(*('10',), **{'base': 2}))
    m = {'a': 1}
    r = k(**m); r['b'] = 2; print(m, r)
def r(n, *a, **k):
    return n if n == 0 else r(n - 1, *a, **k)
print(r(300, 1, 2, x=3))
def rr(*a, **k): return rr(*a, **k)
try: rr(1, x=2)
except RecursionError as e: print('RecursionError', e)
def defaults(x, y=1): return x, y
print(defaults(1)); defaults.__defaults__ = (5, 6); print(defaults(), defaults(y=3)); defaults.__defaults__ = None
show(lambda: defaults(1)); show(lambda: defaults(y=1))
def kwd(*, y=1, z): return y, z
show(lambda: kwd(z=1)); kwd.__kwdefaults__ = {'z': 7}; show(lambda: kwd()); show(lambda: kwd(y=2)); show(lambda: kwd(z=2))
class M:
    def keys(self): return ['a', 'b']
    def __getitem__(self, k): return k.upper()
show(lambda: k(**M())); show(lambda: k(**M(), c=3)); show(lambda: v(*M()))
