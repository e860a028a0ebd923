"""Subclasses of int, float, str, list, dict, tuple, set, Exception: which methods are used and what comes back."""


class Int(int):
    def __add__(self, other):
        return Int(int(self) + other)

    def __repr__(self):
        return f"Int({int(self)})"


class List(list):
    def __getitem__(self, index):
        return "item %s" % index

    def __iter__(self):
        return iter("iter")

    def __len__(self):
        return 42


class Dict(dict):
    def __getitem__(self, key):
        return "got " + str(key)

    def __contains__(self, key):
        return True

    def keys(self):
        return ["fake"]


class Str(str):
    def __len__(self):
        return 99

    def upper(self):
        return "UP"


class Float(float):
    def __str__(self):
        return "Float!"


i = Int(5)
print(i, i + 1, type(i + 1).__name__, i - 1, type(i - 1).__name__, -i, i == 5, {i: 1}[5], [10] * i == [10] * 5, range(i), isinstance(i, int), int(i), type(int(i)).__name__, i.bit_length(), hash(i), f"{i}", f"{i:d}", str(i))
l = List([1, 2])
print(l[0], list(l), len(l), l == [1, 2], bool(l), [*l], l + [3], repr(l), sorted(l), tuple(l), list.__len__(l), l[0:1])
l.append(3)
print(list.__getitem__(l, 2), l.attr if hasattr(l, "attr") else "no attr")
l.attr = 1
print(l.attr, l.__dict__)
d = Dict(a=1)
print(d["zzz"], "q" in d, d.get("a"), d.get("q"), dict(d) == {"fake": "got fake"}, {**d}, len(d), list(d), dict.__getitem__(d, "a"), d.keys())
s = Str("abc")
print(len(s), s.upper(), s.lower(), s[0], s + "d", "%s" % s, f"{s}", "".join([s, s]), s == "abc", str.__len__(s), type(s.strip()).__name__, hash(s) == hash("abc"))
f = Float(1.5)
print(f, repr(f), f + 1, f"{f}", f"{f:.1f}", "%s %.1f" % (f, f), type(f * 1).__name__, round(f), int(f), f == 1.5)


class Missing(dict):
    def __missing__(self, key):
        self[key] = value = key * 2
        return value


m = Missing()
print(m["a"], m, m.get("b"), "b" in m)


class Bytes(bytes):
    pass


print(Bytes(b"x") + b"y", type(Bytes(b"x") + b"y").__name__, Bytes(b"x").upper(), isinstance(Bytes(), bytes))


class Both(int):
    def __new__(cls, v, extra):
        self = super().__new__(cls, v)
        self.extra = extra
        return self


b = Both(7, "e")
print(b, b.extra, b + 1, b.__dict__)
try:

    class NoSub(type(None)):
        pass

except TypeError as error:
    print(error)
for base in (bool, range, slice, type(...), type(lambda: 0), memoryview, type(NotImplemented)):
    try:
        type("Sub", (base,), {})
        print("ok", base)
    except TypeError as error:
        print(error)
