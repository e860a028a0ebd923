# exit: 1
"""Repeated lines of a recursion are folded."""

import sys

sys.setrecursionlimit(200)


def recurse(n):
    return recurse(n + 1)


recurse(0)
