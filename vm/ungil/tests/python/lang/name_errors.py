"""Messages of NameError, UnboundLocalError and AttributeError; suggestions are in the traceback only."""


def attempt(function):
    try:
        function()
    except (NameError, AttributeError) as error:
        print(type(error).__name__, "|", error, "|", error.name)


def unbound():
    print(value)
    value = 1


def maybe(flag=False):
    if flag:
        value = 1
    return value


def augmented():
    total += 1


def free():
    def inner():
        return later

    inner()
    later = 1


def deleted():
    x = 1
    del x
    return x


def loop_variable():
    for i in []:
        pass
    return i


def in_comprehension():
    return [nothing for _ in range(1)]


def exception_name():
    try:
        raise ValueError
    except ValueError as e:
        pass
    return e


for function in unbound, maybe, augmented, free, deleted, loop_variable, in_comprehension, exception_name:
    attempt(function)
attempt(lambda: undefined)
attempt(lambda: (1).missing)
attempt(lambda: "text".uper)
attempt(lambda: [].appendd(1))
attempt(lambda: unbound.missing)
attempt(lambda: int.missing)
attempt(lambda: None.missing)


class C:
    pass


attempt(lambda: C.missing)
attempt(lambda: C().missing)
attempt(lambda: setattr(1, "x", 2))
attempt(lambda: setattr(object(), "x", 2))
attempt(lambda: delattr(C(), "x"))
attempt(lambda: delattr(C, "x"))
try:
    C.x = 1
    del C().x
except AttributeError as error:
    print(error)
try:
    (1).real = 5
except AttributeError as error:
    print(error)
try:
    int.new = 5
except TypeError as error:
    print(error)
try:
    (lambda: 0).__name__ = 5
except TypeError as error:
    print(error)
