"""Operators of Python classes: NotImplemented, reflected methods, errors, generators and coroutines as results."""

class V:
    def __init__(self,x): self.x=x
    def __add__(self,o):
        if isinstance(o,str): return NotImplemented
        return V(self.x+(o.x if isinstance(o,V) else o))
    def __radd__(self,o): return V(('r',o))
    def __sub__(self,o): raise ValueError(o)
    def __mul__(self,o):
        yield o
    async def __matmul__(self,o): pass
    def __pow__(self,o,m=None): return ('pow',o)
    def __iadd__(self,o): return NotImplemented
    def __mod__(self,o): return NotImplemented
    def __floordiv__(self,o,*rest): return rest
class W(V):
    def __radd__(self,o): return 'w'
class U:
    def __rmod__(self,o): return 'U.rmod'
    def __radd__(self,o): return 'U.radd'
class N:
    __add__=None
a=V(1); b=V(2)
for i in range(3):
    c=a+b; print(c.x)
    print((V(3)+V(4)).x, (a+1).x)
    print(V(1)+W(2)); print((W(1)+V(2)).x)
    print(a+'s' if 0 else '')
    for f in (lambda:a+'s', lambda:a-1, lambda:a%2, lambda:a%V(3), lambda: N()+1, lambda: N()+V(1), lambda: 1+N()):
        try: r=f(); print(getattr(r,'x',r))
        except Exception as e: print(type(e).__name__, e, e.__traceback__.tb_next.tb_next.tb_lineno if e.__traceback__.tb_next.tb_next else '')
    print((a%U()).split()[0] if isinstance(a%U(), str) else a%U(), type(a+U()).__name__)
    print(list(a*3), a**2, a//3); (a@3).close()
    x=V(5); x+=1; print(x.x); x+=b; print(x.x)
    x=b; x=x+x; print(x.x)
    try:
        x+='s'
    except TypeError as e: print(e)
    try:
        x%='s'
    except TypeError as e: print(e)
import sys, traceback
class T:
    def __add__(self,o):
        print([f.name for f in traceback.extract_stack()])
        f=sys._getframe(); print(f.f_back.f_lineno, f.f_locals.keys())
        return NotImplemented if o==1 else 5
try: T()+1
except TypeError as e: print(e)
print(T()+2)
class R:
    def __add__(self,o): return self+o
try: R()+1
except RecursionError as e: print(e)
def g():
    return (yield)+(yield)
h=g(); next(h); h.send(a)
try: h.send(b)
except StopIteration as e: print(e.value.x)
class DD:
    def __del__(self): print('del')
    def __add__(self,o): return 1
print(DD()+DD())
z=DD()+1
