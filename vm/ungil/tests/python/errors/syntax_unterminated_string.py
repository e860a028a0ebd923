# exit: 1
"""A string that is not closed on its line."""

x = "open
y = 1
