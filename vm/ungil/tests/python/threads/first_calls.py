"""Functions whose first calls, and first looks at their code, come from several threads at the same time."""

import threading

FUNCTIONS, THREADS, ROUNDS = 60, 4, 8
SOURCE = "\n".join(
    f'''
def f{i}(a, b=2, *rest, key="k{i}", **others):
    "Text {i}."
    def inner(x): return [x, a, (b, "c{i}")]
    try:
        return {{"i": {i}, "in": inner(len(rest)), "key": key, "others": sorted(others)}}
    finally:
        rest = None
def g{i}(n):
    for k in range(n):
        yield k * {i}
'''
    for i in range(FUNCTIONS)
)
mistakes = []


def called(f, g, i):
    if f(1, 3, 4, 5, other=6) != {"i": i, "in": [2, 1, (3, f"c{i}")], "key": f"k{i}", "others": ["other"]}:
        mistakes.append(("call", i))
    if list(g(4)) != [0, i, 2 * i, 3 * i]:
        mistakes.append(("generator", i))


def looked_at(f, g, i):
    code = f.__code__
    seen = f.__doc__, code.co_varnames, code.co_cellvars, code.co_consts[0], g.__code__.co_names
    expected = f"Text {i}.", ("a", "b", "key", "rest", "others", "inner"), ("a", "b"), f"Text {i}.", ("range",)
    if seen != expected:
        mistakes.append(("look", i, seen))
    if code != code.replace() or hash(code) != hash(code.replace()) or not list(code.co_positions()):
        mistakes.append(("code", i))


def work(namespace, number, barrier):
    barrier.wait()
    for i in range(FUNCTIONS):
        f, g = namespace[f"f{i}"], namespace[f"g{i}"]
        for step in (called, looked_at) if (number + i) % 2 else (looked_at, called):
            step(f, g, i)


def replacing(namespace, barrier):
    """Gives functions other code while they are called first."""
    barrier.wait()
    for i in range(FUNCTIONS):
        namespace[f"h{i}"].__code__ = namespace[f"j{i}"].__code__


def calling(namespace, barrier):
    barrier.wait()
    for i in range(FUNCTIONS):
        if namespace[f"h{i}"]() not in ("old", "new"):
            mistakes.append(("replaced", i))


for _ in range(ROUNDS):
    namespace = {}
    exec(SOURCE, namespace)
    barrier = threading.Barrier(THREADS)
    threads = [threading.Thread(target=work, args=(namespace, n, barrier)) for n in range(THREADS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for i in range(FUNCTIONS):
        exec(f"def h{i}():\n  'doc'\n  return 'old'\ndef j{i}(): return 'new'", namespace)
    barrier = threading.Barrier(3)
    threads = [threading.Thread(target=replacing, args=(namespace, barrier))]
    threads += [threading.Thread(target=calling, args=(namespace, barrier)) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if {namespace[f"h{i}"]() for i in range(FUNCTIONS)} != {"new"}:
        mistakes.append("not replaced")
print(len(mistakes), mistakes[:3])


def documented():
    "The text."


def other():
    pass


documented.__code__ = other.__code__
print(documented.__doc__, other.__doc__)
other.__code__ = compile("def f():\n  'Another.'\n  return 7", "f.py", "exec").co_consts[0]
print(other.__doc__, other(), other.__code__.co_consts)
del documented.__doc__
print(documented.__doc__)
