"""Binding arguments to parameters of all kinds, in calls of functions, methods, classes and instances; messages."""

def t(f, *a, **k):
    try: r = f(*a, **k)
    except TypeError as e: r = 'TypeError: ' + str(e)
    print(r)
def f0(): return 'f0'
def f1(a, b=2, *, c=3, d): return (a,b,c,d)
def f2(a, /, b, *args, c=5, **kw): return (a,b,args,c,kw)
def f3(*args, **kw): return (args, kw)
def f4(a, b=1, c=2): return (a,b,c)
def f5(a, /, b=1, **kw): return (a,b,kw)
def f6(*, x, y=2): return (x,y)
class K:
    def __init__(self, *a, **k): self.v=(a,k)
    def m(self, a, b=2, *c, d=4, **e): return (a,b,c,d,e)
    @classmethod
    def cm(cls, a, b=2): return (cls.__name__, a,b)
    @staticmethod
    def sm(a, b=2): return (a,b)
    def __call__(self, *a, **k): return ('call', a, k)
class K2:
    def __init__(self, a, b=2, *, c=3): self.v=(a,b,c)
class K3(K2):
    def __init__(self, a, **kw):
        super().__init__(a, **kw)
k=K()
def dots(*a, **kw): return K(*a, **kw).v
fs=[f0,f1,f2,f3,f4,f5,f6,k.m,K.cm,k.cm,K.sm,k.sm,k, dots, lambda *a,**kw: K2(*a,**kw).v, lambda *a,**kw: K3(*a,**kw).v]
argss=[(),(1,),(1,2),(1,2,3),(1,2,3,4),tuple(range(12))]
kws=[{},{'a':9},{'b':9},{'c':7},{'d':8},{'c':7,'d':8},{'b':1,'c':2,'d':3},{'x':1},{'y':5,'x':6},{'zz':0},{'self':1}]
for f in fs:
    for a in argss:
        for kw in kws:
            t(f,*a,**kw)
# literal forms
t(lambda: f1(1, d=4)); t(lambda: f1(b=1, a=2, d=3, c=9)); t(lambda: f2(1, 2, 3, c=1, z=9)); t(lambda: f2(1, a=3, b=4))
t(lambda: k.m(1, d=5, q=1)); t(lambda: k.m(b=1, a=0)); t(lambda: K2(1, c=4).v); t(lambda: K2(b=1, a=4).v); t(lambda: K2(1, q=4).v); t(lambda: K2().v)
t(lambda: K3(1, c=4).v); t(lambda: K3(1, q=4).v)
t(lambda: k(1, z=2)); t(lambda: f4(1, c=5)); t(lambda: f4(c=1)); t(lambda: f4(1,2,3,4)); t(lambda: f4(1, b=2, a=3)); t(lambda: f4(1, bb=2))
class S(str):
    def __hash__(self): return str.__hash__(self)
    def __eq__(self, o): return str.__eq__(self, o)
t(f4, **{S('a'): 1, S('c'): 3}); t(f3, **{S('q'): 1}); t(f2, 1, **{S('b'): 1, S('zz'): 3})
t(f4, **{''.join(['a']): 1, ''.join(['b','']): 3})
t(f3, **{''.join(['x','y']): 1})
try: f3(**{1:2})
except TypeError as e: print(e)
def many(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12,a13,a14,a15,a16,a17,a18,a19,a20,a21,a22,a23,a24,a25,a26,a27,a28,a29,a30,a31,a32,a33=33,*,k0=0,k1=1): return a33,a32,k1
t(many,*range(33)); t(many,*range(33),k1=5); t(many,*range(34)); t(many,*range(33),a33=5); t(many, *range(30)); t(many, **{f'a{i}':i for i in range(33)})
def m31(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12,a13,a14,a15,a16,a17,a18,a19,a20,a21,a22,a23,a24,a25,a26,a27,a28,a29,a30=30): return a30
t(m31,*range(30)); t(m31, **{f'a{i}':i for i in range(30)}); t(m31, *range(29)); t(m31, *range(29), a29=1)
f4.__defaults__ = (7,8,9); t(f4); t(f4, c=1)
f4.__defaults__ = None; t(f4); t(f4,1,2,3)
f1.__kwdefaults__ = {'d': 1}; t(f1, 1); f1.__kwdefaults__={'c':1,'d':2}; t(f1,1); t(f1,1,d=5)
print(list(map(f3, [1,2],[3,4]))); print(sorted([3,1,2], key=lambda x, y=5: -x))
def rec(n, *a, **k): return n if n==0 else rec(n-1, *a, q=n)
print(rec(500, 1, 2))
def inf(*a, **k): return inf(*a, **k)
try: inf(1, b=2)
except RecursionError as e: print(e)
class D:
    def __del__(self): print('del', self.n)
    def __init__(self, n): self.n=n
def eat(*a, **k): return len(a)+len(k)
print(eat(D(1), x=D(2))); print(eat(*[D(3)], **{'y':D(4)}))
def keep(x, y=None): del x; print('in'); return y
keep(D(5), y=D(6)); keep(D(7)); keep(y=1, x=D(8))
def g(a,b=1,*c,d=2,**e):
    yield a,b,c,d,e
print(next(g(1)), next(g(1,2,3,d=4,z=5)), next(g(*(1,2),**{'d':0})))
async def co(a, *b, **c): return a,b,c
try: co(1,2,x=3).send(None)
except StopIteration as e: print(e.value)
class M(type):
    def __call__(cls, *a, **k): print('M', a, k); return super().__call__(*a, **k)
class MM(metaclass=M):
    def __init__(self, a, b=3): self.v=(a,b)
print(MM(1,b=4).v, MM(*[1,2]).v)
class NoInit: pass
t(lambda: NoInit(1)); t(lambda: NoInit(a=1)); t(lambda: NoInit(*[1]))
class New:
    def __new__(cls, *a, **k): o=object.__new__(cls); o.v=(a,k); return o
t(lambda: New(1,b=2).v); t(lambda: New(*[1,2],**{'z':3}).v)
import types
bm = types.MethodType(print, 'self'); bm(1, 2, sep='-'); bm(*[1,2,3])
bm2 = types.MethodType(lambda *a, **k: (a,k), 'self'); t(lambda: bm2(1, z=2))
bm3 = types.MethodType(K2, 5); t(lambda: bm3(1).v)
bm4 = types.MethodType(bm2, 5); t(lambda: bm4(1))
t(5); v5=5; vn=None; t(lambda: v5()); t(lambda: vn(1, a=2)); t(lambda: v5(*[2]))
