"""Syntax errors in expressions: message and position."""

SOURCES = r'''
1 +
* 2
a b
a = 1 2
f(1 2)
print "text"
exec "code"
x = (1, 2
x = [1, 2
x = {1: 2
x = (1, 2]
x = )
1 if 2
1 if 2 else
x = if
not
a not b
a is is b
lambda x
lambda: (yield = 1)
a..b
a.1
a ? b
a $ b
a ! b
a = = b
a =+ = b
a <> b
a ++
++
a &&& b
[for x in y]
[x for]
[x for x in]
[x, y for x in z]
{x: y, z for x in y}
{1: 2, 3}
{1:}
{1: *a}
{**a: 1}
{1, **a}
(x for x in y, 1)
f(x for x in y, 1)
f(a, x for x in y)
f(**a, *b)
f(**a, b)
f(a=1, b)
f(a=1, a=2)
f(a.b=1)
f(True=1)
f(1=2)
f(a := 1 = 2)
f(*)
f(**)
f(,)
x[
x[]
x[1:2:3:4]
await x
yield
yield x
1.e
1__0
0777
0xg
0b2
0o8
1_
1.5abc
1e
1jx
"abc
'abc
"""abc
"a" b"c"
b"é"
"\N{no such name}"
"\x1"
"\u12"
"\U00110000"
b"\x1"
f"{"
f"}"
f"{}"
f"{a b}"
f"{a!x}"
f"{a!}"
f"{a:{"
f"{a"
f"{*}"
f"{lambda x: 1}"
f"{a = !}"
f"{a.}"
t"{}"
t"a" f"b"
t"a" "b"
x := 1
(x := 1, y := 2) = 3
(a.b := 1)
(x[0] := 1)
[x := 1 for x in y]
[i for i in (i := 5)]
None = 1
...
....
a if b else c = 1
ur"a"
x = 5 if y else
a = b = 
:
;
x;;y
import a.b as
'''.strip("\n").split("\n")
for source in SOURCES:
    try:
        compile(source + "\n", "<s>", "exec")
        print(f"{source!r}: fine")
    except SyntaxError as error:
        print(f"{source!r}: {type(error).__name__} {error.msg} | {error.lineno}:{error.offset}-{error.end_lineno}:{error.end_offset}")
