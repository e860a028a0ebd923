"""What a caught SyntaxError knows, and how it is printed by traceback."""

import traceback

for source, mode in (("x = (1 +\n", "exec"), ("def f(:\n  pass", "exec"), ("a b", "eval"), ("x = 1", "eval"), ("for", "single"), ("print 'a'", "exec"), ("é = 1 2", "exec"), ("\n\n\tx = = 1", "exec")):
    try:
        compile(source, "made.py", mode)
    except SyntaxError as error:
        print(repr(error), error.args)
        print("".join(traceback.format_exception_only(error)))
try:
    raise SyntaxError("made by hand", ("f.py", 2, 3, "some text\n", 2, 6))
except SyntaxError as error:
    print("".join(traceback.format_exception_only(error)))
print(str(SyntaxError("only a message")), str(SyntaxError("m", ("f", 1, None, None))))
for bad in (("m", 5), ("m", (1,)), ("m", (1, 2, 3, 4, 5))):
    try:
        print(SyntaxError(*bad))
    except TypeError as error:
        print(error)
