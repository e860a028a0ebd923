"""Text files: write, read, append, lines, iteration, with, modes, newline handling."""

import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "file.txt")
with open(path, "w") as f:
    print(f.write("first\n"), f.write("zweite é\n"), f.writelines(["third\n", "last"]))
    print(f.writable(), f.readable(), f.mode, f.encoding.lower(), f.closed, os.path.basename(f.name))
print(f.closed)
with open(path) as f:
    print(repr(f.read()), repr(f.read()))
with open(path) as f:
    print(repr(f.readline()), repr(f.readline(3)), f.readlines())
with open(path) as f:
    for number, line in enumerate(f, 1):
        print(number, line.rstrip("\n"))
with open(path, "a") as f:
    f.write("\nappended")
print(open(path).read().splitlines()[-1])
with open(path, "r+") as f:
    f.write("FIRST")
    f.seek(0)
    print(repr(f.readline()))
with open(path) as f:
    print(repr(f.read(4)), repr(f.read(3)), f.read(0) == "", len(f.read(-1)))
try:
    open(path, "x")
except FileExistsError as error:
    print(error.errno, error.strerror)
with open(path, "w+") as f:
    f.write("a\r\nb\rc\n")
with open(path, newline="") as f:
    print(repr(f.read()))
with open(path) as f:
    print(repr(f.read()), f.newlines)
with open(path, "w", newline="\r\n") as f:
    f.write("x\ny\n")
with open(path, "rb") as f:
    print(f.read())
with open(path, "w", encoding="utf-16") as f:
    f.write("é")
with open(path, encoding="utf-16") as f:
    print(f.read())
with open(path, "w", encoding="ascii", errors="replace") as f:
    f.write("é")
print(open(path, "rb").read())
with open(path, "wb") as f:
    f.write(b"bad \xff byte")
for errors in ("strict", "ignore", "replace", "backslashreplace"):
    try:
        with open(path, encoding="utf-8", errors=errors) as f:
            print(ascii(f.read()))
    except UnicodeDecodeError as error:
        print(error)
with open(path, "w") as f:
    print("printed", 1, 2, sep=",", file=f)
print(open(path).read(), end="")
os.remove(path)
os.rmdir(os.path.dirname(path))
