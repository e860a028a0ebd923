# exit: 1
"""A keyword as a name."""

class = 5
