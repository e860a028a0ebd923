"""exec, eval, compile and the dictionaries they run in; globals() and locals()."""

namespace = {}
exec("a = 1\ndef f(): return a + b", namespace)
namespace["b"] = 5
print(namespace["f"](), sorted(k for k in namespace if not k.startswith("__")), "__builtins__" in namespace)
print(eval("x + 1", {"x": 2}), eval(" 1 + \t2 "), eval("(y := 3)", namespace), namespace["y"])
exec("z = q * 2", {"q": 3}, local := {})
print(local)
code = compile("1 + 1", "<here>", "eval")
print(eval(code), code.co_filename, code.co_name)
exec(compile("print('single'); 5", "<s>", "single"))
exec(compile("'shown'", "<s>", "single"))


def inside():
    v = 1
    exec("v = 2; w = 3")
    snapshot = locals()
    snapshot["v"] = 99
    return v, "w" in locals(), eval("v + 1"), sorted(locals())


print(inside())
globals()["made"] = "by globals()"
print(made)


class Body:
    locals()["via_locals"] = 7
    names = sorted(n for n in locals() if not n.startswith("__"))


print(Body.via_locals, Body.names)
for bad in ("eval", "1 +", "x = 1"), ("eval", "", ""):
    try:
        eval(bad[1])
    except SyntaxError as error:
        print(error.msg, error.lineno, error.offset)
try:
    exec("undefined", {"__builtins__": {}})
except NameError as error:
    print(error)
try:
    exec("len", {"__builtins__": {}})
except NameError as error:
    print(error)
print(eval("len('abc')", {"__builtins__": {"len": lambda x: "mine"}}))
try:
    compile("1", "f", "wrong")
except ValueError as error:
    print(error)
try:
    eval(5)
except TypeError as error:
    print(error)
