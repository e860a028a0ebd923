"""Runs a program of benches/programs and prints which atomics and locks its main function needs for more work.

Usage: measure.py PROGRAM SIZE LARGER

Both sizes are run until all is warm: caches are filled, classes know their instances, memory has come from the system.
Then each is run once more, and counted. The steady state is what the larger one does more than the smaller one: what
every run needs once, such as a cache that two call sites change in turn, is no part of it. It prints a line for
each place in the source of the VM at which the numbers of atomic read-modify-writes or of mutexes differ, and for each
counter of references counted atomically and of object locks. Collections of cycles, which stop the world, are off.
"""

import gc
import io
import sys

import _ungil

COUNTERS = ["counts_atomic", "object_locks_fast", "object_locks_slow", "object_locks_contended", "objects_published"]
SITES = ["rmw_sites", "mutex_sites"]


def flattened(stats):
    numbers = {name: stats[name] for name in COUNTERS}
    for kind in SITES:
        numbers |= {f"{kind}: {place}": n for place, n in stats[kind].items()}
    return numbers


def run(main, size):
    """What one run does, by name."""
    sys.argv[1:] = [size]
    before = _ungil.stats()
    main()
    after = _ungil.stats()
    before, after = flattened(before), flattened(after)
    return {name: n - before.get(name, 0) for name, n in after.items()}


def measure():
    path, *sizes = sys.argv[1:]
    sys.argv[0] = path
    gc.disable()
    namespace = {"__name__": "program"}
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), namespace)
    stdout, sys.stdout = sys.stdout, io.StringIO()
    for size in sizes * 2:
        run(namespace["main"], size)
    small, large = (run(namespace["main"], size) for size in sizes)
    sys.stdout = stdout
    for name in large:
        if large[name] > small.get(name, 0):
            print(f"{name}: {small.get(name, 0)}, {large[name]}")


measure()
