# exit: 1
"""return outside of a function."""

x = 1
return x
