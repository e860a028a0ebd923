"""Threads that come and go make, share, change and drop everything, with collections: all of it ends, memory stays flat.

As the soak test: `everything.py 600` runs for ten minutes; `everything.py 300x` does the same work in every build. A second
argument is the seed of the first lap.
"""

import gc
import itertools
import queue
import random
import sys
import threading
import weakref
from collections import deque

from _support import repeat

THREADS = 6
THREADS_A_LAP = 18
ACTIONS = 400
SLOTS = 64

seeds = itertools.count(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
made = itertools.count()
ended = itertools.count()
called_back = itertools.count()


class Node:
    """What is shared; its end is counted."""

    kind = "node"

    def __init__(self, value, *links):
        next(made)
        self.value = value
        self.links = list(links)

    def __del__(self):
        next(ended)

    def total(self):
        return sum(link.value for link in self.links) + self.value


class Slotted(Node):
    __slots__ = ("extra",)


class Shared:
    """All that the threads of a lap have in common."""

    def __init__(self):
        self.slots = [None] * SLOTS
        self.list = []
        self.table = {}
        self.set = set()
        self.deque = deque(maxlen=SLOTS)
        self.queue = queue.SimpleQueue()
        self.weak = weakref.WeakValueDictionary()
        self.references = [None] * SLOTS
        self.generators = [None] * SLOTS
        self.functions = [None] * SLOTS
        self.errors = [None] * SLOTS
        self.classes = [Node, Slotted]
        self.local = threading.local()


def nodes(s, r):
    node = s.classes[r.randrange(len(s.classes))](r.randrange(100))
    other = s.slots[r.randrange(SLOTS)]
    if other is not None:
        node.links.append(other)
        # A cycle now and then, and never a chain that grows without an end.
        other.links[:] = [node] if r.randrange(4) == 0 else []
        node.total()
    s.slots[r.randrange(SLOTS)] = node


def attributes(s, r):
    node = s.slots[r.randrange(SLOTS)]
    if node is not None:
        name = f"a{r.randrange(5)}"
        setattr(node, name, Node(1))
        node.value = r.randrange(100)
        getattr(node, f"a{r.randrange(5)}", None)
        if r.randrange(3) == 0:
            vars(node).pop(name, None)
        assert node.kind == "node"


def lists(s, r):
    s.list.append(Node(2))
    if len(s.list) > SLOTS:
        del s.list[r.randrange(SLOTS) :]
    try:
        s.list.pop()
        s.list[r.randrange(8)] = Node(3)
    except IndexError:
        pass
    for node in s.list[:5]:
        node.value
    s.list.reverse()


def tables(s, r):
    key = r.randrange(SLOTS), "key"
    s.table[key] = Node(4)
    s.table.setdefault(str(key), []).append(key)
    s.table.pop(str(r.randrange(SLOTS)), None)
    if r.randrange(10) == 0:
        s.table.clear()
    list(s.table.values())


def sets(s, r):
    s.set.add(Node(5))
    s.set.add(r.randrange(1000))
    if len(s.set) > SLOTS:
        s.set.clear()
    frozenset(s.set.copy())
    try:
        s.set.pop()
    except KeyError:
        pass


def handed_over(s, r):
    s.queue.put([Node(6), "x" * r.randrange(2000)])
    s.deque.append(Node(7))
    try:
        (node, text) = s.queue.get_nowait()
        assert node.value == 6 and len(text) < 2000
    except queue.Empty:
        pass


def weakly(s, r):
    node = Node(8)
    s.weak[r.randrange(SLOTS)] = node
    s.references[r.randrange(SLOTS)] = weakref.ref(node, lambda _: next(called_back))
    reference = s.references[r.randrange(SLOTS)]
    found = reference() if reference else None
    assert found is None or isinstance(found, Node)
    found = s.weak.get(r.randrange(SLOTS))
    s.slots[r.randrange(SLOTS)] = found if r.randrange(2) else node


def numbered(node, count):
    for i in range(count):
        yield i, node


def generators(s, r):
    at = r.randrange(SLOTS)
    generator = s.generators[at]
    if generator is None:
        s.generators[at] = numbered(Node(9), r.randrange(5))
        return
    try:
        (_, node) = next(generator)
        assert node.value == 9
    except StopIteration:
        s.generators[at] = None
    except ValueError as error:
        assert "already executing" in str(error), error


def functions(s, r):
    node, count = Node(10), 0

    def up(by=[Node(11)]):
        nonlocal count
        count += len(by)
        return node.value + by[0].value

    s.functions[r.randrange(SLOTS)] = up
    other = s.functions[r.randrange(SLOTS)]
    assert other is None or other() == 21


def errors(s, r):
    try:
        local = Node(12)
        raise ValueError(local)
    except ValueError as error:
        s.errors[r.randrange(SLOTS)] = error
    other = s.errors[r.randrange(SLOTS)]
    if other is not None:
        assert other.__traceback__.tb_frame.f_code.co_name == "errors"


def locals_(s, r):
    s.local.node = Node(13)
    s.local.mine = getattr(s.local, "mine", 0) + 1


def classes(s, r):
    if r.randrange(20) == 0:
        base = (Node, Slotted)[r.randrange(2)]
        s.classes.append(type("Made", (base,), {"extra_value": Node(14), "own": lambda self: self.value}))
    if len(s.classes) > 8:
        del s.classes[2:5]
    cls = s.classes[r.randrange(len(s.classes))]
    cls(15, Node(16)).total()
    if cls not in (Node, Slotted):
        cls.changing = Node(17)


def collections(s, r):
    if r.randrange(40) == 0:
        gc.collect()


def helpers(s, r):
    if r.randrange(20) == 0:
        thread = threading.Thread(target=lists, args=(s, random.Random(r.random())))
        thread.start()
        if r.randrange(2):
            thread.join()
        else:
            s.table["thread"] = thread


ALL = [
    nodes, attributes, lists, tables, sets, handed_over, weakly, generators, functions, errors, locals_, classes,
    collections, helpers,
]  # fmt: skip


def work(s, seed, failures):
    r = random.Random(seed)
    action = None
    try:
        for _ in range(ACTIONS):
            action = r.choice(ALL)
            try:
                action(s, r)
            except IndexError:
                # `classes` has become shorter between the choice of one and the look at it.
                assert action in (nodes, classes)
            except RuntimeError as error:
                assert "changed size" in str(error) or "mutated" in str(error), error
    except BaseException as error:
        failures.append(f"{action.__name__}, seed {seed}: {error!r}")


def lap():
    s, failures, running = Shared(), [], []
    for _ in range(THREADS_A_LAP):
        if len(running) == THREADS:
            running.pop(0).join()
        thread = threading.Thread(target=work, args=(s, next(seeds), failures))
        thread.start()
        running.append(thread)
    for thread in running:
        thread.join()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()
    assert not failures, failures
    del s, running, thread
    for _ in range(5):
        gc.collect()
    balance = next(made) - next(ended)
    assert balance == 0, f"{balance} nodes have not ended, seeds up to {next(seeds)}"


repeat(lap)
