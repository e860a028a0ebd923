"""os.path: join, split, normpath, and questions about files."""

import os
from os import path

print(path.join("a", "b", "c"), path.join("a/", "b"), path.join("a", "/b"), path.join("a", ""), path.join("", "b"))
print(path.split("/a/b/c"), path.split("a"), path.split("/"), path.basename("/a/b.txt"), path.dirname("/a/b.txt"), path.splitext("a.tar.gz"), path.splitext(".hidden"), path.splitext("a/b.c/d"))
print(path.normpath("a//b/./c/../d"), path.normpath(""), path.normpath("/../a"), path.isabs("/a"), path.isabs("a"), path.commonprefix(["/ab/c", "/ab/d"]), path.commonpath(["/a/b", "/a/c"]), path.relpath("/a/b", "/a/c"))
print(path.exists("os_path.py"), path.isfile("os_path.py"), path.isdir("."), path.exists("no such"), path.isdir("os_path.py"), path.getsize("os_path.py") > 100, path.islink("os_path.py"), path.samefile(".", os.getcwd()))
print(path.abspath("x") == path.join(os.getcwd(), "x"), path.realpath(".") == path.realpath(os.getcwd()), path.expandvars("$NOT_SET_AT_ALL"), os.sep, os.curdir, os.pardir, os.linesep == "\n", os.extsep, os.devnull)
print(path.join(b"a", b"b"), path.basename(b"/x/y"), os.fspath("p"), os.fsencode("é"), os.fsdecode(b"x"))
for action in (lambda: path.join("a", b"b"), lambda: path.join("a", 5), lambda: path.basename(5), lambda: path.getsize("no such"), lambda: path.commonpath([])):
    try:
        print(action())
    except (TypeError, ValueError, OSError) as error:
        print(type(error).__name__, error)
