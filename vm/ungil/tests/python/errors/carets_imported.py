# exit: 1
"""Where the traceback's carets go: a from import."""


def imported():
    from math import nothing


imported()
