"""import in its forms, and its errors."""

import sys
import sys as system, os.path
from os import path as p, sep
from math import (
    pi,
    floor as down,
)
import math

print(system is sys, os.path is p, sep, down(pi), math.floor is down)
print(sys.modules["math"] is math, __name__, math.__name__)


def local_import():
    import math as m

    return m.sqrt(16), "m" in globals()


print(local_import())
for statement in (
    "import no_such_module",
    "from math import no_such_name",
    "import os.no_such_part",
    "from . import x",
    "import math.x",
    "from sys import maxsize, nothing_here",
):
    try:
        exec(statement)
    except ImportError as error:
        print(type(error).__name__, error.name)
try:
    import no_such_module
except ModuleNotFoundError as error:
    print(error)
try:
    from math import no_such_name
except ImportError as error:
    print(str(error).partition(" (")[0])
from math import *

print(sqrt(9), cos(0))


class C:
    from math import e as euler
    import os


print(round(C.euler, 3), C.os is os)
sys.modules["blocked"] = None
try:
    import blocked
except ModuleNotFoundError as error:
    print(error)
sys.modules["fake"] = fake = type(sys)("fake", "its docstring")
fake.value = 42
import fake as again
from fake import value

print(again.value, value, repr(again), again.__doc__)
try:
    fake.missing
except AttributeError as error:
    print(error)
fake.__getattr__ = lambda name: "dynamic " + name
print(fake.missing)
from fake import other

print(other)
