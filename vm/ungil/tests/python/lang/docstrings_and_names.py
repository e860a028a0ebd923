"""Docstrings, __name__ and friends of modules, classes and functions."""

print(__doc__, __name__, __spec__, __package__)


def f():
    """Indented
        more
    back."""


class C:
    """Class doc."""

    def m(self):
        "method doc"

    x = 5
    """Not a docstring."""


def not_doc():
    f"formatted {1}"


def bytes_doc():
    b"bytes"


def joined():
    "one " "two"


print(repr(f.__doc__))
print(C.__doc__, C.m.__doc__, not_doc.__doc__, bytes_doc.__doc__, joined.__doc__)
print(C.__name__, C.__qualname__, C.__module__, C.__firstlineno__)
print((lambda: "x").__doc__, C().__doc__)
C.__doc__ = "changed"
print(C.__doc__)
