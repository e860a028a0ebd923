"""os: folders, listing, renaming, removing, low-level reads and writes, pipes, environment."""

import os
import tempfile

root = tempfile.mkdtemp()
os.makedirs(os.path.join(root, "a", "b"))
for name in ("x", "y"):
    with open(os.path.join(root, "a", name), "w") as f:
        f.write(name * 3)
print(sorted(os.listdir(os.path.join(root, "a"))))
os.rename(os.path.join(root, "a", "x"), os.path.join(root, "a", "z"))
for folder, folders, files in os.walk(root):
    print(os.path.relpath(folder, root), sorted(folders), sorted(files))
with os.scandir(os.path.join(root, "a")) as entries:
    print(sorted((e.name, e.is_dir(), e.is_file()) for e in entries))
fd = os.open(os.path.join(root, "low"), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
print(os.write(fd, b"hello"), os.lseek(fd, 1, os.SEEK_SET), os.read(fd, 3), os.fstat(fd).st_size)
os.close(fd)
print(oct(os.stat(os.path.join(root, "low")).st_mode & 0o777))
r, w = os.pipe()
print(os.write(w, b"through"), os.read(r, 100))
os.close(w)
print(os.read(r, 1))
os.close(r)
with os.fdopen(os.dup(1), "w", closefd=True) as out:
    print("by a duplicate", file=out)
os.environ["UNGIL_TEST_VALUE"] = "set"
print(os.environ["UNGIL_TEST_VALUE"], os.getenv("UNGIL_TEST_VALUE"), os.getenv("UNGIL_NOT_SET", "default"), "UNGIL_NOT_SET" in os.environ)
del os.environ["UNGIL_TEST_VALUE"]
print(os.getenv("UNGIL_TEST_VALUE"))
try:
    os.environ["x"] = 5
except TypeError as error:
    print(error)
os.remove(os.path.join(root, "low"))
try:
    os.rmdir(os.path.join(root, "a"))
except OSError as error:
    print(error.strerror)
for folder, folders, files in os.walk(root, topdown=False):
    for name in files:
        os.remove(os.path.join(folder, name))
    os.rmdir(folder)
print(os.path.exists(root), os.getpid() > 0, os.cpu_count() > 0, os.name)
