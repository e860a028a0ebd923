"""Counts down in a `while` loop: on one thread, on two threads, and in two processes.

The classic demonstration of what a global interpreter lock costs. N is counted
down once on a single thread, then as two halves on two threads, then as two
halves in two processes. Without a global lock the two threads take about half
as long as the one; with it they take as long or longer.

Usage: countdown.py [N] [--quiet]
    N        how far to count (default 60000000)
    --quiet  print what was counted and no times, so that the output is the same each run
"""

import os
import sys
import threading
import time


def countdown(n):
    counted = 0
    while n > 0:
        n -= 1
        counted += 1
    return counted


def on_one_thread(n):
    return countdown(n)


def on_two_threads(n):
    results = [0, 0]

    def work(index, share):
        results[index] = countdown(share)

    first = threading.Thread(target=work, args=(0, n // 2))
    second = threading.Thread(target=work, args=(1, n - n // 2))
    first.start()
    second.start()
    first.join()
    second.join()
    return results[0] + results[1]


def on_two_processes(n):
    """Counts the halves in two child processes; each sends its result through a pipe."""
    children = []
    for share in (n // 2, n - n // 2):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(reader)
                os.write(writer, str(countdown(share)).encode())
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        children.append((pid, reader))
    total = 0
    for pid, reader in children:
        total += int(os.read(reader, 64))
        os.close(reader)
        os.waitpid(pid, 0)
    return total


def measure(function, n):
    start = time.perf_counter()
    counted = function(n)
    seconds = time.perf_counter() - start
    if counted != n:
        raise RuntimeError(f"{function.__name__} counted {counted} of {n}")
    return seconds


def main(args):
    quiet = "--quiet" in args
    numbers = [arg for arg in args if not arg.startswith("-")]
    n = int(numbers[0]) if numbers else 60_000_000

    if not quiet:
        print(f"counting down from {n}")
    one = measure(on_one_thread, n)
    if quiet:
        print(f"one thread counted {n}")
    else:
        print(f"one thread:     {one:8.3f} s")
    two = measure(on_two_threads, n)
    if quiet:
        print(f"two threads counted {n}")
    else:
        print(f"two threads:    {two:8.3f} s   {two / one:5.2f} of one thread's time")
    # Where processes cannot be forked, the threads alone are shown.
    if hasattr(os, "fork") and hasattr(os, "pipe"):
        processes = measure(on_two_processes, n)
        if not quiet:
            print(f"two processes:  {processes:8.3f} s   {processes / one:5.2f} of one thread's time")


if __name__ == "__main__":
    main(sys.argv[1:])
