"""WeakValueDictionary, WeakKeyDictionary and WeakSet lose what dies."""

import weakref


class C:
    def __init__(self, n):
        self.n = n

    def __repr__(self):
        return f"C{self.n}"


a, b = C(1), C(2)
values = weakref.WeakValueDictionary(a=a, b=b)
values["temporary"] = C(3)
print(sorted(values), values["a"], values.get("zz"), len(values), "temporary" in values)
del a
print(sorted(values.items(), key=str), len(values))
keys = weakref.WeakKeyDictionary()
k = C(4)
keys[k] = "value"
keys[C(5)] = "gone"
print(len(keys), keys[k], k in keys, list(keys.values()))
del k
print(len(keys), list(keys.items()))
s = weakref.WeakSet([b])
s.add(C(6))
print(len(s), b in s, list(s))
s.discard(b)
print(len(s))
for action in (lambda: values.__getitem__("gone"), lambda: values.__setitem__("i", 5), lambda: keys.__setitem__(5, 1), lambda: s.add("text")):
    try:
        action()
    except (KeyError, TypeError) as error:
        print(type(error).__name__, error)
objects = [C(i) for i in range(100)]
cache = weakref.WeakValueDictionary((o.n, o) for o in objects)
del objects[::2]
o = None
print(len(cache), 1 in cache, 0 in cache, sum(cache))
for key in cache:
    objects.clear()
print(len(cache))
