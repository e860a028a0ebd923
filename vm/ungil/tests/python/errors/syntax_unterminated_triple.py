# exit: 1
"""A triple-quoted string that is never closed."""

x = 1
y = '''open
and
more
