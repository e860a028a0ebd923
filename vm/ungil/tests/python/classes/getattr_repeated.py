"""Attributes asked for by `getattr` and `hasattr` again and again while classes and instances change."""
class A:
    def __init__(self): self.x=1
a=A()
for i in range(3):
    print(getattr(a,'x'), getattr(a,'y',7), hasattr(a,'y'), hasattr(a,'x'))
A.y=5
print(getattr(a,'y',7), hasattr(a,'y'))
del A.y
print(getattr(a,'y',7), hasattr(a,'y'))
for i in range(3): print(getattr(a,'y',None))
A.__getattr__=lambda self,n: n*2
print(getattr(a,'y',7), hasattr(a,'y'))
del A.__getattr__
for i in range(3): print(getattr(a,'y',None), hasattr(a,'y'))
class B(A): pass
b=B()
for i in range(3): print(getattr(b,'z',None))
class M(A): z=3
B.__bases__=(M,)
print(getattr(b,'z',None))
A.q=property(lambda s: 8)
print(getattr(b,'q',None), getattr(b,'q'))
a.f=False
for i in range(3): print(hasattr(a,'f'), getattr(a,'f'), hasattr(a, 'g'))
b.__class__=A
print(getattr(b,'z',None))
for i in range(3):
    try: getattr(a,'nope')
    except AttributeError as e: print(e)
a.__dict__; a.__dict__['w']=9
for i in range(3): print(getattr(a,'w',None), hasattr(a,'v'))
a.__dict__['v']=9
print(hasattr(a,'v'))
del a.v
print(hasattr(a,'v'))
A.__getattribute__=lambda s,n: n
print(getattr(a,'w',None), hasattr(a,'vvv'))
class S(str): pass
del A.__getattribute__
print(getattr(a,S('w'),None), getattr(a,''.join(['w']),None))
import math
print(hasattr(math,'pi'),hasattr(math,'pi2'),getattr(int,'from_bytes')(b'a'),hasattr(3,'real'),hasattr([], 'append'), getattr([], 'foo', 2))
for i in range(3): print(getattr([], 'foo', 2), callable(getattr([], 'append')), getattr({}, 'get')('a',3))
try: getattr(a, 3)
except TypeError as e: print(e)
print(id(a)==id(a), id(3)==id(3), type(id(a)))
