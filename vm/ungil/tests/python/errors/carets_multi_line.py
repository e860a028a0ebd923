# exit: 1
"""Where the traceback's carets go: an expression over several lines."""


def multi_line():
    return max(
        1,
        min(2,
            None),
        3,
    )


multi_line()
