# exit: 1
"""sys.exit with text writes it to stderr and ends with 1."""

import sys

print("out")
sys.exit("message to stderr")
