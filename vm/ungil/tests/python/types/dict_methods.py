"""dict methods, order of insertion, merging, views, and errors."""

d = {"a": 1, "b": 2}
d["c"] = 3
d["a"] = 10
print(d, len(d), d["a"], "a" in d, "z" in d, list(d), d.get("z"), d.get("z", 0), d.get("b", 0))
print(d.setdefault("a", 99), d.setdefault("new", []), d.setdefault("none"), d)
print(d.pop("none"), d.pop("zz", "default"), d.popitem(), d)
d.update({"b": 20}, x=1)
d.update([("y", 2), ["z", 3]])
d.update(q=5)
print(d)
del d["b"]
d["b"] = "at the end again"
print(list(d.items()), list(reversed(d)), list(reversed(d.items()))[:1])
print(dict(), dict(a=1), dict([(1, 2)]), dict({1: 2}, b=3), dict(zip("ab", [1, 2])), dict.fromkeys("ab"), dict.fromkeys([1, 2], 0), {**d, "a": 0}["a"], {1: "a", True: "b", 1.0: "c"})
print({"a": 1} | {"b": 2}, {"a": 1, "b": 1} | {"a": 2}, {1: 2} == {1: 2.0}, {1: 2} != {1: 3}, {"a": 1, "b": 2} == {"b": 2, "a": 1}, d.copy() == d, d.copy() is d)
for action in (
    lambda: d["missing"],
    lambda: d[1, 2],
    lambda: d[[]],
    lambda: d[{}],
    lambda: d.pop("missing"),
    lambda: {}.popitem(),
    lambda: dict(5),
    lambda: dict([1]),
    lambda: dict([(1, 2, 3)]),
    lambda: dict(["ab", "c"]),
    lambda: d.update(5),
    lambda: d.update([("a",)]),
    lambda: dict(1, 2),
    lambda: d < {},
    lambda: d + d,
    lambda: d | [],
    lambda: hash(d),
    lambda: d.get(),
    lambda: d.get([]),
    lambda: {[]: 1},
    lambda: {"a": 1}.missing,
    lambda: d.setdefault(),
    lambda: dict.fromkeys(5),
    lambda: [] in d,
    lambda: {}.__getitem__(None),
):
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
try:
    del d["missing"]
except KeyError as error:
    print(repr(error), error)
d.clear()
print(d, bool(d), str({}), repr({"k": {"n": [1]}}), {None: None, (): [], 1.5: "x"})
numbers = {}
for i in range(100):
    numbers[i] = i * i
for i in range(0, 100, 2):
    del numbers[i]
for i in range(0, 20, 4):
    numbers[i] = "again"
print(list(numbers)[:5], list(numbers)[-6:], len(numbers), sum(v for v in numbers.values() if v != "again"))
d = {"x": 1}
d |= {"y": 2}
d |= [("z", 3)]
print(d, d.__contains__("x"), d.__getitem__("x"), dict.get(d, "x"), [k for k in d], {k: v for v, k in d.items()}, max(d), sorted(d, key=d.get, reverse=True))


class WithKeys:
    def keys(self):
        return ["k1", "k2"]

    def __getitem__(self, key):
        return key.upper()


print(dict(WithKeys()), {**WithKeys()})
