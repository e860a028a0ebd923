# exit: 1
"""Where the traceback's carets go: del of an item."""


def delete():
    d = {}
    del d["missing"]


delete()
