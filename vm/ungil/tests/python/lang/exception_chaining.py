"""__cause__, __context__ and __suppress_context__."""


def show(error):
    print(
        repr(error),
        "cause", repr(error.__cause__),
        "context", repr(error.__context__),
        "suppress", error.__suppress_context__,
    )


try:
    try:
        1 / 0
    except ZeroDivisionError as first:
        raise ValueError("second") from first
except ValueError as error:
    show(error)
    print(error.__cause__ is error.__context__)

try:
    try:
        1 / 0
    except ZeroDivisionError:
        {}["missing"]
except KeyError as error:
    show(error)

try:
    try:
        1 / 0
    except ZeroDivisionError:
        raise ValueError("quiet") from None
except ValueError as error:
    show(error)

try:
    raise ValueError("from a class") from KeyError
except ValueError as error:
    show(error)

try:
    try:
        raise ValueError("body")
    finally:
        raise TypeError("finally")
except TypeError as error:
    show(error)

try:
    raise ValueError from 5
except TypeError as error:
    print(error)

e = ValueError("set by hand")
e.__cause__ = KeyError("c")
show(e)
for name in "__cause__", "__context__":
    try:
        setattr(e, name, 5)
    except TypeError as error:
        print(error)

a, b = ValueError("a"), ValueError("b")
try:
    try:
        raise a
    except ValueError:
        try:
            raise b
        except ValueError:
            raise a
except ValueError as error:
    show(error)
    show(b)
