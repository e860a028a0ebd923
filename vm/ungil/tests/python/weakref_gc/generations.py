# Generations of the collector, frozen objects, garbage that is saved, what `gc.set_debug` prints, and finalizers as they
# were before PEP 442.
import contextlib
import gc
import io
import re

gc.disable()


class Node:
    def __init__(self):
        self.me = self


def where(obj):
    return [n for n in range(3) if any(obj is other for other in gc.get_objects(generation=n))]


def printed(flags, generation=2):
    text = io.StringIO()
    with contextlib.redirect_stderr(text):
        gc.set_debug(flags)
        found = gc.collect(generation)
        gc.set_debug(0)
    return found, re.sub(r"0x[0-9a-f]+|\d+\.\d+s", "...", text.getvalue())


gc.collect()
kept = Node()
print(where(kept))
for generation in 0, 1, 2:
    gc.collect(generation)
    print(generation, where(kept))

# A collection of the young finds the young only.
gc.collect()
old = Node()
gc.collect()
del old
Node()
print(gc.collect(0), gc.collect(1), gc.collect(2))

# The same with classes.
gc.collect()
for generation in 0, 1:
    for _ in range(3):
        class Young(Node):
            pass
        gc.collect(generation)
        print(Young().me.__class__ is Young)
gc.collect()

# An object that is passed over keeps the class that it has been given.
frozen = Node()
gc.collect()
gc.freeze()
print(gc.get_freeze_count() > 0, where(frozen), any(frozen is other for other in gc.get_objects()))
frozen.__class__ = type("Late", (Node,), {"hello": lambda self: "hello"})
Node()
print(gc.collect(), frozen.hello())
# Its class is not the last thing that the native stack has seen, where a word of it would keep it for a while.
frozen.__class__ = Node
del frozen.me, frozen
kept.other = Node
del kept.other
gc.unfreeze()
print(gc.get_freeze_count())
gc.collect()

before = gc.get_count()
more = [[] for _ in range(100)]
after = gc.get_count()
print(100 <= after[0] - before[0] <= 110, before[1:], after[1:])
gc.collect(0)
gc.collect(0)
gc.collect(1)
print(gc.get_count()[1:])
gc.collect(0)
print(gc.get_count()[1:])
del more

gc.collect()
Node()
print(printed(gc.DEBUG_COLLECTABLE))
found, text = printed(gc.DEBUG_STATS)
print(found, re.sub(r"\d+", "N", text))

Node()
found, text = printed(gc.DEBUG_SAVEALL)
print(found, text, len(gc.garbage), type(gc.garbage[0]).__name__, gc.garbage[0].me is gc.garbage[0])
gc.garbage.clear()
print(gc.collect(), gc.garbage)

seen = []


def callback(phase, info):
    seen.append((phase, info))


gc.callbacks.append(callback)
Node()
gc.collect(1)
gc.callbacks.remove(callback)
print(seen)

import _testcapi


@_testcapi.with_tp_del
class Legacy:
    def __init__(self, name):
        self.name = name

    def __tp_del__(self):
        print("end of", self.name)
        if self.name == "twice":
            self.name = "second"
            saved.append(self)


saved = []
legacy = Legacy("twice")
del legacy
print(len(saved))
saved.clear()
print(len(saved))
legacy = Legacy("cycle")
legacy.me, legacy.child = legacy, Node()
del legacy
stats = gc.get_stats()[2]["uncollectable"]
print(printed(gc.DEBUG_UNCOLLECTABLE), gc.get_stats()[2]["uncollectable"] - stats)
print([(type(obj).__name__, obj.name) for obj in gc.garbage])
del gc.garbage[0].me
gc.garbage.clear()
print(gc.collect())
