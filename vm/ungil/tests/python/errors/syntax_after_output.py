# exit: 1
"""A syntax error comes before anything runs, so that nothing is printed."""

print("never printed")
x = 1 +
