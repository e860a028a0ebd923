"""str.format: fields, attributes, indices, nesting, conversions and its errors."""


class P:
    x = 5
    items = [10, 20]
    table = {"key": "value", 1: "one"}

    def __str__(self):
        return "P!"


p = P()
print("{} {}".format(1, 2), "{1} {0} {1}".format("a", "b"), "{a} {b}".format(a=1, b=2), "{} {x}".format(0, x=9), "{{}} {{{}}}".format(5))
print("{0.x} {0.items[1]} {0.table[key]} {0.table[1]}".format(p), "{.x}".format(p))
print("{0[0]} {0[1]} {n[k]}".format([1, 2], n={"k": 3}), "{!r} {!s} {!a}".format("é", "é", "é"), "{:>5}|{:<5}|{:^5}|{:*^7}".format(1, 2, 3, "x"))
print("{:{}}|{:{w}.{p}f}".format("a", 5, 3.14159, w=8, p=2), "{0:{1}{2}}".format(5, "0", 4), "{:,} {:_} {:%} {:e}".format(12345, 12345, 0.5, 1234.5))
print("{:s} {:10s}| {:.2s} {:>{n}}".format("abc", "abc", "abc", "r", n=4), "{} {} {}".format(*"abc"), "{x}".format(**{"x": 1}), "{}".format(None), "{:}".format([1]))
for template, args, kwargs in (
    ("{}", (), {}),
    ("{1}", (0,), {}),
    ("{a}", (), {}),
    ("{} {0}", (1,), {}),
    ("{0} {}", (1,), {}),
    ("{", (), {}),
    ("}", (), {}),
    ("{0", (1,), {}),
    ("{!x}", (1,), {}),
    ("{!}", (1,), {}),
    ("{:d}", ("a",), {}),
    ("{0.missing}", (1,), {}),
    ("{0[5]}", ([1],), {}),
    ("{0[k]}", ({},), {}),
    ("{0[}", (1,), {}),
    ("{0.}", (1,), {}),
    ("{0[a]b}", ({"a": 1},), {}),
    ("{:{:{}}}", (1, 2, 3), {}),
    ("{:5", (1,), {}),
    ("{0!r:5!}", (1,), {}),
    ("{a b}", (), {}),
    ("{-1}", (1,), {}),
):
    try:
        print(template, "->", template.format(*args, **kwargs))
    except Exception as error:
        print(template, type(error).__name__, error)
print("{a} {b}".format_map({"a": 1, "b": 2}))


class Default(dict):
    def __missing__(self, key):
        return f"<{key}>"


print("{a} {b}".format_map(Default(a=1)))
for spec in (">8", "<8", "^8", "=8", "08", "*^8", ".2", "8.2", "é>5", "s", "10s", "🎉^7"):
    try:
        print(spec, "|" + format("abc", spec) + "|")
    except ValueError as error:
        print(spec, error)
for spec in ("d", "+", ",", "#", ".", " ", "5x", ">", ">>5", "=", "0", "z"):
    try:
        print(spec, "|" + format("ab", spec) + "|")
    except ValueError as error:
        print(spec, error)
