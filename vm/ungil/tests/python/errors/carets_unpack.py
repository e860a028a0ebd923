# exit: 1
"""Where the traceback's carets go: unpacking."""


def unpack():
    a, b = [1, 2, 3]


unpack()
