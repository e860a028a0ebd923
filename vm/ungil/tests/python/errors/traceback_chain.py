# exit: 1
"""Chained exceptions: both sentences between the tracebacks, and what `from None` hides."""


def first():
    raise KeyError("first")


def second():
    try:
        first()
    except KeyError as error:
        raise ValueError("second") from error


def third():
    try:
        second()
    except ValueError:
        undefined_name


def fourth():
    try:
        third()
    except NameError:
        try:
            raise TypeError("hidden")
        except TypeError:
            raise RuntimeError("visible") from None


try:
    third()
except NameError as error:
    e = error
    while e:
        print(type(e).__name__, e)
        e = e.__cause__ or e.__context__
third()
