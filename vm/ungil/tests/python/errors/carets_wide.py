# exit: 1
"""Where the traceback's carets go: names in other scripts, wide ones among them."""


def wide():
    é, 日本 = 1, None
    return é + 日本 + é


wide()
