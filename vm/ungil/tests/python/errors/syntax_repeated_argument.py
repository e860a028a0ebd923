# exit: 1
"""A parameter twice."""

def f(first, second, first):
    pass
