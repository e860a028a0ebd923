# exit: 1
"""Where the traceback's carets go: an assert."""


def assertion():
    assert 1 == 2, "not equal"


assertion()
