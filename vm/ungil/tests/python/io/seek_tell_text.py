"""seek and tell in text files, also with characters of several bytes."""

import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "f.txt")
with open(path, "w", encoding="utf-8") as f:
    f.write("aé日🎉\nsecond\nthird")
    print(f.tell())
with open(path, encoding="utf-8") as f:
    f.readline()
    place = f.tell()
    print(f.readline(), end="")
    f.seek(place)
    print(f.readline(), end="")
    f.seek(0)
    print(f.read(2), f.seek(0, 2), repr(f.read()), f.seek(0), f.read(1))
    for line in f:
        try:
            f.tell()
        except OSError as error:
            print(error)
        break
with open(path, "r+", encoding="utf-8") as f:
    f.seek(0, os.SEEK_END)
    f.write("!")
    f.seek(0)
    print(f.read()[-2:])
    f.seek(0)
    f.truncate()
    print(repr(f.read()), os.path.getsize(path))
os.remove(path)
os.rmdir(os.path.dirname(path))
