"""Makes layout.txt anew.

    python layout.py PROGRAM FOLDER > layout.txt

PROGRAM is a release build, FOLDER has what `valgrind --tool=callgrind --demangle=no` says of runs of it: `pass.cg` of
`-c pass`, `usual.cg` of usual.py, `imports.cg` of an import of some 25 modules, and as many others as may be
(benches/programs at the sizes of their tests, a third of tests/python).
"""

import collections
import pathlib
import re
import subprocess
import sys

HEAD = """\
# The functions that build.rs places side by side, by layout.py: first those that only the start of the program runs, then those that
# nearly all programs run, then the others that usual.py runs, then those that imports run, then the rest, each near those that the
# same programs run. Made from a release build and callgrind's lists of what runs in usual.py, in the programs of
# benches/programs at the sizes of their tests, in an import of 25 modules, and in a third of tests/python; hashes and numbers
# are replaced by *. Names that nothing has any more do no harm, functions that are missing lie with the rest.
"""


def costs(path):
    """Instructions of each function itself."""
    names, found, here, is_call = {}, collections.Counter(), None, False
    for line in path.open():
        if match := re.match(r"(c?)fn=\((\d+)\)(?: (\S+))?", line):
            called, number, name = match.groups()
            if name:
                names[number] = re.sub(r"'\d+$", "", name)
            if not called:
                here = names[number]
        elif line.startswith("calls="):
            is_call = True
        elif line[0] in "0123456789+-*":
            if not is_call:
                found[here] += int(line.split()[-1])
            is_call = False
    return found


def section(name):
    """What the linker calls the function, whatever the build."""
    name = re.sub(r"\.llvm\.\d+$", "", name)
    if match := re.match(r"(_ZN.*17h)[0-9a-f]{16}E", name):
        return match[1] + "*"
    name = re.sub(r"\.\d+$", ".*", name)
    return re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", name) if name.startswith("_R") else name


def main():
    program, folder = sys.argv[1:]
    sizes = collections.Counter()
    listed = subprocess.run(["nm", "-S", program], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        parts = line.split()
        if len(parts) == 4 and parts[2] in "tT":
            sizes[section(parts[3])] += int(parts[1], 16)
    runs = {}
    for path in sorted(pathlib.Path(folder).glob("*.cg")):
        run = collections.Counter()
        for name, cost in costs(path).items():
            run[section(name)] += cost
        runs[path.stem] = run
    start = runs["pass"]
    bits = collections.Counter()
    for number, run in enumerate(runs.values()):
        for name in run:
            if name in sizes:
                bits[name] |= 1 << number

    def count(name):
        return bits[name].bit_count()

    groups = [[], [], [], [], []]
    for name in sorted(bits, key=lambda name: (-count(name), name)):
        often = count(name) >= 0.85 * len(runs)
        only_start = often and start[name] >= 0.9 * max(run[name] for run in runs.values())
        group = 2 if name in runs["usual"] else 3 if name in runs["imports"] else 4
        groups[0 if only_start else 1 if often else group].append(name)
    waiting, last = groups[4], groups[4][:1]
    del waiting[:1]
    while waiting:
        mine = bits[last[-1]]
        near = max(waiting, key=lambda name: (mine & bits[name]).bit_count() / (mine | bits[name]).bit_count())
        waiting.remove(near)
        last.append(near)
    groups[4] = last
    for group in groups:
        print(len(group), "functions,", sum(sizes[name] for name in group) // 1024, "KB", file=sys.stderr)
    print(HEAD + "\n".join(name for group in groups for name in group))


main()
