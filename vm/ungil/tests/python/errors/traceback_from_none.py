# exit: 1
"""`raise ... from None` shows one traceback only; notes come after the message."""

try:
    int("x")
except ValueError:
    error = RuntimeError("replaced")
    error.add_note("a note")
    error.add_note("with two\nlines")
    raise error from None
