class A:
    def __init__(self, x=0): self.x = x
    def m(self): return ('A.m', self.x)
    @classmethod
    def c(cls): return cls.__name__
class B(A):
    def __init__(self, x):
        super(B, self).__init__(x + 1)
        self.y = 2
    def m(self): return ('B', super(B, self).m(), super().m())
    @classmethod
    def c(cls): return 'B' + super(B, cls).c()
    def bad(self): return super(str, self).m()
    def attr(self): return super(B, self).x2
    x2 = 1
b = B(1)
for i in range(4): print(b.m(), B.c(), b.c())
for f in (b.bad, b.attr):
    try: print(f())
    except Exception as e: print(type(e).__name__, e)
ns = {}
exec('''
calls = []
def super(*a):
    calls.append(len(a))
    class S:
        def m(self): return 'patched'
    return S()
class C:
    def m(self): return [super().m(), super(C, self).m(), super(C, self).m()]
def free(c, s): return super(c, s).m()
r = C().m(), free(1, 2), calls
''', ns)
print(ns['r'])
class P:
    def __init__(self): self.q = []
    def me(self): return self
p = P()
for i in range(5):
    p.me().z = [i]; p.me().z = i; P().w = i
    p.me().q.append(p.z)
print(p.q, vars(p))
