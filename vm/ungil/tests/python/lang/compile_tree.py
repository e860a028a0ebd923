"""compile() of syntax trees: what sources cannot say, what is no tree, and a bit of everything."""
import ast
t=ast.Module([ast.Assign([ast.Name('@py x',ast.Store())], ast.Constant((1,2,frozenset([3]),-5,float('inf'),1e400, 3j, 10**40, '\ud800é"', b'\xff'))), ast.Expr(ast.Call(ast.Name('print',ast.Load()),[ast.Name('@py x',ast.Load())],[]))],[])
ast.fix_missing_locations(t)
exec(compile(t,'x','exec'))
for bad in [ast.Module([ast.Pass()],[]), ast.Module([ast.Expr(ast.Name('x',ast.Store(),lineno=1,col_offset=0),lineno=1,col_offset=0)],[]), ast.Module([3],[]), ast.Module([ast.fix_missing_locations(ast.Return(ast.Starred(ast.Name('a',ast.Load()),ast.Load())))],[]),
  ast.Module([ast.FunctionDef('f',ast.arguments(),[],[],lineno=1,col_offset=0)],[]), ast.Module((),[]), ast.Expression(ast.Constant([1],lineno=1,col_offset=1)), ast.Expression(ast.Name('None',ast.Load(),lineno=1,col_offset=1))]:
    try: compile(bad,'x','eval' if isinstance(bad,ast.Expression) else 'exec'); print('ok')
    except Exception as e: print(type(e).__name__, e)
import sys
print(eval(compile(ast.parse("[f'{x!r:>{w}}' for x in (1,'a{}') for w in (5,7)]",mode='eval'),'','eval')))
exec(compile(ast.Interactive(ast.parse('1+1;3').body),'','single'))
exec(compile(ast.parse('''
@(lambda f: f)
def f[T: int = 3](a, /, b: int = 2, *c: *T, d=4, **e) -> str:
    "doc"
    match b:
        case {'x': [1, *rest]} | {'y': rest} if True: pass
        case {'z': 1, **kw}: pass
        case int(real=-1) as q: pass
        case 1-2j | sys.flags.debug | None | "s": pass
        case _: return "def" + f.__doc__
type X[**P] = int
print(f(1), f.__annotations__ if 0 else '', X)
try:
    raise ExceptionGroup('a',[ValueError(3)])
except* ValueError as e: print(repr(e))
else: pass
finally: print('fin')
for i in range(3):
    if i == 0: continue
    elif i == 1: print('one')
    else: print('two')
else: print('end')
x = {**{1:2}, 3: {*[1]}}; del x[1]; print(x, [1,2,3][::2], (lambda *a, k=1: (a,k))(*[1], **{'k':2}))
with open('/dev/null') as h, h: pass
a, *b = 1,2,3; print(a,b)
y: int = 5
import os.path as p, sys
from os import *
print(t'{y!r:>3}'.interpolations)
assert y, 'no'
print((z := 4), z)
'''),'src','exec'))
