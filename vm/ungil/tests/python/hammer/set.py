"""Many threads on one set: add, remove, pop, update, membership, copies."""

from _support import THREADS, in_threads, readers_and_writers, repeat

N = 300


def adds():
    shared = set()

    def work(n):
        for i in range(N):
            shared.add((n, i))
            shared.add(i)
            assert (n, i) in shared, "a thread does not see its own store"

    in_threads(work)
    assert len(shared) == THREADS * N + N, len(shared)
    assert shared == {(n, i) for n in range(THREADS) for i in range(N)} | set(range(N))


def removes():
    shared = set(range(N))

    def work(n):
        removed = []
        for i in range(N):
            try:
                shared.remove(i)
                removed.append(i)
            except KeyError:
                pass
        return removed

    removed = in_threads(work)
    assert shared == set()
    assert sorted(sum(removed, [])) == list(range(N)), "an item was removed twice or never"


def pops():
    shared = set(range(THREADS * N))
    taken = in_threads(lambda n: [shared.pop() for _ in range(N)])
    assert not shared
    assert sorted(sum(taken, [])) == list(range(THREADS * N))


def updates():
    shared = set()

    def work(n):
        for i in range(0, N, 10):
            shared.update(range(n * N + i, n * N + i + 10))
            shared.difference_update([n * N + i])

    in_threads(work)
    assert len(shared) == THREADS * (N - N // 10), len(shared)


def changes_while_reading():
    shared = set(range(100))

    def write(n):
        for i in range(N):
            shared.add(1000 + n * N + i)
            shared.discard(1000 + n * N + i - 5)
            if i % 30 == 0:
                shared.difference_update(range(1000 + n * N, 1000 + n * N + i - 5))

    def read():
        copy = shared.copy()
        assert copy >= base and len(copy) == len(list(copy))
        assert set(range(100)) <= shared
        assert 50 in shared and -1 not in shared
        assert len(shared) >= 100 and shared | base and shared & base == base
        assert frozenset(shared) >= base
        try:
            for item in shared:
                assert type(item) is int
        except RuntimeError as error:
            assert "changed" in str(error), error

    base = frozenset(range(100))
    readers_and_writers(write, read)
    assert shared >= base


def clears():
    shared = set()

    def write(n):
        for i in range(N):
            shared.add(i)
            if i % 25 == 0:
                shared.clear()

    def read():
        assert all(0 <= item < N for item in list(shared))
        len(shared)

    readers_and_writers(write, read)


repeat(adds, removes, pops, updates, changes_while_reading, clears)
