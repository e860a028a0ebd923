def f(x):
    try:
        g()
    except ValueError as e:
        return e
    except (TypeError, KeyError):
        pass
    else:
        h()
    finally:
        done()


def g():
    for i in x:
        try:
            continue
        finally:
            with a as b, c:
                return b


def h():
    try:
        raise A from b
    except* A as e:
        raise
