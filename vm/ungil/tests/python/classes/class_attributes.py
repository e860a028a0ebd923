"""Attributes of classes at sites that see several of them, natives called through their class, and super() of both."""
# class attributes
class M(type):
    @property
    def p(cls): return 'mp'
    def m(cls): return 'mm'
class A(metaclass=M):
    x=1
    def f(self): return 'f'
    @classmethod
    def c(cls): return cls.__name__
    @staticmethod
    def s(): return 's'
class B(A): x=2
class C(A): pass
def get(o): return o.x
def getf(o): return o.f
out=[]
for i in range(6):
    for k in (A,B,C):
        out.append(get(k)); 
        assert getf(k) is A.f
        assert k.c()==k.__name__
        assert getattr(k,'zz',7)==7
        assert getattr(k,'x')==k.__dict__.get('x',1)
print(out)
C.x=5
print([get(k) for k in (A,B,C)])
A.zz=3
print([getattr(k,'zz',7) for k in (A,B,C)])
del A.zz
print([getattr(k,'zz',7) for k in (A,B,C)], [hasattr(k,'zz') for k in (A,B,C)])
M.zz='meta'
print([getattr(k,'zz',7) for k in (A,B,C)])
M.x=property(lambda cls:'data')
print([get(k) for k in (A,B,C)])
del M.x
print([get(k) for k in (A,B,C)])
def r(t): return t.__repr__
print([r(t) is t.__dict__['__repr__'] for t in (int,str,dict,list,tuple)]*2)
print(r(bool), int.__repr__)
for t in (int, list, dict): print([getattr(t, n, None) is t.__dict__.get(n) for n in ('__add__', 'append', 'nope')])
class I:
    def __init__(self): self.x=9
for o in (A,I(),B,I(),C,I(),A): print(get(o),end=' ')
print()
import sys,os
for o in (A,sys,os,I()):
    try: print(o.path is not None)
    except AttributeError as e: print(e)
try: str.lower(5)
except TypeError as e: print(e)
try: str.lower()
except TypeError as e: print(e)
def low(f,*a): 
    try: return f(*a)
    except TypeError as e: return str(e)
for i in range(3):
    print(low(str.upper,'ab'),low(list.append,[1],2),low(dict.get,{1:2},1),low(int.__add__,1,2),low(int.__add__,'a',2),type(low(object.__new__,A)).__name__,low(object.__new__,int),low(object.__new__),low(object.__repr__,3)[:7])
class N:
    def __new__(cls,*a): 
        o=super().__new__(cls); o.a=a; return o
class N2(N):
    def __new__(cls,*a):
        o=super(N2,cls).__new__(cls,*a); return o
    @classmethod
    def k(cls): return cls
class N3(N2):
    @classmethod
    def k(cls): return super().k(), super().__new__(cls,4).a
class T(tuple):
    def __new__(cls,*a): return super().__new__(cls,a)
class T2(T): pass
for i in range(4):
    for c in (N,N2,N3): print(c(i).a, type(c(1)).__name__, end=' ')
    print(N3.k(), T(1,2), T2(3), type(T2(4)).__name__)
N.__new__=staticmethod(lambda cls,*a: 'changed')
print(N2(1), N3(1))
import abc
class Ab(abc.ABC):
    @abc.abstractmethod
    def q(self): pass
try: object.__new__(Ab)
except TypeError as e: print(e)
class Sub(int): pass
class EE(Exception): pass
class Hook(type):
    def __getattr__(cls,n):
        if n.startswith('__'): raise AttributeError(n)
        return 'hook '+n
class H(metaclass=Hook): y=1
for i in range(3): print(H.y,H.zork,getattr(H,'abc'),getattr(H,'abc',1),hasattr(H,'__foo__'))
class G(type):
    def __getattribute__(cls,n): return 'ga '+n if n=='y' else super().__getattribute__(n)
class K(metaclass=G): y=1
print([o.y for o in (H,K,H,K)])
import weakref
class W: pass
def cb(r): print('cb')
a=weakref.ref(W,cb); b=weakref.ref(W); c=weakref.ref(W)
print(b is c, weakref.getweakrefcount(W), weakref.getweakrefs(W)==[b,a])
import gc
class Cy: pass
for i in range(1000):
    x=Cy(); x.s=[x,Cy()]; 
print(gc.collect()>=0)

class P:
    def __init__(self,*a,**k): super().__init__(); self.a=a
class P2(dict):
    def __init__(self,*a,**k): super().__init__(*a,**k)
    def __getitem__(self,k): return super().__getitem__(k)
    def get(self,k,d=None): return super().get(k,d)
    def update(self,*a,**k): return super().update(*a,**k)
    def __repr__(self): return 'P2'+super().__repr__()
    def pop(self,*a): return super().pop(*a)
class P3(list):
    def append(self,x): super().append(x+1)
    def bad(self): return super().append()
    def bad2(self): return super().append(1,2)
    def wrong(self): return super(P3,self).nope()
class P4(P):
    def __init__(self,x): super().__init__(x)
    def __eq__(self,o): return super().__eq__(o)
    def __hash__(self): return super().__hash__()
    def __setattr__(self,n,v): super().__setattr__(n,v)
    def bad(self): super(P,self).__init__(3)
for i in range(4):
    d=P2(a=1); d.update(b=2); d.update({'c':3}); print(d,d['a'],d.get('z',9),d.pop('a'),d.pop('q',5),d)
    l=P3(); l.append(3); l.append(4); print(l)
    for f in (l.wrong,lambda:d['zz'],lambda:d.pop('zz'),P4(1).bad):
        try: f()
        except Exception as e: print(type(e).__name__,e)
    p=P4(i); print(p.a, p==p, p==P4(1), isinstance(hash(p),int))
import sys
x=[object() for _ in range(3)]
r0=sys.getrefcount(x[0]); 
for i in range(50):
    l=P3.__mro__ and P2(); l.update(k=x[0]); 
    try: super(P2,l).__getitem__(x[0])
    except KeyError as e: del e
    list.append([],x[0]); dict.get({},x[0])
del l
print(sys.getrefcount(x[0])-r0)
for c in (int,dict): print([c.__name__,c.__mro__[-1].__name__,c.__dict__['__repr__'] is c.__repr__,c.__bases__])
class Mt(type): pass
class U(metaclass=Mt): __dict__='odd'; __name__='x'
for i in range(3):
    for c in (U,int,P2): print(type(c.__dict__).__name__,c.__name__,c.__mro__[0].__name__)


# What the compiler hands to the class for its annotations is no attribute.
from typing import Protocol, runtime_checkable
@runtime_checkable
class HasX(Protocol):
    x: int
class WithX:
    x: 'int' = 3
print(HasX.__protocol_attrs__, isinstance(WithX(), HasX), isinstance(3, HasX), sorted(HasX.__annotations__))
print([name for name in WithX.__dict__ if 'cell' in name])
