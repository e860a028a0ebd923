def f(o, p):
    a, b = b, a = p, o
    a, b = b, a + b
    x, *y = p
    o.attr = o[1] = p[1:2] = x
    o.attr += 1
    o[x] -= y
    o[1:2] += p
    del o.attr, p[0], (x, y)
    import os.path, sys as system
    from .mod import name as n, other
    global G
    G = assertion = 1
    assert a, "message"
    p[(a := 1)] = a + (a := 2)
    u: int = 3
    return u
