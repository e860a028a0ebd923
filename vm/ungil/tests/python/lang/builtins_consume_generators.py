"""Builtins that take a generator expression whole: the loop runs in the caller, and nothing tells but the time it takes."""

import traceback
def f(n):
    print(tuple(i*i for i in range(n)), list(i for i in range(n)), set(i%3 for i in range(n)), all(i<5 for i in range(n)), any(i>3 for i in range(n)))
for n in (0,3,8): f(n)
print(tuple(x for x in 'abc' if x!='b'), all(x for x in ()), any(x for x in ()))
def g():
    yield from (1,2)
    raise ValueError('x')
try: tuple(v for v in g())
except ValueError as e:
    print([(f.name, f.lineno, f.colno, f.end_colno) for f in traceback.extract_tb(e.__traceback__)])
try: tuple(
  1/v
  for v in (1,0))
except ZeroDivisionError as e:
    print([(f.name, f.lineno, f.colno, f.end_colno) for f in traceback.extract_tb(e.__traceback__)])
class C:
    y=[1,2]
    t=tuple(i for i in y)
    print(t, all(i for i in y))
def h():
    tuple=lambda g: 'mine'
    return tuple(i for i in 'ab')
print(h())
def k():
    def any(g): return next(g)
    return any(i for i in 'ab')
print(k())
saved=all
def all(g): return 'global all'
print(all(i for i in 'ab'))
del all
print(all(i for i in 'ab'))
import builtins
old=builtins.any
builtins.any=lambda g: 'patched'
print(any(i for i in 'ab'))
builtins.any=old
def early():
    def gen():
        try:
            for i in range(10): yield i
        finally: print('closed')
    r=any(x==2 for x in gen())
    print('r',r)
early()
async def co():
    async def ag():
        yield 1
    try: return tuple([x async for x in ag()]), all(x for x in [1])
    except TypeError as e: return e
import asyncio
print(asyncio.run(co()))
async def co2():
    async def ag():
        yield 1
    try: return tuple(x async for x in ag())
    except TypeError as e: return e
print(asyncio.run(co2()))
async def co3():
    async def v(): return 3
    try: return list((await v()) for x in [1])
    except TypeError as e: return e
print(asyncio.run(co3()))
try: set([] for i in range(2))
except TypeError as e: print(e)
def deep(n): return tuple(deep(n-1) for _ in range(1)) if n else ()
print(deep(50))
def rec(): return all(rec() for _ in range(1))
try: rec()
except RecursionError as e: print(e)
print(list(tuple(j for j in range(i)) for i in range(3)), f"{set(i for i in [1])}")
print([all(i<j for i in range(j)) for j in range(3)])
x=(yield_ for yield_ in [1,2]); print(tuple(x))
print(tuple(i for i in range(3))[1:], len(tuple(i for i in range(4))))
