# exit: 1
"""Where the traceback's carets go: a whole call."""


def call():
    return len([1, 2, 3], int("5"))


call()
