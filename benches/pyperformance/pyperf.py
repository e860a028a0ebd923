"""What pyperformance's programs use of the package `pyperf`, for one process that measures its own CPU time.

The real one starts a row of processes by itself, chooses the number of loops from what it has just seen, and reads the
clock on the wall. Here the runner (`benches/src/session.rs`) starts the processes, in its own order, every interpreter
does the same number of loops, and the programs, unchanged, read the process's CPU time. `run.py` says how many loops.
"""

import argparse
import sys
import time

# The programs take the difference of two readings.
perf_counter = time.process_time


def python_implementation():
    return sys.implementation.name


class Plan:
    """How often each benchmark of the program runs, and what came of it."""

    def __init__(self, loops, values):
        self.loops = loops
        self.values = values
        self.wall = 0.0
        self.cpu = 0.0
        self.done = []

    def measure(self, name, func):
        """Runs `func`, which gives its CPU time for a number of loops: once to warm up, then for each value."""
        if name not in self.loops:
            raise SystemExit(f"{name}: no number of loops is given")
        loops = self.loops[name]
        func(loops)
        for _ in range(self.values):
            start = time.perf_counter()
            self.cpu += func(loops)
            self.wall += time.perf_counter() - start
        self.done.append(name)


# Set by run.py.
plan = None


class Runner:
    def __init__(self, add_cmdline_args=None):
        # Only the real one passes arguments on to processes of its own.
        self.argparser = argparse.ArgumentParser()
        self.metadata = {}
        self.args = None

    def parse_args(self):
        if self.args is None:
            self.args = self.argparser.parse_args()
        return self.args

    def bench_time_func(self, name, func, *args, inner_loops=None):
        self.parse_args()
        plan.measure(name, lambda loops: func(loops, *args))

    def bench_func(self, name, func, *args, inner_loops=None):
        self.parse_args()

        def timed(loops):
            start = perf_counter()
            for _ in range(loops):
                func(*args)
            return perf_counter() - start

        plan.measure(name, timed)
