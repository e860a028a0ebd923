# exit: 3
"""sys.exit with a number ends with that status, and `finally` runs on the way."""

import sys

for value in (None, 0, 7, "text", (1, 2)):
    try:
        sys.exit(value)
    except SystemExit as error:
        print(repr(error), repr(error.code))
try:
    sys.exit(3)
finally:
    print("finally")
