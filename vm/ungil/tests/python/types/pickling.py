"""pickle with the native pickler: every protocol, hooks, recursion, old opcodes, errors with their notes."""
import collections
import copyreg
import io
import pickle
import pickletools


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return type(other) is type(self) and vars(self) == vars(other)


class Slotted:
    __slots__ = "a", "b"


class Stateful(list):
    def __getstate__(self):
        return "state"

    def __setstate__(self, state):
        self.state = state


class Outer:
    class Inner:
        pass


Pair = collections.namedtuple("Pair", "a b")
values = [None, True, False, 0, 255, 256, 65536, -1, 2**31, -(2**31), 2**100, -(2**100), 1.5, 1j, "", "text", "\u4e2d\udc80",
          b"", b"bytes", bytearray(b"ab"), (), (1,), (1, 2, 3), (1, 2, 3, 4), [], [1], list(range(1500)), {}, {"a": 1},
          dict.fromkeys(range(1200)), {1, 2}, frozenset({3}), ..., NotImplemented, int, type(None), len, Point(1, [2]),
          Pair(1, 2), collections.OrderedDict(a=1), collections.Counter("aab"), Outer.Inner, range(3), slice(1, 2, 3)]
for protocol in range(6):
    for value in values:
        data = pickle.dumps(value, protocol)
        if value is not ... and value is not NotImplemented:
            assert data == pickle._dumps(value, protocol), (protocol, value)
        again = pickle.loads(data)
        assert again == value and type(again) is type(value), (protocol, value)
        assert pickle.load(io.BytesIO(data)) == value
        assert pickle._loads(data) == value
    shared = [1, "x"]
    both = pickle.loads(pickle.dumps((shared, shared), protocol))
    loop = []
    loop.append((loop, {"self": loop}))
    again = pickle.loads(pickle.dumps(loop, protocol))
    print(protocol, both[0] is both[1], again[0][0] is again, again[0][1]["self"] is again)
slotted = Slotted()
slotted.a = 5
again = pickle.loads(pickle.dumps(slotted))
print(again.a, hasattr(again, "b"), pickle.loads(pickle.dumps(Stateful([1, 2]))).state)
big = ["x" * 100_000, b"y" * 70_000, ["z" * 1000] * 3]
assert pickle.loads(pickle.dumps(big)) == big
pickletools.dis(pickle.dumps({"a": [1, (2, 3)], "b": Point(1, 2)}))


class Hooks(pickle.Pickler):
    def persistent_id(self, obj):
        return "point" if isinstance(obj, Point) else None

    def reducer_override(self, obj):
        return (int, ("7",)) if obj is len else NotImplemented


class Unhooks(pickle.Unpickler):
    def persistent_load(self, pid):
        return [pid]

    def find_class(self, module, name):
        print("find", module, name)
        return super().find_class(module, name)


file = io.BytesIO()
pickler = Hooks(file)
pickler.dump([Point(1, 2), len, Pair(1, 2)])
pickler.dump("again")
pickler.clear_memo()
file.seek(0)
unpickler = Unhooks(file)
print(unpickler.load(), unpickler.load(), len(unpickler.memo.copy()))
file = io.BytesIO()
pickler = pickle.Pickler(file)
pickler.dispatch_table = copyreg.dispatch_table | {Point: lambda p: (Pair, (p.x, p.y))}
pickler.dump(Point(3, 4))
print(pickle.loads(file.getvalue()))
for old in [b"I5\n.", b"I01\n.", b"L12L\n.", b"F1.5\n.", b"S'abc\\n'\n.", b"Vx\\u4e2d\n.", b"(I1\nI2\nt.", b"(dS'a'\nI1\ns.",
            b"(lp0\nI1\na.", b"\x80\x02U\x03abc.", b"(S'a'\nI1\nd.", b"c__builtin__\nset\n((ltR."]:
    print(pickle.loads(old))


def attempt(call, *args):
    try:
        print(call(*args))
    except Exception as error:
        print(type(error).__name__, str(error).split(" at 0x")[0], getattr(error, "__notes__", None))


def nested():
    return lambda: 1


for value in [nested(), [1, nested()], {1: (nested(),)}, (i for i in ()), Point(1, nested())]:
    attempt(pickle.dumps, value)
for data in [b"", b"\x80\x05.", b"zz", b"K", b"\x80\x09", b"h\x05.", b"cos\nbar\n.", b"Pabc\n.", b"N", b"Iabc\n.", b"e.", b"(.",
             b"NR.", b"N)R.", b"c__builtin__\nset\n(lR.", b"\x82\x01.", b"\x95\x10\0\0\0\0\0\0\0N.", b"NN}s.", b'S"abc\n.', b"N)\x81.", b"\x97."]:
    attempt(pickle.loads, data)
attempt(pickle.dumps, 1, 9)
attempt(pickle.Pickler, 1)
attempt(pickle.Unpickler, 1)
attempt(pickle.Pickler.__new__(pickle.Pickler).dump, 1)
deep = []
for _ in range(100_000):
    deep = [deep]
try:
    pickle.dumps(deep)
except RecursionError:
    print("too deep")
