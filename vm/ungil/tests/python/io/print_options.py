"""print: sep, end, file, flush, several arguments, None, errors."""

import sys


class Writer:
    def __init__(self):
        self.parts = []
        self.flushed = 0

    def write(self, text):
        self.parts.append(text)

    def flush(self):
        self.flushed += 1


w = Writer()
print("a", 1, None, file=w)
print("b", "c", sep="-", end="!", file=w, flush=True)
print(file=w)
print("x", sep="", end="", file=w)
print(w.parts, w.flushed)
print()
print("a", "b", sep="")
print("a", "b", sep=None, end=None)
print(1, 2.5, True, [1], sep=", ", end=".\n")
print(*range(5), sep="\n")
print("no newline", end="")
print(" continues")
for bad in ({"sep": 1}, {"end": 1}, {"file": 5}, {"wrong": 1}):
    try:
        print("x", **bad)
    except (TypeError, AttributeError) as error:
        print(type(error).__name__, error)
old, sys.stdout = sys.stdout, w
print("redirected")
sys.stdout = old
print(w.parts[-2:])
print("to stderr is elsewhere", file=sys.stdout)
print("unicode: é 日本 🎉")


class S:
    def __str__(self):
        return "from str"


print(S(), [S].__len__(), "tab\there")
print("a\nb\n", end="")
sys.stdout.write("written\n")
print(sys.stdout.write("count\n"))
print(sys.stdout.encoding.lower(), sys.stdout.fileno(), sys.stdin.fileno(), sys.stderr.fileno(), sys.stdout.name, sys.stdout.writable(), sys.stdout.mode)
