"""One thread that takes a lock of the module threading: a read-modify-write, which the test must see."""

import sys
import threading

LOCK = threading.Lock()


def main():
    for _ in range(int(sys.argv[1])):
        with LOCK:
            pass
