# exit: 1
"""A line that is indented without reason."""

x = 1
    y = 2
