# exit: 1
"""Where the traceback's carets go: one of several subscripts."""


def subscript():
    table = {"k": [1, 2]}
    return table["k"][0]["deep"] + 1


subscript()
