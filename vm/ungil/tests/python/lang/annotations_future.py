"""`from __future__ import annotations` keeps annotations as source text."""
from __future__ import annotations


def f(a: undefined, b: list[int]=1, *c: "quoted", d: (1 if x else 2) = 2) -> dict[str,   int]:
    pass


print(f.__annotations__)


class C:
    a: x.y.z
    b: lambda: 1 = 5
    c: not 3 + 4 * 2
    d: [i for i in range(3) if i]
    e: f"{a!r:>{b}}"
    g: {1: 2, **k} | {3}
    h: a[1:2, ...]
    i: (yield_ if a else b)
    j: -a ** 2


for name, text in C.__annotations__.items():
    print(name, "=", text)
