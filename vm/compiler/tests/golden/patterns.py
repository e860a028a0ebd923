def f(x):
    match x:
        case 1 | -2 | None:
            return 1
        case [a, [b, *_], *rest] if a:
            return b, rest
        case {"k": v, **others}:
            return v, others
        case Point(x=0, y=yy) as p:
            return yy, p
        case (1, z) | [z]:
            return z
        case "s" | Color.RED:
            return 2
        case _:
            return 3
