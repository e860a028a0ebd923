"""`co_linetable`: what it says is what `co_positions` says, and another one may be put in its place."""


def comprehend(a):
    x = [i for i in a
         if i]
    return x


code = comprehend.__code__
same = code.replace(co_linetable=code.co_linetable)
print(list(same.co_positions()) == list(code.co_positions()), isinstance(code.co_linetable, bytes))
moved = code.replace(co_firstlineno=70)
again = code.replace(co_firstlineno=70, co_linetable=moved.co_linetable)
print(list(again.co_lines()) == list(moved.co_lines()))


def divide():
    1 / 0


def line_after_raise():
    try:
        divide()
    except ZeroDivisionError as error:
        return error.__traceback__.tb_next.tb_frame.f_lineno


print(line_after_raise())
divide.__code__ = divide.__code__.replace(co_linetable=b"\xf8" * 20)
print(line_after_raise())
try:
    code.replace(co_linetable="")
except TypeError as error:
    print(error)
