def f(x, w):
    a = f"{x!r:>{w}} {x=} {{}}" "tail"
    b = t"<{x!s:{w}}>"
    return f"{x}", a, b, "\ud800", b"\xff"
