# exit: 1
"""Where the traceback's carets go: an expression inside an f-string."""


def fstring():
    return f"{1} and {1 / 0} end"


fstring()
