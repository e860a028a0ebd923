"""io.StringIO and io.BytesIO."""

import io

s = io.StringIO("first\nsecond")
print(s.readline(), s.read(), s.read(), s.seek(0), list(s), s.getvalue(), s.tell(), sep="|")
s = io.StringIO()
print("printed", file=s)
s.write("more")
print(s.getvalue().splitlines(), s.tell(), s.seek(2), s.truncate(), s.getvalue(), s.closed)
s.close()
try:
    s.read()
except ValueError as error:
    print(error)
b = io.BytesIO(b"0123")
print(b.read(2), b.seek(0, 2), b.write(b"45"), b.getvalue(), b.seek(1), b.read(), b.getbuffer()[0], b.readable())
with io.BytesIO() as b:
    b.write(b"x" * 3)
    b.seek(5)
    b.write(b"y")
    print(b.getvalue())
for action in (lambda: io.StringIO(5), lambda: io.BytesIO("text"), lambda: io.StringIO().write(b"x"), lambda: io.BytesIO().write("x"), lambda: io.StringIO().seek(-1)):
    try:
        action()
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)
t = io.TextIOWrapper(io.BytesIO("é\n日".encode()), encoding="utf-8")
print(t.readlines(), t.encoding)
print(io.StringIO("a\r\nb", newline=None).read() == "a\nb", io.StringIO("a\nb", newline="\r\n").getvalue() == "a\r\nb", isinstance(io.StringIO(), io.TextIOBase), io.SEEK_SET, io.DEFAULT_BUFFER_SIZE > 0)
