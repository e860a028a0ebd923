"""_random.Random: the sequences of the Mersenne Twister, seeds and states."""
import _random
R=_random.Random

def t(f):
    try: print(f())
    except Exception as e: print(type(e).__name__,e)
t(lambda:R(1,2)); t(lambda:R(x=1)); t(lambda:R([])); t(lambda: R(1).getrandbits(-1)); t(lambda: R(1).getrandbits(2**70)); t(lambda: R(1).getrandbits("x")); t(lambda: R(1).getrandbits(0)); t(lambda: R(1).setstate([])); t(lambda: R(1).setstate((1,)));
s=R(1).getstate()
t(lambda: R(1).setstate(s[:-1]+(-1,))); t(lambda: R(1).setstate(s[:-1]+(625,))); t(lambda: R(1).setstate(s[:-1]+("a",)));t(lambda: R(1).setstate(("a",)+s[1:]));t(lambda: R(1).setstate((-1,)+s[1:]));t(lambda: R(1).setstate((2**70,)+s[1:]));t(lambda: R(1).setstate((2**32,)+s[1:])); t(lambda: R(1).setstate(s[:-1]+(2**70,))); t(lambda: R(1).setstate((1.0,)+s[1:]))
r=R(1); print(r.setstate(s[:-1]+(624,)), r.random())
for seed in (0,1,-1,2**32,2**64+3,10**100,True,1.5,"abc"[:0],b"", (1,2)):
    r=R(seed); print([r.random() for _ in range(3)], [r.getrandbits(k) for k in (1,5,32,33,64,100,1000)])
r=R(5); h=hash(r.getstate()); print(h, len(r.getstate()))
for i in range(700): r.random()
print(hash(r.getstate()), r.seed(), R().random()!=R().random())
class I(int):
    def __abs__(self): return 7
    def __hash__(self): return 9
print(R(I(-3)).random(), R(3).random())
class S(R):
    def __init__(self,*a,**k): pass
print(S(1,2,x=3).getstate()[:3], S(1).getstate()[-1])
t(lambda: r.seed(1,2)); t(lambda: r.random(1)); t(lambda: S(5).random())
