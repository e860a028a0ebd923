"""Views of a dict: live, set operations, reversed, mapping, mutation while iterating."""

d = {"a": 1, "b": 2, "c": 3}
keys, values, items = d.keys(), d.values(), d.items()
print(keys, values, items, len(keys), "a" in keys, 2 in values, ("a", 1) in items, ("a", 2) in items, "a" in items)
d["d"] = 4
print(keys, list(values), len(items), list(reversed(keys)), list(reversed(values)))
print(sorted(keys & {"a", "z"}), sorted(keys | ["z"]), sorted(keys - {"a"}), sorted(keys ^ {"a", "q"}), keys == {"a", "b", "c", "d"}, keys >= {"a"}, keys.isdisjoint("xy"), sorted({"a", "z"} - keys))
print(sorted(items & {("a", 1), ("b", 0)}), {"a": 1}.items() == {("a", 1)}, {"a": 1}.keys() == {"a": 2}.keys(), {"a": 1}.values() == {"a": 1}.values(), keys.mapping["a"])
for action in (lambda: keys[0], lambda: hash(keys), lambda: items & 5, lambda: values & values, lambda: type(keys)(), lambda: {"a": []}.items() | set(), lambda: keys.mapping.__setitem__("a", 1)):
    try:
        print(action())
    except (TypeError, AttributeError) as error:
        print(type(error).__name__, error)
for change in ("d['new'] = 1", "del d['a']", "d.clear()", "d.update(q=1)"):
    d = {"a": 1, "b": 2}
    try:
        for k in d:
            exec(change)
        print("no error")
    except RuntimeError as error:
        print(change, error)
d = {"a": 1, "b": 2}
for k in d:
    d[k] += 1
print(d)
try:
    for k in d:
        del d[k]
        d[k + "x"] = 1
except RuntimeError as error:
    print(error)
for view in ("keys", "values", "items"):
    d = {1: 1, 2: 2}
    try:
        for _ in getattr(d, view)():
            d[len(d) + 1] = 0
    except RuntimeError as error:
        print(view, error)
d = {1: 1, 2: 2}
for k in list(d):
    del d[k]
print(d)
it = iter({1: "a", 2: "b"})
print(next(it), it.__length_hint__(), next(it), next(it, "end"), type(it).__name__, type({}.values()).__name__, type(iter({}.items())).__name__, type(reversed({})).__name__)
it = iter(d := {1: 2})
d[3] = 4
for _ in range(2):
    try:
        next(it)
    except RuntimeError as error:
        print(error)
