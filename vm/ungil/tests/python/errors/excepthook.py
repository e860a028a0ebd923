# exit: 1
"""sys.excepthook sees the uncaught exception; its output replaces the traceback."""

import sys


def hook(kind, value, traceback):
    print("hook", kind.__name__, value, traceback.tb_lineno)


sys.excepthook = hook
raise LookupError("uncaught")
