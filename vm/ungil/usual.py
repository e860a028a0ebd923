"""What scripts usually do, for layout.py: reads arguments, files and texts, writes some, imports by path, reports errors."""

import argparse
import collections
import contextlib
import copy
import io
import json
import logging
import os
import random
import re
import runpy
import sys
import tempfile
import time


class Shape:
    count = 0

    def __init__(self, name, *sides, scale=1.0):
        self.name, self.sides, self.scale = name, sides, scale
        type(self).count += 1

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r}, {', '.join(map(repr, self.sides))})"

    def __eq__(self, other):
        return isinstance(other, Shape) and self.sides == other.sides

    def __lt__(self, other):
        return self.area < other.area

    __hash__ = object.__hash__

    @property
    def area(self):
        result = self.scale
        for side in self.sides:
            result *= side
        return result


class Square(Shape):
    def __init__(self, side):
        super().__init__("square", side, side)

    @classmethod
    def all(cls, sides):
        return [cls(side) for side in sides]


def texts(words):
    counts = collections.Counter(words)
    by_length = collections.defaultdict(list)
    for word, count in counts.most_common(5):
        by_length[len(word)].append((word, count))
    line = ", ".join(f"{word:>8}={count:03d}" for pairs in by_length.values() for word, count in pairs)
    line += " %s %5.2f %x" % ("total", sum(counts.values()) / 3, 255) + " {:,} {!r}".format(12345, "é")
    parts = [part.strip().title() for part in line.split(",") if part and not part.startswith("#")]
    found = re.findall(r"(\w+)=(\d+)", line) + re.split(r"\s*;\s*", "a; b ;c")
    changed = re.compile("[aeiou]+", re.I).sub(lambda match: match[0].upper(), line)
    return parts, found, changed.encode().decode("utf-8").replace("E", "e", 1)[::-1], line.partition("=")


def files(folder):
    path = os.path.join(folder, "data.txt")
    with open(path, "w", encoding="utf-8") as out:
        out.write("first line\n")
        out.writelines(f"{number} {number**2}\n" for number in range(50))
        print("last", file=out)
    with open(path) as lines:
        next(lines)
        rows = [line.rstrip("\n").split() for line in lines]
    with open(path, "rb") as data:
        head = data.read(10)
        data.seek(0, os.SEEK_END)
        size = data.tell()
    assert os.path.getsize(path) == size and os.listdir(folder) and head.startswith(b"first")
    script = os.path.normpath(os.path.join(folder, ".", "script.py"))
    with open(script, "w") as out:
        out.write("import sys\nresult = [x * 2 for x in range(3)]\nname = __name__\ntable = {'a': (1, 2.5), **{}}\n")
    return rows, runpy.run_path(script, run_name="__main__")["result"]


def values():
    numbers = [random.random() for _ in range(20)] + [1 << 70, -3, 10**20 // 7, round(2.675, 2)]
    numbers.sort(key=abs, reverse=True)
    numbers.extend(divmod(17, 5))
    del numbers[2:4]
    table = {key: value for key, value in zip("abcde", numbers)}
    table.update(f=None, g=[True, {"h": ()}])
    table.pop("a"), table.setdefault("z", [])
    again = json.loads(json.dumps({**table, "e": 1.5}, indent=1, sort_keys=True))
    assert copy.deepcopy(again) == again and {1, 2, 3} & {2} == {2} and frozenset("ab") < set("abc")
    shapes = sorted([Shape("box", 2, 3), *Square.all(range(4))])
    first, *rest = shapes
    return max(shapes), min(rest, key=lambda shape: shape.area), first in rest, any(map(bool, rest)), repr(shapes)


def errors():
    for attempt in (lambda: [][1], lambda: {}["key"], lambda: int("x"), lambda: open("/none"), lambda: None.none):
        try:
            attempt()
        except (LookupError, ValueError) as error:
            str(error)
        except Exception as error:
            assert repr(error) and error.__traceback__
        finally:
            del attempt
    with contextlib.suppress(TypeError):
        raise TypeError("as is usual") from None
    logging.basicConfig(stream=io.StringIO(), level=logging.INFO)
    logging.getLogger(__name__).warning("%s of %d", "one", 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--count", type=int, default=3, help="how often")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args([*sys.argv[1:], "--count", "2", "some", "words"])
    started = time.perf_counter()
    for _ in range(arguments.count):
        texts((__doc__ or "").split() + arguments.words)
        with tempfile.TemporaryDirectory() as folder:
            files(folder)
        values()
        errors()
    print(f"{time.perf_counter() - started:.3f} s", time.strftime("%Y"))


if __name__ == "__main__":
    main()
