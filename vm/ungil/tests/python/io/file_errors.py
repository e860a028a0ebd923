"""Errors of opening and using files: missing, folders, modes, arguments, closed."""

import os
import tempfile

for action in (
    lambda: open("no such file"),
    lambda: open("no/such/folder/file", "w"),
    lambda: open("."),
    lambda: open("file_errors.py/below"),
    lambda: open("file_errors.py", "z"),
    lambda: open("file_errors.py", "rw"),
    lambda: open("file_errors.py", ""),
    lambda: open("file_errors.py", "rbt"),
    lambda: open("file_errors.py", "rb", encoding="utf-8"),
    lambda: open("file_errors.py", "rb", errors="strict"),
    lambda: open("file_errors.py", "rb", newline=""),
    lambda: open("file_errors.py", newline="x"),
    lambda: open("file_errors.py", encoding="no-such-codec"),
    lambda: open("file_errors.py", buffering=0),
    lambda: open(1.5),
    lambda: open(None),
    lambda: open(-1),
    lambda: open("nul\0byte"),
    lambda: open(),
    lambda: open("file_errors.py", mode=5),
    lambda: os.remove("no such file"),
    lambda: os.mkdir("."),
    lambda: os.rmdir("no such folder"),
    lambda: os.listdir("no such folder"),
    lambda: os.rename("no such file", "other"),
    lambda: os.stat("no such file"),
    lambda: os.chdir("no such folder"),
    lambda: os.read(9999, 1),
    lambda: os.close(9999),
):
    try:
        action().close()
    except Exception as error:
        print(type(error).__name__, error)
try:
    open("no such file")
except OSError as error:
    print(error.errno, error.strerror, error.filename, error.args)
f = open("file_errors.py")
f.close()
f.close()
for action in (f.read, f.readline, f.fileno, f.tell, lambda: f.seek(0), lambda: next(f), f.__enter__, lambda: iter(f)):
    try:
        action()
    except ValueError as error:
        print(error)
path = os.path.join(tempfile.mkdtemp(), "f")
with open(path, "w") as f:
    for action in (f.read, f.readline, lambda: next(f), lambda: f.write(5), lambda: f.write(b"x"), lambda: f.seek(-1), lambda: f.seek(1, 1), lambda: f.writelines([1])):
        try:
            action()
        except Exception as error:
            print(type(error).__name__, error)
os.remove(path)
os.rmdir(os.path.dirname(path))
