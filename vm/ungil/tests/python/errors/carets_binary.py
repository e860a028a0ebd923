# exit: 1
"""Where the traceback's carets go: a binary operator among others."""


def binary():
    a, b = 1, "x"
    return (a + 1) + b * (2 if b else 3) + a


binary()
