# exit: 1
"""Where the traceback's carets go: a raise statement: none."""


def whole_line():
    raise ValueError("whole")


whole_line()
