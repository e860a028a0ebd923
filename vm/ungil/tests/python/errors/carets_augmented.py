# exit: 1
"""Where the traceback's carets go: augmented assignment."""


def augmented():
    n = 1
    n += "x"


augmented()
