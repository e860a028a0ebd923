# exit: 1
"""Where the traceback's carets go: a comparison in a condition."""


def condition():
    if 1 < "2":
        pass


condition()
