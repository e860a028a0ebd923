# exit: 1
"""Where the traceback's carets go: one item of a with statement."""


def with_block():
    with open("no/such/file") as f, open("other"):
        pass


with_block()
