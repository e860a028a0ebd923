"""Threads that open, read and close files of 64 KiB, which are in the system's cache.

Usage: file_reads.py [THREADS] [SECONDS]
    THREADS  how many threads read (default 4)
    SECONDS  how long to measure (default 1.0)
"""

import os
import tempfile

from _measure import Clients, arguments, report

FILES = 16
SIZE = 65536


def write_files(folder):
    """Writes the files; gives their paths with what is in them."""
    files = []
    for number in range(FILES):
        path = os.path.join(folder, f"file{number}")
        content = (b"%08d" % number) * (SIZE // 8)
        with open(path, "wb") as file:
            file.write(content)
        files.append((path, content))
    return files


def make_operation(files, start):
    position = start

    def operation():
        nonlocal position
        path, content = files[position % FILES]
        position += 1
        with open(path, "rb") as file:
            data = file.read()
        if data != content:
            raise RuntimeError(f"{path} holds something else")

    return operation


def main():
    threads, seconds = arguments()
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(folder)
        clients = Clients([make_operation(files, i) for i in range(threads)], seconds)
        clients.run()
    report(clients, "every file held what was written")


if __name__ == "__main__":
    main()
