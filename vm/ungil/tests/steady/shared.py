"""What two threads at once need of atomics and locks for each step of the uses in benches/scaling/sharing.py.

Usage: shared.py SHARING USE...

Each use is run by two threads at once until all is warm, and once more, counted. It prints a line for each place in the
source of the VM at which an atomic read-modify-write or a mutex is used, and for each counter of references counted
atomically and of object locks, that comes up more than once in ten steps: what starting, waking and ending threads needs
is far below that, and what a step needs far above. Collections of cycles, which stop the world, are off.
"""

import gc
import sys
import threading
import types

import _ungil

STEPS = 200_000
COUNTERS = ["counts_atomic", "object_locks_fast", "object_locks_slow", "object_locks_contended", "objects_published"]
SITES = ["rmw_sites", "mutex_sites"]


def flattened():
    stats = _ungil.stats()
    numbers = {name: stats[name] for name in COUNTERS}
    for kind in SITES:
        # Where the feature `checks` notes which locks are held is no part of what is measured.
        places = {place: n for place, n in stats[kind].items() if "/diagnostics.rs:" not in place}
        numbers |= {f"{kind}: {place}": n for place, n in places.items()}
    return numbers


def run(use, steps):
    """Runs the use in two threads at once."""
    both = threading.Barrier(2)

    def work():
        # One that has ended before the other begins would be alone, and need none of it.
        both.wait()
        use(steps)
        both.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(path, *names):
    gc.disable()
    sharing = types.ModuleType("sharing")
    # Dataclasses look their module up.
    sys.modules["sharing"] = sharing
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), sharing.__dict__)
    for name in names:
        use = getattr(sharing, name)
        run(use, STEPS)
        run(use, STEPS)
        before = flattened()
        run(use, STEPS)
        for what, count in flattened().items():
            needed = count - before.get(what, 0)
            if needed > STEPS // 10:
                print(f"{name}: {what}: {needed}")


main(*sys.argv[1:])
