# exit: 1
"""print without parentheses."""

print "hello"
