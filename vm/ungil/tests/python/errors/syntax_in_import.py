# exit: 1
"""A syntax error in code given to exec keeps the traceback of the caller."""

def run(source):
    exec(source)

run("x = 1\ny = = 2\n")
