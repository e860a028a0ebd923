# exit: 1
"""A keyword with a typo gets a suggestion."""

x = [1, 2]
fro i in x:
    print(i)
