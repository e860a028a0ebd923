# exit: 1
"""Where the traceback's carets go: the element of a comprehension."""


def comprehension():
    return [1 / i for i in (1, 0)]


comprehension()
