"""match on literals, values, captures, alternatives, guards and the wildcard."""

import sys


class Color:
    RED = 1
    BLUE = 2


def f(subject):
    match subject:
        case 0:
            return "zero"
        case -1 | -1.5:
            return "minus"
        case "text":
            return "text"
        case b"bytes":
            return "bytes"
        case None:
            return "none"
        case True:
            return "true"
        case 1 + 2j:
            return "complex"
        case "a" "b":
            return "joined"
        case Color.BLUE:
            return "blue"
        case int(n) if n > 100:
            return f"large {n}"
        case int() | float() as number:
            return f"number {number}"
        case x if isinstance(x, str):
            return "string " + x
        case _:
            return "other"


for subject in (0, 0.0, False, -1, -1.5, "text", b"bytes", None, True, 1, 1 + 2j, "ab", 2, 101, 7, "zz", [], sys):
    print(f(subject), end="; ")
print()


def binding(subject):
    match subject:
        case (1, x) | (x, 1):
            return x
        case [x, y] if x == y:
            return "same"
        case whole:
            return whole


print(binding((1, 5)), binding((6, 1)), binding([3, 3]), binding("w"))
match "no case":
    case 1:
        print("never")
print("falls through")
match 5:
    case x if x < 0:
        pass
    case 5:
        print(x)
match = case = type = 1
print(match, case, type)
match (case):
    case 1:
        print("soft keywords")
match 1, 2:
    case a, b:
        print(a, b)
match -case:
    case -1:
        print("negative")
