"""match on mappings: keys, rest, nesting, and the errors of equal keys."""

def f(subject):
    match subject:
        case {"type": "circle", "r": r}:
            return f"circle {r}"
        case {"type": "line", "points": [(x, y), *_]}:
            return f"line from {x} {y}"
        case {"only": 1, **rest} if not rest:
            return "only"
        case {"k": v, **rest}:
            return f"k {v} rest {rest}"
        case {1: _, None: n}:
            return f"keys 1 and None {n}"
        case {}:
            return f"mapping of {len(subject)}"
        case _:
            return "no mapping"


for subject in (
    {"type": "circle", "r": 2, "extra": 1},
    {"type": "line", "points": [(1, 2), 3]},
    {"only": 1},
    {"only": 1, "more": 2},
    {"k": 0, "a": 1, "b": 2},
    {1: 2, None: 3},
    {},
    [],
):
    print(f(subject))


class Keys:
    A = "a"


match {"a": {"b": [1]}}:
    case {Keys.A: {"b": [n]}}:
        print(n)
try:
    match {"a": 1}:
        case {Keys.A: x, "a": y}:
            print("never")
except ValueError as error:
    print(error)
