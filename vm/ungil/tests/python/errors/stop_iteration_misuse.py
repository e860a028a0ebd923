"""Iteration errors: StopIteration inside generators, changed collections, exhausted iterators, wrong __iter__."""


def gen():
    yield 1
    raise StopIteration


for source in (
    "list(gen())", "next(iter([]))", "next(5)", "list(5)", "[*None]", "dict([1, 2])", "dict([[1]])", "sum('ab')", "max([])", "min()", "zip(1)", "list(map(len, [1]))", "[x for x in 5]", "{x: 1 for x in [[]]}", "sorted([1, 'a'])", "set([[]])", "','.join([1])", "enumerate(1)", "list(zip([1], [1, 2], strict=True))", "iter(lambda: 1)", "int(iter([]))",
):
    try:
        print(source, "=", eval(source))
    except Exception as error:
        print(source, "->", type(error).__name__, error, "| cause", repr(error.__cause__))
d = {1: 1}
try:
    for k in d:
        d[k + 1] = 1
except RuntimeError as error:
    print(error)
s = {1}
try:
    for k in s:
        s.add(k + 1)
except RuntimeError as error:
    print(error)
l = [1]
for x in l:
    if len(l) < 5:
        l.append(x + 1)
print(l)
