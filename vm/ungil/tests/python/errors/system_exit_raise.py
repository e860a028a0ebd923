# exit: 5
"""raise SystemExit ends the program like sys.exit; atexit functions run, in reverse order."""

import atexit

atexit.register(print, "registered first")
atexit.register(lambda: print("registered last"))
print("body")
raise SystemExit(5)
