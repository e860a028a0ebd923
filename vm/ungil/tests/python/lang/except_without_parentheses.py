"""Several exception types without parentheses, as Python 3.14 allows when there is no `as`."""


def kind(error):
    try:
        raise error
    except ValueError, KeyError:
        return "value or key"
    except TypeError, (OSError):
        return "type or os"


print(kind(ValueError()), kind(KeyError()), kind(TypeError()), kind(OSError()))
try:
    raise ExceptionGroup("group", [ValueError(1), TypeError(2)])
except* ValueError, TypeError:
    print("both")
