"""Calls of classes that make their instances as object does, before and after the class changes."""

class A:
    def __init__(self, x, y=2):
        self.x=x; self.y=y
class B:
    def __init__(self, x):
        self.x=x
    def __del__(self): pass
def f(n):
    for i in range(n):
        a=B(i)
        b=A(i,3)
    return a
print(f(20).x)
B.__init__=lambda self,x: setattr(self,'x',-x)
print(f(20).x)
B.__new__=lambda cls,x: object.__new__(A)
print(type(f(20)))
del B.__new__
class E:
    def __init__(self, v):
        if v==17: return 3
        if v==18: raise ValueError(v)
        self.v=v
for i in range(20):
    try: e=E(i); print(e.v,end=' ')
    except Exception as x: print(x)
import abc
class C:
    def __init__(self,x): self.x=x
for i in range(10): C(i)
C.__abstractmethods__=frozenset(['f'])
try: C(1)
except TypeError as e: print(e)
C.__abstractmethods__=frozenset()
print(C(4).x)
class D:
    def __init__(self, d):
        self.c = D(d-1) if d else None
print(type(D(400).c.c).__name__)
try: D(4000)
except RecursionError as e: print(e)
class F:
    def __init__(self, x):
        def g(): return self
        self.x=x; self=None
for i in range(8): o=F(i)
print(o.x)
try:
    for i in range(10): F(i,*[1]*(i//9))
except TypeError as e: print(e)
