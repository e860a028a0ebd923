# exit: 1
"""A colon is missing."""

def f(x):
    if x > 1
        return x
