"""match on classes that are sequences or mappings through collections.abc."""

import collections
import collections.abc


class Sequence(collections.abc.Sequence):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        print("get", index)
        return (10, 20)[index]


match Sequence():
    case [a, b]:
        print(a, b)
match Sequence():
    case [a, b, c]:
        print("never")
    case [*all]:
        print(all)


class Mapping(collections.abc.Mapping):
    def __getitem__(self, key):
        print("getitem", key)
        return {"x": 1, "z": 2}[key]

    def __iter__(self):
        return iter(["x", "z"])

    def __len__(self):
        return 2


match Mapping():
    case {"x": x, "y": y}:
        print("never")
    case {"x": x}:
        print(x)

d = collections.defaultdict(int)
match d:
    case {"missing": value}:
        print("never")
    case _:
        print("not made", len(d))

match collections.deque([1, 2]), collections.OrderedDict(k=5):
    case [1, *_], {"k": v}:
        print(v)
