# exit: 1
"""Where the traceback's carets go: the iterable of a loop."""


def loop():
    for i in 5:
        pass


loop()
