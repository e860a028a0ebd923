"""Which except clause is taken, the lifetime of its name, else, and sys.exception()."""

import sys


def classify(action):
    try:
        action()
    except ZeroDivisionError:
        return "zero"
    except (KeyError, IndexError) as error:
        return "lookup " + type(error).__name__
    except ArithmeticError:
        return "arithmetic"
    except Exception as error:
        return f"other {error!r}"
    else:
        return "fine"


def fail(error):
    raise error


print(classify(lambda: 1 / 0))
print(classify(lambda: {}[1]))
print(classify(lambda: [][1]))
print(classify(lambda: fail(OverflowError)))
print(classify(lambda: fail(ValueError("v", 2))))
print(classify(lambda: None))

try:
    try:
        fail(ValueError("inner"))
    except KeyError:
        print("never")
except ValueError as error:
    print("outer", error)

print(sys.exception())
try:
    1 / 0
except ZeroDivisionError:
    print(repr(sys.exception()), sys.exc_info()[0].__name__)
    try:
        {}["k"]
    except KeyError:
        print(repr(sys.exception()))
    print(repr(sys.exception()))
print(sys.exception(), sys.exc_info())

try:
    try:
        1 / 0
    except ZeroDivisionError:
        raise
except ZeroDivisionError as error:
    print("reraised", error)
try:
    raise
except RuntimeError as error:
    print(error)


def wrong_handler():
    try:
        raise ValueError
    except 5:
        pass


try:
    wrong_handler()
except TypeError as error:
    print(error, "|", repr(error.__context__))
for bad in (5, "text", int, None):
    try:
        raise bad
    except TypeError as error:
        print(error)

kinds = (ValueError, (KeyError,))
try:
    raise ValueError("via a tuple")
except kinds[0:1] as error:
    print(error)


def lookup(name):
    return {"v": ValueError}[name]


try:
    raise ValueError("by expression")
except lookup("v"):
    print("expression")
