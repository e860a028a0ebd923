"""Binary files: read, write, seek, tell, readinto, truncate, unbuffered."""

import os
import tempfile

folder = tempfile.mkdtemp()
path = os.path.join(folder, "data.bin")
with open(path, "wb") as f:
    print(f.write(b"0123456789"), f.write(bytearray(b"abc")), f.write(memoryview(b"xy")), f.tell())
with open(path, "rb") as f:
    print(f.read(3), f.tell(), f.seek(5), f.read(2), f.seek(-2, os.SEEK_END), f.read(), f.seek(0), f.read1(4), f.peek(2)[:2])
    buffer = bytearray(4)
    f.seek(2)
    print(f.readinto(buffer), buffer, f.seekable(), f.readable(), f.writable(), f.mode)
with open(path, "r+b") as f:
    f.seek(4)
    f.write(b"XX")
    f.seek(0)
    print(f.read())
    print(f.truncate(6), f.seek(0), f.read())
with open(path, "ab") as f:
    print(f.tell(), f.write(b"!"))
with open(path, "rb", buffering=0) as f:
    print(type(f).__name__, f.read(2), f.readall())
with open(path, "wb") as f:
    f.write(b"line 1\nline 2\n\nend")
with open(path, "rb") as f:
    print(list(f), f.seek(0), f.readline(), f.readlines())
with open(path, "rb") as f:
    f.seek(100)
    print(f.read(), f.tell())
    try:
        f.seek(-1)
    except (ValueError, OSError) as error:
        print(type(error).__name__, error)
    try:
        f.write(b"x")
    except Exception as error:
        print(type(error).__name__, error)
with open(path, "wb") as f:
    for bad in ("text", 5, None):
        try:
            f.write(bad)
        except TypeError as error:
            print(error)
    try:
        f.read()
    except Exception as error:
        print(type(error).__name__, error)
try:
    f.write(b"closed")
except ValueError as error:
    print(error)
big = bytes(range(256)) * 1000
with open(path, "wb") as f:
    print(f.write(big))
with open(path, "rb") as f:
    print(f.read() == big, os.fstat(f.fileno()).st_size, os.path.getsize(path))
os.remove(path)
os.rmdir(folder)
