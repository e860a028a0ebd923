"""gc.collect: cycles of instances, lists, dicts, closures, classes; its count; garbage with finalizers."""

import gc
import weakref

gc.disable()
gc.collect()


class Node:
    def __init__(self, name=""):
        self.name = name


def collected(make):
    make()
    return gc.collect()


def self_reference():
    n = Node()
    n.me = n


def pair():
    a, b = Node(), Node()
    a.other, b.other = b, a


def list_cycle():
    l = []
    l.append(l)


def dict_cycle():
    d = {}
    d["d"] = d


def mixed():
    l, d = [], {}
    l.append(d)
    d["l"] = (l,)


def ring():
    nodes = [Node(i) for i in range(10)]
    for a, b in zip(nodes, nodes[1:] + nodes[:1]):
        a.next = b


for make in (self_reference, pair, list_cycle, dict_cycle, mixed, ring):
    print(make.__name__, collected(make), gc.collect())
n = Node()
n.me = n
r = weakref.ref(n)
del n
print(r() is not None)
gc.collect()
print(r())


def closure():
    def inner():
        return inner

    keep.append(weakref.ref(inner))


keep = []
closure()
print(keep[0]() is not None, gc.collect() > 0, keep[0]())


def generator():
    def g():
        me = yield
        yield

    it = g()
    next(it)
    it.send(it)
    keep.append(weakref.ref(it))


generator()
gc.collect()
print(keep[1]())


def exception_cycle():
    class Own(ValueError):
        pass

    try:
        raise Own
    except Own as error:
        saved = error
    keep.append(weakref.ref(saved))


exception_cycle()
gc.collect()
print(keep[2]())
big = [[] for _ in range(1000)]
for i, item in enumerate(big):
    item.append(big[i - 1])
del big, item
print(gc.collect())
outside = Node("outside")
inside = Node("inside")
inside.me, inside.out = inside, outside
del inside
gc.collect()
print(outside.name)
