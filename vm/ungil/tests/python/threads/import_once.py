"""Modules that many threads import at the same time, or just after one another, are run once each."""

import importlib
import os
import sys
import tempfile
import threading

MODULES, THREADS = 120, 6
runs = []
seen = [[] for _ in range(MODULES)]
barrier = threading.Barrier(THREADS)


def importing():
    barrier.wait()
    # No barrier in between: threads come to a module while it is loaded, and when that has just ended.
    for i in range(MODULES):
        seen[i].append(importlib.import_module(f"once_{i}") if i % 2 else __import__(f"once_{i}"))


def failing(results):
    barrier.wait()
    try:
        import once_failing
    except ZeroDivisionError:
        results.append("failed")


with tempfile.TemporaryDirectory() as folder:
    sys.path.insert(0, folder)
    sys.runs = runs
    for i in range(MODULES):
        with open(os.path.join(folder, f"once_{i}.py"), "w") as file:
            file.write(f"import sys\nsys.runs.append({i})\n")
    with open(os.path.join(folder, "once_failing.py"), "w") as file:
        file.write("1 / 0\n")
    importlib.invalidate_caches()
    for target, args in (importing, ()), (failing, ([],)):
        threads = [threading.Thread(target=target, args=args) for _ in range(THREADS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    print(len(args[0]), "once_failing" in sys.modules)

print(sorted(runs) == list(range(MODULES)))
print(all(m is sys.modules[f"once_{i}"] for i, modules in enumerate(seen) for m in modules))
