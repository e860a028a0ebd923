def f(a, b, c):
    if a < b <= c:
        return 1
    if a is None or b is not None and c in (1, 2):
        return 2
    if not (a == 3 and b != "x"):
        return a in [1, 2, 3], b not in {4, 5}
    x = a < f(b) < g(c) < 10
    return x, a is b, a == b
