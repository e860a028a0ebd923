"""Using values as what they are not: calling, subscripting, iterating, awaiting, attribute access."""

x, none, text = 5, None, "text"
for source in (
    "x()", "none()", "text()", "[].x", "x[0]", "none[0]", "x.y", "none.y", "len(x)", "iter(x)", "for_each(x)", "x[0] if 0 else none['k']",
    "text['a']", "text[1.0]", "tuple()['a']", "{}[[]]", "x in x", "text in x", "x in text", "*x, 1", "[*x]", "{**x}", "{*x}", "print(**x)", "print(*x)",
    "-text", "not_defined", "text + x", "x + text", "x < text", "none + none", "[] < {}", "text @ text", "~text", "x and y", "1 + [1]", "[1] + 1", "{} | 1", "object() + 1",
    "isinstance(x, x)", "raise_it(x)", "int.real()", "str.upper(x)", "text.upper.x", "len.x", "x.real.y", "lambda: x.z", "(lambda: x.z)()",
):
    try:
        print(source, "=", type(eval(source, {"x": x, "none": none, "text": text, "for_each": lambda v: [i for i in v], "raise_it": lambda v: (_ for _ in ()).throw(v)})).__name__)
    except Exception as error:
        print(source, "->", type(error).__name__, error)
