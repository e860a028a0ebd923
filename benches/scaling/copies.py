"""Runs a program of `benches/programs` several times, and lets threads take these runs one after the other.

The runs share the program's module, its functions and its classes. What they print must be the same for all.

Usage: copies.py THREADS PROGRAM SIZE COPIES
"""

import importlib
import os
import sys
import threading

from _split import check, report, run


def main():
    if len(sys.argv) != 5:
        raise SystemExit("usage: copies.py THREADS PROGRAM SIZE COPIES")
    threads, name, size, copies = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    here = os.path.dirname(os.path.abspath(__file__))
    # This folder has programs of the same names.
    sys.path[0] = os.path.join(os.path.dirname(here), "programs")
    program = importlib.import_module(name)
    sys.argv = [name, size]
    printed = threading.local()

    def collect(*values):
        printed.lines.append(" ".join(map(str, values)))

    # A global of the module hides the built-in function.
    program.print = collect

    def one_run(_):
        printed.lines = []
        program.main()
        return "\n".join(printed.lines)

    outputs, seconds = run(one_run, list(range(copies)), threads)
    for output in outputs:
        check("the output of a run", output, outputs[0])
    report(seconds, outputs[0])


if __name__ == "__main__":
    main()
