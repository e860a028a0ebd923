"""t-strings make Template objects: strings, interpolations, values, nesting."""

name, n = "world", 3
t = t"hello {name}, {n + 1!r:>{n}} done"
print(type(t).__name__, type(t).__module__)
print(t.strings, t.values)
for i in t.interpolations:
    print(repr(i.value), repr(i.expression), repr(i.conversion), repr(i.format_spec))
print([part if isinstance(part, str) else ("i", part.value) for part in t])
print(t"".strings, t"".values, list(t""))
print(t"{n}".strings, t"{n}{name}".strings)
print(t"{n=}".strings, t"{n=}".interpolations[0].conversion)
print(t"{n=:>5}".interpolations[0].format_spec)
both = t"a{n}" + t"{name}b"
print(both.strings, both.values)
joined = t"one {n}" t" two {name}"
print(joined.strings)
print(rt"\n{n}".strings, t"{{x}}".strings)
try:
    t + "text"
except TypeError as error:
    print(error)
inner = t"[{t'<{n}>'}]"
print(inner.values[0].strings)


def render(template):
    out = []
    for part in template:
        if isinstance(part, str):
            out.append(part)
        else:
            out.append(format(part.value, part.format_spec).upper())
    return "".join(out)


print(render(t"{name} is {n:03}"))
print(repr(t"a{n}b"))
print(repr(t.interpolations[0]))


def lazily():
    for v in range(2):
        yield t"{v}"


print([x.values for x in lazily()])
