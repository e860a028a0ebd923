"""Many threads on one heap: whole steps where comparing needs no Python, and never a lost item."""

import bisect
import heapq
import random

from _support import THREADS, in_threads, repeat

N = 200


class Item:
    """An item that only Python can compare."""

    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        return self.n < other.n


def is_heap(heap):
    return all(not heap[i] < heap[(i - 1) // 2] for i in range(1, len(heap)))


def pushes():
    heap = []

    def work(n):
        for i in range(N):
            heapq.heappush(heap, (i * 37 % 101, n, i))

    in_threads(work)
    assert len(heap) == THREADS * N and is_heap(heap)
    assert sorted(heap) == sorted((i * 37 % 101, n, i) for n in range(THREADS) for i in range(N))


def pops():
    heap = list(range(THREADS * N))
    random.shuffle(heap)
    heapq.heapify(heap)

    def work(n):
        taken = [heapq.heappop(heap) for _ in range(N)]
        assert taken == sorted(taken), "a smaller item came later"
        return taken

    taken = in_threads(work)
    assert heap == [] and sorted(sum(taken, [])) == list(range(THREADS * N))


def exchanges():
    heap = list(range(100))

    def work(n):
        out = []
        for i in range(N):
            out.append(heapq.heapreplace(heap, (n + 1) * 1000 + i))
            out.append(heapq.heappushpop(heap, (n + 1) * 2000 + i))
        return out

    taken = sum(in_threads(work), [])
    assert len(heap) == 100 and is_heap(heap)
    put = [(n + 1) * k + i for n in range(THREADS) for i in range(N) for k in (1000, 2000)]
    assert sorted(taken + heap) == sorted(put + list(range(100)))


def python_items():
    heap = []

    def work(n):
        out = []
        for i in range(N // 4):
            item = Item(random.random())
            try:
                heapq.heappush(heap, item)
            except RuntimeError:
                pass
            try:
                out.append(heapq.heappop(heap))
            except (RuntimeError, IndexError):
                pass
        return out

    in_threads(work)
    for item in heap:
        assert type(item) is Item


def insertions():
    shared = []

    def work(n):
        for i in range(N):
            bisect.insort(shared, (n, i))
            bisect.bisect(shared, (n, i))

    in_threads(work)
    assert sorted(shared) == [(n, i) for n in range(THREADS) for i in range(N)]


repeat(pushes, pops, exchanges, python_items, insertions)
