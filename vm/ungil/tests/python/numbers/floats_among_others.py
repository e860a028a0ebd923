"""Arithmetic and comparisons of floats, NaNs and infinities with each other and with what is no float."""

nan=float('nan'); inf=float('inf')
vals=[0.0,-0.0,1.5,-2.5,nan,-nan,inf,-inf,1,0,-3,True,None,'a',10**30,2.0**0.5]
import operator as o
def t(f):
    try: return repr(f())
    except Exception as e: return type(e).__name__+str(e)
for x in vals:
    for y in vals:
        print(x,y,t(lambda:x+y),t(lambda:x-y),t(lambda:x*y),t(lambda:x/y),t(lambda:x//y),t(lambda:x%y),t(lambda:x<y),t(lambda:x<=y),t(lambda:x>y),t(lambda:x>=y),t(lambda:x==y),t(lambda:x!=y), t(lambda: 1 if x<y else 2),t(lambda: 1 if x>=y else 2),t(lambda: 1 if x==y else 2),t(lambda: 1 if not x!=y else 2))
    print(x,t(lambda:x+1),t(lambda:x*0),t(lambda:x-1),t(lambda:x<1),t(lambda:x==1),t(lambda:1 if x<=1 else 0),t(lambda:1 if x!=1 else 0),t(lambda:-x), t(lambda:x/2))
