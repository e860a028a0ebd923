# exit: 1
"""Two values in a call without a comma."""

print(1, 2 3)
