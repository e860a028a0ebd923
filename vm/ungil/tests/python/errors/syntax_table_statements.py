"""Syntax errors in simple statements: message and position."""

SOURCES = r'''
break
continue
return
return 1
if True: break
for x in y: pass; continue
del
del f()
del 1
del (a, 1)
del a + b
del *a
del None
del (a := 1)
import
import a as
import a as b.c
import a,
import a.b.
from a import
from import a
from a import *, b
from a import (b
from a import b,
from a import (b, c as d.e)
from . import *
from a import b as 1
from __future__ import nothing
from __future__ import braces
from a import (*)
import *
global
global x, 
nonlocal x
global 1
pass 1
raise a, b
raise a from
assert
assert a,
assert (a, b) = 1
a = 
= 1
a += 
a += b = c
a = yield = b
1 = a
"a" = 1
f() = 1
f() += 1
a + b = 1
-a = 1
(a + b) = 1
[a, 1] = b
(a, f()) = 1
{a, b} = 1
{a: b} = 1
{} = 1
[x for x in y] = 1
(x for x in y) = 1
lambda: 1 = 2
a and b = 1
not a = 1
a < b = 1
None = 1
True = 1
__debug__ = 1
... = 1
f"{a}" = 1
a if b else c = 1
*a = 1
*a, *b = 1
(*a) = 1
print(*a) = 1
a: int: str = 1
(a, b): int = 1
[a]: int
a, b: int
a.b: int = 
1: int
(a, b) += 1
[a] += 1
a.b.c() += 1
with a as 1: pass
with a as f(): pass
for 1 in x: pass
for f() in x: pass
for x y in z: pass
for x in: pass
for in x: pass
for x: pass
for *a in b: pass
type X
type X = 
type X[T = int
type 1 = 2
type X[] = 1
type x.y = 1
async x
async for x in y: pass
async with x: pass
await x
def f(): async x
match x:
'''.strip("\n").split("\n")
for source in SOURCES:
    try:
        compile(source + "\n", "<s>", "exec")
        print(f"{source!r}: fine")
    except SyntaxError as error:
        print(f"{source!r}: {type(error).__name__} {error.msg} | {error.lineno}:{error.offset}-{error.end_lineno}:{error.end_offset}")
