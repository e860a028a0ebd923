"""contextlib's helpers around files and output."""

import contextlib
import io

buffer = io.StringIO()
with contextlib.redirect_stdout(buffer):
    print("redirected")
print(repr(buffer.getvalue()))
with contextlib.suppress(FileNotFoundError):
    open("no such file")
    print("never")


@contextlib.contextmanager
def tag(name):
    print("<" + name + ">")
    try:
        yield name.upper()
    except ValueError as error:
        print("handled", error)
    finally:
        print("</" + name + ">")


with tag("a") as value:
    print(value)
with tag("b"):
    raise ValueError("inside")
try:
    with tag("c"):
        raise KeyError("passes")
except KeyError as error:
    print(repr(error))
with contextlib.ExitStack() as stack:
    for name in "xy":
        stack.enter_context(tag(name))
    stack.callback(print, "callback")
with contextlib.closing(io.StringIO("text")) as f:
    print(f.read())
print(f.closed)


@tag("decorator")
def function():
    print("body")


function()
with contextlib.nullcontext(5) as n:
    print(n)
