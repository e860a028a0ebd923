# exit: 1
"""Tabs and spaces that cannot be compared."""

if True:
        x = 1
	y = 2
