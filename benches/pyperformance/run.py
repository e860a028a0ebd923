"""Runs one of pyperformance's programs under the `pyperf` beside this file, and prints a line of JSON.

    python run.py PROGRAM VALUES NAME=LOOPS,... [ARGUMENT ...]

The program's arguments come last. Every benchmark of the program must be in the list, and every one of the list must
have run, so that two interpreters never do different work under one name.
"""

import json
import os
import runpy
import sys

import pyperf


def main():
    program, values, loops = sys.argv[1:4]
    loops = {name: int(count) for name, count in (entry.split("=") for entry in loops.split(","))}
    plan = pyperf.plan = pyperf.Plan(loops, int(values))
    # As if Python had been started with the program.
    sys.argv = [program, *sys.argv[4:]]
    sys.path.insert(0, os.path.dirname(program))
    runpy.run_path(program, run_name="__main__")
    missing = [name for name in loops if name not in plan.done]
    if missing:
        raise SystemExit(f"did not run: {', '.join(missing)}")
    print(json.dumps({"seconds": plan.wall, "cpu_seconds": plan.cpu, "result": ", ".join(plan.done)}))


main()
