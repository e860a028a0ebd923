"""Many threads on one `SimpleQueue`, and `json` on what other threads change: items come once, texts are whole."""

import json
import queue

from _support import THREADS, in_threads, readers_and_writers, repeat

N = 300
HALF = THREADS // 2


def waiting():
    q = queue.SimpleQueue()

    def work(n):
        if n < HALF:
            for i in range(N):
                q.put((n, i))
            return []
        return [q.get() for _ in range(N)]

    check(in_threads(work))
    assert q.empty()


def with_a_time():
    q = queue.SimpleQueue()

    def work(n):
        taken = []
        if n < HALF:
            for i in range(N):
                q.put((n, i))
        while n >= HALF and len(taken) < N:
            try:
                taken.append(q.get(timeout=0.0001))
            except queue.Empty:
                pass
        return taken

    check(in_threads(work))
    assert q.qsize() == 0


def without_waiting():
    q = queue.SimpleQueue()

    def work(n):
        taken = []
        for i in range(N):
            if n < HALF:
                q.put_nowait((n, i))
        while n >= HALF and len(taken) < N:
            try:
                taken.append(q.get_nowait())
            except queue.Empty:
                pass
        return taken

    check(in_threads(work))


def check(taken):
    for one in taken:
        for n in range(HALF):
            mine = [i for m, i in one if m == n]
            assert mine == sorted(mine), "items of one thread overtook each other"
    assert sorted(sum(taken, [])) == [(n, i) for n in range(HALF) for i in range(N)]


def texts():
    shared = {"list": [], "dict": {}}

    def write(n):
        for i in range(N):
            shared["list"].append(i)
            shared["dict"][f"{n} {i}"] = i
            if len(shared["list"]) > 50:
                shared["list"].clear()
                shared["dict"].clear()

    def read():
        found = json.loads(json.dumps(shared))
        assert set(found) == {"list", "dict"}
        assert all(type(i) is int for i in found["list"])

    readers_and_writers(write, read)


repeat(waiting, with_a_time, without_waiting, texts)
