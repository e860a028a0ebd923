"""exec() with a closure, with builtins of one's own, and what __import__ gets."""

from types import CellType, MappingProxyType


def make():
    a, b, result = 2, 3, None

    def multiply():
        nonlocal result
        result = a * b
        return result

    return multiply


f = make()
exec(f.__code__, f.__globals__, closure=f.__closure__)
print([cell.cell_contents for cell in f.__closure__])
cells = (CellType(35), CellType(72), CellType())
exec(f.__code__, {}, closure=cells)
print(cells[2].cell_contents)
for args, closure in [((f.__code__, {}), None), ((f.__code__, {}), cells[:2]), ((f.__code__, {}), list(cells)),
                      (("pass",), cells), ((make.__code__, {}), cells)]:
    try:
        exec(*args, closure=closure)
    except TypeError as err:
        print(err)
ns = {"__builtins__": MappingProxyType({"__import__": lambda *args: args[0]})}
exec("import foo.bar", ns)
print(ns["foo"])
print(eval("x", {"__builtins__": MappingProxyType({"x": 1})}))


class Refuses(dict):
    def __getitem__(self, key):
        raise LookupError(key)


for globals in Refuses(x=1), {"__builtins__": Refuses(x=1)}:
    try:
        exec("x", globals)
    except LookupError as err:
        print(repr(err))
try:
    exec("x", {"__builtins__": 123})
except TypeError as err:
    print(err)
print(sum([0.1j] * 10), sum([0.1] * 10 + [1j]))
print(f"{f.__closure__ is not None}", type(type(f).__globals__).__name__)
