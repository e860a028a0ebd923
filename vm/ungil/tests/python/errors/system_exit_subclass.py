# exit: 3
"""The status may be of a class derived from `int`, as an `IntEnum`'s members are: nothing is printed."""

import enum
import sys


class Status(enum.IntEnum):
    FAILED = 3


sys.exit(Status.FAILED)
