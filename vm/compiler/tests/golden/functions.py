def outer(a, b=1, *, c=2, d=g()):
    """Docstring."""
    n = 0

    @decorate
    @more(1)
    def inner(x: int = 3) -> str:
        nonlocal n
        n += 1
        return a, x, n

    return inner, lambda y, *z: (y, b)
