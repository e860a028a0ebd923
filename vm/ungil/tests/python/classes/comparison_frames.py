"""Comparisons and subscripts of Python classes: NotImplemented, truth of results, jumps, errors, recursion, generators."""
class A:
    def __init__(s,v): s.v=v
    def __eq__(s,o): return s.v==o.v if isinstance(o,A) else NotImplemented
    def __lt__(s,o): return s.v<o.v if isinstance(o,A) else NotImplemented
    def __getitem__(s,i):
        if i=='err': raise KeyError(i)
        if i=='ni': return NotImplemented
        return (s.v,i)
    def __hash__(s): return 1
class B(A):
    def __eq__(s,o): return 'B says'
class T:
    def __bool__(s): raise ValueError('no truth')
class C:
    def __eq__(s,o): return T()
    def __lt__(s,o): return []
    def __gt__(s,o): return [1]
    def __le__(s,o):
        x=object(); y=[x]; y.append(y)
        return True
    def __ge__(s,o): raise IndexError('ge')
a,b=A(1),A(2)
print(a==b,a==A(1),a!=b,a<b,b<a,a>b,a==3,a!=3,3==a)
for f in (lambda: a<3, lambda: 3<a, lambda: a<=b, lambda:a['err'], lambda: C()>=1):
    try: print(f())
    except Exception as e: print(type(e).__name__,e)
print(a==B(1), B(1)==a, a[3], a['ni'], a[1:2])
c=C()
print(bool(c<1), bool(c>1), c<1, c>1, c<=1)
def j(x,y):
    r=[]
    if x<y: r.append('lt')
    if not x<y: r.append('nlt')
    if x==y: r.append('eq')
    if x!=y: r.append('ne')
    while x==y:
        r.append('w'); break
    return r
print(j(a,b),j(b,a),j(a,A(1)))
try: print(j(c,1))
except Exception as e: print(type(e).__name__,e)
try:
    if c==1: print('x')
except ValueError as e: print(e)
if c<1: print('bad')
else: print('ok')
if c>1: print('ok')
if c<=1: print('ok')
i=0
class N:
    def __init__(s,n): s.n=n
    def __lt__(s,o): return s.n<o
n=N(0)
while n<100000: n.n+=1
print(n.n)
class R:
    def __eq__(s,o): return s==o
    def __lt__(s,o): return s<o
    def __getitem__(s,i): return s[i]
for f in (lambda: R()==R(), lambda: R()<R(), lambda: R()[1]):
    try: f()
    except RecursionError as e: print('RecursionError', str(e)[:31])
import sys, traceback
class E:
    def __lt__(s,o):
        raise ValueError('in lt')
    def __getitem__(s,o):
        yield 1
def g():
    if E()<1:
        pass
try: g()
except ValueError as e: print([(f.name, f.lineno) for f in traceback.extract_tb(e.__traceback__)])
print(list(E()[0]))
print(sorted([N2 for N2 in [A(3),A(1),A(2)]])[0].v, A(1) in [b,A(1)], [b,A(1)].index(A(1)))
x=A(5)
print(sys.getrefcount(x)); x==x; x<b; x[1]; print(sys.getrefcount(x))
