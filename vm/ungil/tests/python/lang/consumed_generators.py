"""Generator expressions that builtins consume run in their caller: only frames could tell."""
import traceback
def a(xs, k=2):
    return tuple(x*k for x in xs if x), set(x+y for x in xs for y in xs), list(x for x in ()), all(x for x in xs), any(x>k for x in xs), any(x>100 for x in xs for _ in xs), all([y for y in (x,)] for x in xs)
print(a([1,2,3])); print(a([0,5,1]))
def b(xs):
    return any(10//x for x in xs
        if x < 5)
def c(xs):
    it = iter([])
    return tuple(next(it) for x in xs)
def show(f, *a):
    try:
        f(*a)
    except Exception as e:
        while e is not None:
            print(type(e).__name__, e)
            for entry in traceback.extract_tb(e.__traceback__):
                print("   ", entry.name, entry.lineno, entry.colno, entry.end_lineno, entry.end_colno)
            e = e.__cause__
show(b,[0,2]); show(c,[1,2])
def d(xs):
    y=[]
    return list((y.append(x), [z for z in range(x)]) for x in xs), y
print(d([1,2]))
print(a.__code__.co_varnames, d.__code__.co_varnames)
def e(n):
    x='outer'
    r=set(x for x in range(n)); 
    return x, r, sorted(locals())
print(e(3))
def f(xs):
    return any((hit:=x)>1 for x in xs), hit
print(f([1,2,3]))
def g(set,xs): return set(x for x in xs)
print(g(sum,[1,2]))
list_=list
def h(xs):
    tuple=lambda g: type(g).__name__
    return tuple(x for x in xs)
print(h([1]))
def i(xs): return all(not x for x in xs), any(x and x>2 for x in xs), any(x or 0 for x in xs)
print(i([0,0]),i([3]))
def j(xs): return tuple(any(y for y in x) for x in xs)
print(j([[0],[1,0]]))
def k():
    yield from (tuple(x for x in range(i)) for i in range(3))
print(list(k()))
class Z:
    q=[1,2]
    w=tuple(v for v in q)
    def m(self): return tuple(self for _ in self.q) == (self,self)
print(Z.w, Z().m())
def l(xs):
    try: return list(1/x for x in xs)
    except ZeroDivisionError as e: return str(e), sorted(locals())
print(l([1,0]))
def m(xs): return tuple(lambda: x for x in xs)
print([q() for q in m([1,2])])
show(lambda: tuple(c for b in [1] for a in c for c in [1]))
def n(xs): return tuple(x async for x in xs) if 0 else 1
def o(o_):
    return any(p.x for p in o_)
show(o,[1])
def gen():
    yield 1
    raise KeyError('k')
show(lambda: set(x for x in gen()))
print([any(y==x for y in [1,2]) for x in [1,5]])
import builtins
def r(): return set(x for x in [1])
old=builtins.set; builtins.set=lambda g:'mine'
print(r()); builtins.set=old; print(r())
