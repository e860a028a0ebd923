"""What the programs of this folder share: pieces of work, taken by threads one after the other.

The last line of the output is JSON: the seconds that the work took, and what must be the same for every
interpreter and every number of threads.
"""

import json
import sys
import threading
import time


def arguments(sizes):
    """The number of threads and the size: a number, or a key of `sizes`."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    size = sys.argv[2] if len(sys.argv) > 2 else "full"
    if threads < 1:
        raise SystemExit(f"usage: {sys.argv[0]} [THREADS] [SIZE]")
    return threads, sizes[size] if size in sizes else int(size)


def run(work, pieces, threads):
    """The results of `work(piece)` for all pieces, in their order, and the seconds that it took."""
    results = [None] * len(pieces)
    failures = []
    lock = threading.Lock()
    barrier = threading.Barrier(threads + 1)
    position = 0

    def take():
        nonlocal position
        with lock:
            taken = position
            position += 1
        return taken

    def worker():
        barrier.wait()
        try:
            while (index := take()) < len(pieces):
                results[index] = work(pieces[index])
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=worker) for _ in range(threads)]
    for thread in workers:
        thread.start()
    barrier.wait()
    begin = time.perf_counter()
    for thread in workers:
        thread.join()
    seconds = time.perf_counter() - begin
    for failure in failures:
        raise failure
    return results, seconds


def parts(start, stop, count):
    """Cuts range(start, stop) into at most `count` ranges of about the same length."""
    bounds = [start + (stop - start) * i // count for i in range(count + 1)]
    return [range(low, high) for low, high in zip(bounds, bounds[1:]) if low < high]


def check(what, got, expected):
    if got != expected:
        raise RuntimeError(f"{what}: {got!r} instead of {expected!r}")


def report(seconds, result):
    print(json.dumps({"seconds": seconds, "result": str(result)}))
