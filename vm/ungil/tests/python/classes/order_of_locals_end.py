"""The order in which locals and arguments are dropped when a frame ends."""

class D:
    def __init__(self, n): self.n=n
    def __del__(self): print('del', self.n)
def f(p, q):
    a = D(1); b = D(2); c = D(3)
    return 5
print(f(D('p'), D('q')))
def g():
    a = D(1); b = D(2); c = [D(4), D(5)]
    1/0
try: g()
except ZeroDivisionError: print('caught')
print('after')
def gen():
    a = D('g1'); b = D('g2')
    yield 1
    c = D('g3')
for _ in gen(): pass
x = gen(); next(x); del x
x = gen(); next(x); x.close()
async def co():
    a = D('c1'); b = D('c2')
try: co().send(None)
except StopIteration: print('stop')
class I:
    def __init__(self):
        a = D('i1'); b = D('i2'); self.x=1
I(); print('made')
def h(*a, **k): pass
h(D('h1'), D('h2'), x=D('h3'), y=D('h4'))
def loop():
    a = D('l1')
    for i in range(2):
        b = D(('l2', i))
    c = D('l3')
loop()
