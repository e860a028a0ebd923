"""`heapq` and `bisect` with items that need Python to compare and with others; messages."""

import bisect
import heapq
import random


class Item:
    def __init__(self, v):
        self.v = v

    def __lt__(self, other):
        return self.v < other.v

    def __repr__(self):
        return f"I{self.v}"


r = random.Random(3)
for make in (lambda: r.randrange(50), lambda: Item(r.randrange(50)), lambda: (r.randrange(5), str(r.randrange(9)))):
    for suffix in ("", "_max"):
        push, pop, replace, pushpop, heapify = [
            getattr(heapq, name + suffix)
            for name in ("heappush", "heappop", "heapreplace", "heappushpop", "heapify")
        ]
        heap, out = [], []
        for _ in range(30):
            push(heap, make())
        for _ in range(9):
            out += [pop(heap), replace(heap, make()), pushpop(heap, make())]
        items = [make() for _ in range(17)]
        heapify(items)
        print(heap, out, items)
        items = sorted(make() for _ in range(20))
        x = make()
        print(bisect.bisect_left(items, x), bisect.bisect_right(items, x), bisect.bisect(items, x, 3, 9))
        bisect.insort(items, x)
        bisect.insort_left(items, make())
        print(items)


def show(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)


class Shrinks:
    def __lt__(self, other):
        heap.clear()
        return True


heap = [Shrinks() for _ in range(5)]
for f in (
    lambda: heapq.heappush(1, 2),
    lambda: heapq.heappop([]),
    lambda: heapq.heapreplace([], 1),
    lambda: heapq.heappushpop([], 1),
    lambda: heapq.heappush([1], "a"),
    lambda: heapq.heapify((1, 2)),
    lambda: heapq.heapify(heap),
    lambda: bisect.bisect([1, 2, 3], 2, -1),
    lambda: bisect.bisect([1, 2, 3], "a"),
    lambda: bisect.bisect(5, 1),
    lambda: bisect.bisect({1, 2}, 1),
    lambda: bisect.bisect([1, 2, 3], 2, lo=1, hi=9),
    lambda: bisect.bisect((1, 2, 3), -2, key=lambda v: -v),
    lambda: bisect.insort((1,), 2),
):
    show(f)
