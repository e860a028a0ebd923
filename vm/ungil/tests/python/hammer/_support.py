"""What the hammers share: running a function in many threads at once, repeating, and watching memory."""

import sys
import threading
import time

THREADS = 8
# So much may the memory grow after a third of the time: an allocator does not give back everything at once.
ALLOWED_GROWTH = 16 * 1024 * 1024
PAGE = 4096


def in_threads(function, count=THREADS):
    """Runs function(n) in `count` threads that start together; returns the results, raises the first error."""
    barrier = threading.Barrier(count)
    results = [None] * count
    errors = []

    def call(n):
        try:
            barrier.wait()
            results[n] = function(n)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def readers_and_writers(write, read, writers=THREADS // 2):
    """Runs write(n) in some threads, and read() in the others again and again until the writers are done."""
    left = [None] * writers

    def call(n):
        if n >= writers:
            while left:
                read()
            read()
            return
        try:
            write(n)
        finally:
            left.pop()

    in_threads(call)


def resident():
    """Bytes of memory in use, or 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * PAGE
    except OSError:
        return 0


def repeat(*rounds):
    """Runs the rounds in turn for as many seconds as the program's argument says, or as many times if that ends in `x`, then
    prints `ok`."""
    argument = sys.argv[1] if len(sys.argv) > 1 else "2"
    times = int(argument[:-1]) if argument.endswith("x") else 4
    seconds = 0.0 if argument.endswith("x") else float(argument)
    # Frequent switches, so that even with a global lock the threads meet in the middle of things.
    sys.setswitchinterval(1e-5)
    start = time.monotonic()
    laps = 0
    # By lap 3 every thread and every size of block has what it keeps. From then on memory goes up and down with what the
    # threads happen to do at once: a leak is what lifts the lowest of the last third above the highest of the first.
    first, last = [], []
    while laps < times or time.monotonic() < start + seconds:
        for one_round in rounds:
            one_round()
        laps += 1
        passed = time.monotonic() - start
        if laps >= 3 and (not first or passed < seconds / 3):
            first.append(resident())
        elif passed > seconds / 3 * 2:
            last.append(resident())
    growth = min(last) - max(first) if first and last else 0
    assert growth < ALLOWED_GROWTH, f"memory grew by {growth} bytes in {laps} laps: {first} and then {last}"
    print("ok")
