"""Each instruction's fast path goes on to the next one by a jump: however often it runs, the native stack stays as it is."""

import os

PAGE = os.sysconf("SC_PAGE_SIZE")
TIMES = 60_000
# One word left behind by each execution would be 480 KB, and no frame is as small as that.
MOST_GROWTH = 1_500_000

SETUP = """
class Plain:
    def __init__(self, x):
        self.x = x
    def method(self, y=1):
        return self.x
    def __add__(self, other):
        return self
    def __eq__(self, other):
        return True
    @property
    def prop(self):
        return self.x
    @classmethod
    def made(cls):
        return cls
    @staticmethod
    def static():
        return 1
class Slotted:
    __slots__ = ("a",)
def defaults(a, b=2, *, c=3):
    return b
def generator():
    yield 1
    yield 2
def kwargs(**kw):
    return kw
def var(*args):
    return args
o = Plain(1)
s = Slotted()
s.a = 1
l = [1, 2, 3]
d = {"k": 1, 1: 2}
t = (1, 2)
f = 1.5
text = "abc"
st = {1, 2}
b = b"xyz"
big = 10 ** 30
"""

STATEMENTS = [
    "x = [i for i in (1, 2, 3, 4, 5, 6, 7, 8, 9)]",
    "x = {i for i in (1, 2, 3)}",
    "x = {i: i for i in (1, 2, 3)}",
    "x = tuple(i for i in t)",
    "x = all(i for i in t); y = any(i for i in t)",
    "x = o.x; o.x = x; x = o.method(); x = o.prop; x = o.made(); x = o.static()",
    "o.new = 1; del o.new",
    "x = s.a; s.a = x",
    "x = Plain(1); x = x + x; x = o == o",
    "x = defaults(1); x = defaults(1, c=2); x = kwargs(a=1); x = var(1, *t)",
    "x = l[0]; l[1] = x; x = l[-1]; x = l[0:2]; l[0:2] = [1, 2]",
    "l.append(1); l.pop()",
    "x = d['k']; d['k'] = x; x = d.get(1); d[2] = 1; del d[2]",
    "x = text[0]; x = text + text; x = text.upper(); x = f'{text}{f!r}'",
    "x = b[0]; x = b + b; x = len(b); x = len(l); x = isinstance(o, Plain)",
    "x = f + 1; x = 1 + f; x = f * f - f / f; x = -f; x = f < 2; x = f // 2; x = f % 2",
    "x = 7 + 3; x = 7 // 3; x = 7 % 3; x = 1 << 3; x = big + 1; x = big * big; x = ~7",
    "x = 1 in l; x = 'k' in d; x = 1 in st; x = 'a' in text; x = 1 not in t",
    "x, y = t; x, y = [1, 2]; x, *y = l",
    "for x in l: pass\nfor x in t: pass\nfor x in range(2): pass\nfor x in d: pass",
    "for x, y in enumerate(l): pass\nfor x, y in d.items(): pass\nfor x, y in zip(l, t): pass",
    "for x in generator(): pass",
    "if text: pass\nif not l: pass\nif o: pass\nif d and st: pass\nif '' or None: pass",
    "x = l is t; x = l is not None; x = not text",
    "try:\n    raise ValueError\nexcept ValueError as e: pass",
    "try: pass\nfinally: x = 1",
    "x = lambda: o",
    "match t:\n    case (1, y): pass",
    "x = max(1, 2); x = min(l); x = sum(t); x = sorted(t); x = str(1); x = int('1')",
    "x = super(Plain, o).__repr__",
    "global g\ng = 1\nx = g",
    "def inner(): return x\nx = 1; inner()",
]


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * PAGE


def indented(text, by):
    return "\n".join(" " * by + line for line in text.splitlines())


namespace = {}
exec(SETUP, namespace)
for statement in STATEMENTS:
    first = "" if not statement.startswith("global g\n") else "    global g\n"
    body = statement.removeprefix("global g\n")
    source = f"def run(times):\n{first}    for _ in range(times):\n{indented(body, 8)}\n"
    exec(source, namespace)
    namespace["run"](2_000)
    before = resident()
    namespace["run"](TIMES)
    growth = resident() - before
    print(statement.splitlines()[0], "ok" if growth < MOST_GROWTH else f"grew by {growth} bytes")
