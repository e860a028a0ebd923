# exit: 1
"""The tree in which an uncaught exception group is shown."""


def fail(error):
    raise error


errors = []
for make in (lambda: fail(ValueError("one")), lambda: 1 / 0):
    try:
        make()
    except Exception as error:
        errors.append(error)
try:
    raise ExceptionGroup("inner", [OSError("no traceback")])
except ExceptionGroup as inner:
    errors.append(inner)
raise ExceptionGroup("outer", errors)
