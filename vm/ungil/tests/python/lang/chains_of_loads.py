"""What one load finds and the next instruction looks at: attributes of attributes, items of attributes, values not used."""

import math
import sys
import threading


class Node:
    def __init__(self, **kw):
        self.__dict__.update(kw)


class Plain:
    def __init__(self, name, inner=None):
        self.name = name
        self.inner = inner

    def __del__(self):
        ended.append(self.name)


class Computed:
    """Lets go of itself while it is asked."""

    def __init__(self, tag):
        self.tag = tag

    @property
    def gone(self):
        holder.item = None
        return self.tag

    def __getattr__(self, name):
        holder.item = None
        return self.tag, name

    def __getitem__(self, key):
        holder.item = None
        return self.tag, key


class Undecided:
    def __getitem__(self, key):
        return NotImplemented


ended = []
holder = Plain("holder", Plain("inner", [1, (2, {"k": "v", 3: [4]}), "text"]))
TABLE = {"list": [[1, 2], (3, 4)], "dict": {"a": {"b": 5}}, 7: "seven"}


def chains():
    print(holder.inner.inner[1][1]["k"], holder.inner.inner[1][1][3][0], holder.inner.inner[-1][1:3])
    print(TABLE["list"][0][1], TABLE["list"][1][-1], TABLE["dict"]["a"]["b"], TABLE[7][0])
    print(math.pi.real == math.pi, Plain.__init__.__name__, holder.inner.name.upper(), len(TABLE["list"][0]))
    key = "a"
    print(TABLE["dict"][key][key.replace("a", "b")], TABLE["dict"]["".join(["a"])]["b"])


def unused():
    captured = [1]

    def inner():
        captured
        return captured[0]

    holder.inner
    holder.inner.inner
    holder.inner.inner[0]
    TABLE["list"]
    TABLE["list"][0]
    TABLE
    math
    math.pi
    Plain.__name__
    return inner()


def failures():
    for look in (
        lambda: holder.inner.missing,
        lambda: holder.missing.inner,
        lambda: holder.inner.inner[9],
        lambda: holder.inner.inner["x"],
        lambda: TABLE["dict"]["z"],
        lambda: TABLE["list"][0][0][0],
        lambda: TABLE["list"][2][0],
        lambda: missing.inner,
        lambda: math.missing.real,
        lambda: holder.inner.inner[0].missing,
        lambda: holder.inner[0],
    ):
        try:
            print(look())
        except Exception as e:
            print(type(e).__name__, e)


def lets_go():
    for tag in ["a" * 3, ["list"]]:
        holder.item = Computed(tag)
        print(holder.item.gone)
        holder.item = Computed(tag)
        print(holder.item.other)
        holder.item = Computed(tag)
        print(holder.item[0], holder.item)
        holder.item = Computed(tag)
        print(holder.item["key"], holder.item)
    holder.item = Undecided()
    print(holder.item[0], holder.item["x"])


def overwrites():
    a = Plain("outer", Plain("middle", Plain("innermost", [1, 2])))
    a = a.inner.inner
    print(a.name, ended)
    a = a.inner[1]
    print(a, ended)
    a = [[[Plain("deep")]]]
    a = a[0][0][0]
    print(a.name, ended)
    del a
    a = Plain("temporary", Plain("of it", "kept")).inner.inner
    print(a, ended[-2:])
    a = Plain("with items", [[5]]).inner[0][0]
    print(a, ended[-1:])
    a = Plain("dropped", Plain("with it")).inner
    Plain("not looked at", Plain("either")).inner.name
    print(a.name, ended[-4:])


def suspended():
    for item in holder.inner.inner[1][1][3]:
        received = yield holder.inner.inner[item - 4]
        yield holder.inner.name, received, TABLE["dict"][received]["b"]


def traced():
    seen = []

    def hook(frame, event, arg):
        frame.f_trace_opcodes = True
        seen.append(event)
        # The frame is between two instructions: one may have found what the next one looks at.
        holder.inner, kept.inner = kept.inner, holder.inner
        return hook

    kept = Plain("other", Plain("inner", [1, (2, {"k": "w", 3: [4]}), "text"]))

    def looks():
        names = set()
        for _ in range(20):
            names.add(holder.inner.inner[1][1]["k"])
        return names <= {"v", "w"}

    sys.settrace(hook)
    try:
        print(looks())
    finally:
        sys.settrace(None)
    print({"call", "line", "return"} <= set(seen))
    holder.inner = Plain("inner", [1, (2, {"k": "v", 3: [4]}), "text"])


def among_threads():
    """Readers never see anything but what was there."""
    shared = Plain("shared", Plain("0", [["0"], {"k": ("0",)}]))
    wrong = []
    stop = threading.Event()

    def read():
        while not stop.is_set():
            for _ in range(500):
                a, b, c = shared.inner.name, shared.inner.inner[0][0], shared.inner.inner[1]["k"][0]
                shared.inner.inner[1]["k"]
                if not a.isdigit() or not b.isdigit() or not c.isdigit():
                    wrong.append((a, b, c))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for i in range(3000):
        shared.inner = Node(name=str(i), inner=[[str(i)], {"k": (str(i),)}])
        shared.inner.inner[0] = [str(i + 1)]
        shared.inner.inner[1]["k"] = (str(i + 2),)
    stop.set()
    for reader in readers:
        reader.join()
    print(wrong, shared.inner.name)


for _ in range(3):
    chains()
print([unused() for _ in range(3)])
for _ in range(2):
    failures()
    lets_go()
overwrites()
g = suspended()
print(next(g), g.send("a"))
traced()
chains()
ended.clear()
among_threads()
chains()
