"""What it costs that threads share: each kind of use, by one thread and by several at once.

Every use runs in a loop of its own on each thread; the work per second of all threads over that of one is the speed-up. The
best of three runs counts.

Usage: sharing.py [THREADS] [N] [NAME...]
    THREADS  how many (default 2)
    N        rounds of each loop (default 1000000; `quick` stands for 200000)
    NAME     only these uses
"""

import enum
import sys
import threading
import time
from dataclasses import dataclass


class Thing:
    attribute = 5

    def __init__(self):
        self.pair = [1, 2]
        self.number = 7

    def method(self, value):
        return value


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


@dataclass
class Record:
    x: int
    y: int


class Color(enum.Enum):
    RED = 1
    BLUE = 2


WORDS = {f"k{i}": [i] for i in range(100)}
NUMBERS = {i: i for i in range(100)}
LISTS = [[i] for i in range(100)]
INTS = list(range(100))
THING = Thing()
GLOBAL = [1, 2]
BOUND = THING.method
WRITTEN_DICT = {}
WRITTEN_LIST = []


def function(value):
    return value


def make_closure():
    captured = [3, 4]

    def loop(n):
        for _ in range(n):
            captured

    return loop


CLOSURE = make_closure()


def independent(n):
    total = 0
    for i in range(n):
        total += i & 3


def dict_of_words(n):
    shared = WORDS
    for _ in range(n):
        shared["k5"]


def dict_of_ints(n):
    shared = NUMBERS
    for _ in range(n):
        shared[5]


def dict_get(n):
    shared = WORDS
    for _ in range(n):
        shared.get("k5")


def list_item(n):
    shared = LISTS
    for _ in range(n):
        shared[5]


def list_of_ints(n):
    shared = INTS
    for _ in range(n):
        shared[5]


def instance(n):
    shared = THING
    for _ in range(n):
        shared.pair


def instance_int(n):
    shared = THING
    for _ in range(n):
        shared.number


def class_attribute(n):
    shared = Thing
    for _ in range(n):
        shared.attribute


def module_global(n):
    for _ in range(n):
        GLOBAL


def closure(n):
    CLOSURE(n)


def call_function(n):
    for i in range(n):
        function(i)


def call_bound_method(n):
    shared = BOUND
    for i in range(n):
        shared(i)


def call_method(n):
    shared = THING
    for i in range(n):
        shared.method(i)


def call_native(n):
    shared = INTS
    for _ in range(n):
        len(shared)


def make_instances(n):
    for i in range(n):
        Point(i, i)


def make_closures(n):
    for i in range(n):

        def inner():
            return i


def make_dataclasses(n):
    for i in range(n):
        Record(i, i)


def enum_member(n):
    for _ in range(n):
        Color.RED


def iterate_list(n):
    shared = LISTS
    for _ in range(n // len(shared)):
        for _ in shared:
            pass


def write_dict(n):
    shared = WRITTEN_DICT
    for i in range(n):
        shared[i & 63] = i


def write_list(n):
    shared = WRITTEN_LIST
    for i in range(n):
        shared.append(i)


USES = [
    independent, dict_of_words, dict_of_ints, dict_get, list_item, list_of_ints, instance, instance_int, class_attribute,
    module_global, closure, call_function, call_bound_method, call_method, call_native, make_instances, make_closures,
    make_dataclasses, enum_member, iterate_list, write_dict, write_list,
]


def seconds(use, threads, n):
    """The time from when the first thread begins until the last has done its rounds."""
    best = None
    for _ in range(3):
        WRITTEN_DICT.clear()
        WRITTEN_LIST.clear()
        ready = threading.Barrier(threads)
        times = []

        def work():
            ready.wait()
            start = time.perf_counter()
            use(n)
            times.append((start, time.perf_counter()))

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        taken = max(end for _, end in times) - min(start for start, _ in times)
        best = taken if best is None else min(best, taken)
    return best


def main(args):
    threads = int(args[0]) if args else 2
    n = {"quick": 200_000}.get(args[1]) or int(args[1]) if len(args) > 1 else 1_000_000
    wanted = args[2:]
    names = {use.__name__ for use in USES}
    for name in wanted:
        if name not in names:
            raise SystemExit(f"sharing.py: no use is called {name!r}; there are {', '.join(sorted(names))}")
    print(f"{'':18}{'one thread':>12}{f'{threads} threads':>12}{'speed-up':>10}")
    for use in USES:
        if wanted and use.__name__ not in wanted:
            continue
        one, several = seconds(use, 1, n), seconds(use, threads, n)
        print(f"{use.__name__:18}{one / n * 1e9:9.1f} ns{several / n * 1e9:9.1f} ns{threads * one / several:10.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
