"""`super().name(...)`: functions, class and static methods, properties, built-in methods, changes of classes on the way."""

class A:
    def __init__(self, x=0): self.x = x
    def m(self, a, b=2, *c, **d): return ('A.m', self.x, a, b, c, d)
    @classmethod
    def cm(cls, a): return ('A.cm', cls.__name__, a)
    @staticmethod
    def sm(a): return ('A.sm', a)
    @property
    def p(self): return lambda v: ('A.p', self.x, v)
    attr = print
    val = 5
class B(A):
    def __init__(self, x): super().__init__(x + 1)
    def m(self, *a, **k): return ('B',) + super().m(*a, **k)
    @classmethod
    def cm(cls, a): return ('B', super().cm(a))
    def sm(self, a): return super().sm(a)
    def p2(self, v): return super().p(v)
    def at(self): super().attr('printed', 1)
    def kw(self): return super().m(1, b=5, z=6)
    def pos(self): return super().m(1, 2, 3, 4)
    def two(self): return super(B, self).m(9)
    def no(self): return super().nothing(1)
    def vl(self): return super().val(1)
    def rep(self): return super().__repr__()[:10], super().__eq__(self), super().__hash__() == id(self) >> 4 or True
class C(B):
    def m(self, a): return ('C', super().m(a))
class D(A):
    def m(self, a): return ('D', super().m(a))
class E(C, D):
    def m(self, a): return ('E', super().m(a))
def show(f):
    try: print(f())
    except Exception as e: print(type(e).__name__, e)
for o in [B(1), C(2), E(3)]:
    for i in range(2):
        for f in [lambda: o.m(1), lambda: o.cm(2), lambda: o.sm(3), lambda: o.p2(4), lambda: o.at(), lambda: o.kw(), lambda: o.pos(), lambda: o.two(), lambda: o.no(), lambda: o.vl(), lambda: o.rep()]:
            show(f)
# changes
def new_m(self, a, *r): return ('new', a, r)
A.m = new_m
show(lambda: E(1).m(5)); show(lambda: B(1).m(5))
D.m = lambda self, a: 'D2'
show(lambda: E(1).m(5))
del A.m
show(lambda: B(1).m(5)); show(lambda: E(1).m(5))
class F:
    def m(self, a): return ('F', a)
    def __init__(self, x): self.x = x
show(lambda: C(1).m(7))
def make():
    class X(A):
        def hi(self): return super().hello(1)
    return X
class H1(A):
    def hello(self, v): return ('H1', v)
A.hello = lambda self, v: ('Ahello', v)
xs = [make() for _ in range(3)]
for X in xs + xs: show(lambda: X().hi())
class Y(xs[0], H1): pass
show(lambda: Y().hi()); show(lambda: xs[0]().hi()); show(lambda: Y().hi())
def f(self): return super().x()
show(lambda: f(1))
class G(int):
    def __add__(self, o): return ('G', super().__add__(o))
    def bit_length(self): return super().bit_length() + 100
show(lambda: G(5) + 3); show(lambda: G(5).bit_length())
class L(list):
    def append(self, x): super().append(x * 2)
    def pop(self, *a): return super().pop(*a)
l = L(); [l.append(i) for i in range(5)]; print(l, l.pop(), l.pop(0))
class M(type):
    def __new__(m, n, b, d, **k): return super().__new__(m, n, b, d)
    def __call__(cls, *a): return super().__call__(*a)
class N(metaclass=M):
    def __init__(self, v): super().__init__(); self.v = v
print(N(3).v)
class O:
    def __new__(cls, *a): return super().__new__(cls)
    def __init__(self, a): super().__init__(); self.a = a
    def __setattr__(self, n, v): super().__setattr__(n, (v, 'set'))
    def __getattribute__(self, n): return super().__getattribute__(n)
    def __del__(self): pass
print(O(4).a)
class P(A):
    def m2(self):
        self = 5
        return super().m(1)
show(lambda: P(1).m2())
class Q(A):
    def m3(self):
        return (lambda: super().cm(1))()
    def m4(self):
        return [super(Q, self).cm(i) for i in range(2)]
    def m5(self):
        del self
        return super().cm(1)
show(lambda: Q(1).m3()); show(lambda: Q(1).m4()); show(lambda: Q(1).m5())
def order(x): print('arg', x); return x
class R(A):
    def m6(self): return super().nope(order(1))
    def m7(self): return super().cm(order(1) / 0)
show(lambda: R(1).m6()); show(lambda: R(1).m7())
class Ex(Exception):
    def __init__(self, a): super().__init__(a, a); self.a = a
try: raise Ex(3)
except Ex as e: print(e.args, e.a)
