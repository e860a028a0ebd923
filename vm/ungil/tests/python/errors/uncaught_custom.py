# exit: 1
"""How the last line names exceptions: module, no message, several arguments, a failing __str__."""

import traceback


class Outer:
    class Nested(Exception):
        pass


class BadStr(Exception):
    def __str__(self):
        raise ValueError


class Multi(Exception):
    pass


for error in (Outer.Nested("n"), BadStr("b"), Multi(), Multi(1, 2), Multi("line\nbreak"), KeyError("k"), OSError(2, "missing", "file"), StopIteration(), SystemExit(1), Multi(None), Multi("")):
    print(traceback.format_exception_only(error))
raise Multi("first", 2)
