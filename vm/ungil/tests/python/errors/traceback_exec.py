# exit: 1
"""Code from strings has no source lines in the traceback."""

code = """
def f():
    return 1 / 0

f()
"""
try:
    exec(code)
except ZeroDivisionError as error:
    tb = error.__traceback__
    while tb:
        print(tb.tb_frame.f_code.co_name, tb.tb_lineno, tb.tb_frame.f_code.co_filename.rpartition("/")[2])
        tb = tb.tb_next
exec(compile(code, "<made>", "exec"))
