# exit: 1
"""A failure at the bottom of a recursion of limited depth."""


def descend(n):
    if n == 0:
        raise LookupError("bottom")
    descend(n - 1)


descend(8)
