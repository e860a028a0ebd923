"""`f_lineno` of a frame that is not in a trace function cannot be set."""

import sys

frame = sys._getframe()
for value in 3, "3", 3.0, None:
    try:
        frame.f_lineno = value
    except ValueError as error:
        print(error)
try:
    del frame.f_lineno
except AttributeError as error:
    print(error)
