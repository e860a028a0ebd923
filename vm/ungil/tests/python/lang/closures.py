"""Closures share variables, not values."""


def counter():
    n = 0

    def up():
        nonlocal n
        n += 1
        return n

    def get():
        return n

    return up, get


up, get = counter()
up()
up()
print(get(), up(), get())

functions = []
for i in range(3):
    functions.append(lambda: i)
print([f() for f in functions])
functions = [lambda i=i: i for i in range(3)]
print([f() for f in functions])
print([f() for f in [lambda: j for j in range(3)]])


def three_levels():
    a = 1

    def middle():
        b = a + 1

        def bottom():
            nonlocal a
            a += 10
            return a, b

        return bottom

    bottom = middle()
    return bottom(), bottom(), a


print(three_levels())


def parameter_cell(value, *args, key=0, **kw):
    def show():
        return value, args, key, kw

    value += 1
    return show


print(parameter_cell(1, 2, 3, key=4, z=5)())


def late():
    def use():
        return defined_later

    defined_later = "now"
    return use()


print(late())


def outer():
    v = 1

    def inner():
        return v

    print(inner.__closure__[0].cell_contents, inner.__code__.co_freevars, outer.__code__.co_cellvars)
    inner.__closure__[0].cell_contents = "poked"
    return inner()


print(outer())


def empty_cell():
    def inner():
        return w

    try:
        inner.__closure__[0].cell_contents
    except ValueError as error:
        print(error)
    try:
        inner()
    except NameError as error:
        print(error)
    w = 1
    del w
    try:
        inner()
    except NameError as error:
        print(error)


empty_cell()
