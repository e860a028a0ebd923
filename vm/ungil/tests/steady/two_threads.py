"""Two threads that use one dict: locks and atomic counts, which the test must see."""

import sys
import threading

SHARED = {}
BOTH = threading.Barrier(2)


def work():
    # One that has ended before the other begins would be alone, and need neither.
    BOTH.wait()
    for i in range(int(sys.argv[1])):
        SHARED[i % 7] = [i]
        SHARED.get(i % 5)


def main():
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
