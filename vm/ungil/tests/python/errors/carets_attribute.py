# exit: 1
"""Where the traceback's carets go: an attribute after a call."""


def attribute():
    value = "text"
    return value.strip().missing.other


attribute()
