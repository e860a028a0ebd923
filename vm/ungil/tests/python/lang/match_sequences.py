"""match on sequences: lengths, stars, nesting, and what counts as a sequence."""

def f(subject):
    match subject:
        case []:
            return "empty"
        case [x]:
            return f"one {x}"
        case [1, 2]:
            return "one two"
        case (a, [b, c]):
            return f"nested {a} {b} {c}"
        case [first, *_, 9]:
            return f"ends in nine, starts with {first}"
        case [first, *rest] if first != "star":
            return f"first {first} rest {rest}"
        case ["star", *middle, last]:
            return f"middle {middle} last {last}"
        case [*_]:
            return "any sequence"
        case _:
            return "no sequence"


for subject in (
    [], (), [5], (1, 2), [1, (2, 3)], (4, "ab"), [1, 2, 9], (7, 8), ["star", 1, 2, 3], ["star", 9],
    "text", b"bytes", bytearray(b"x"), {1: 2}, {1, 2}, range(3), memoryview(b"ab"), iter([1]), None,
):
    print(f(subject))


match [[1, 2], [3, 4]]:
    case [[_, x], [*y]]:
        print(x, y)
match (1, 2, 3, 4, 5):
    case (a, *b, c, d):
        print(a, b, c, d)
match [1]:
    case [1] as whole:
        print(whole)
