# exit: 1
"""Where the traceback's carets go: a lambda and its call in one line."""


def lambda_inside():
    return (lambda x: x / 0)(1)


lambda_inside()
