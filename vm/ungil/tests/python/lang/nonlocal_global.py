"""nonlocal and global statements in nested functions and classes."""

g = 0


def outer():
    g = "outer's"

    def uses_global():
        global g
        g += 1
        return g

    def uses_nonlocal():
        nonlocal g
        g = "rebound"
        return g

    first = uses_global()
    uses_nonlocal()
    return first, g


print(outer(), g)


def with_class():
    x = 1

    class C:
        nonlocal x
        x = 2
        y = x

    return x, C.y, hasattr(C, "x")


print(with_class())


class D:
    global made_in_class
    made_in_class = "yes"


print(made_in_class, hasattr(D, "made_in_class"))


def deletes():
    global g
    del g


deletes()
try:
    g
except NameError as error:
    print(error)


def loops():
    last = None

    def run():
        nonlocal last
        for last in range(4):
            pass
        with open("nonlocal_global.py") as last:
            pass
        try:
            raise ValueError("v")
        except ValueError as last:
            print(repr(last))
        return "last" in locals()

    run()
    try:
        return last
    except NameError as error:
        return str(error)


print(loops())
