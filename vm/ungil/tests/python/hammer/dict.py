"""Many threads on one dict: stores, setdefault, pop, popitem, update, deletion while others read."""

from _support import THREADS, in_threads, readers_and_writers, repeat

N = 300


class Key:
    """A key whose hash and equality are Python code; many share a hash."""

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n % 7

    def __eq__(self, other):
        return isinstance(other, Key) and self.n == other.n


def stores():
    shared = {}

    def work(n):
        for i in range(N):
            shared[n, i] = i
            shared[f"{n}-{i}"] = n
            assert shared[n, i] == i, "a thread does not see its own store"

    in_threads(work)
    assert len(shared) == 2 * THREADS * N, len(shared)
    for n in range(THREADS):
        for i in range(N):
            assert shared[n, i] == i and shared[f"{n}-{i}"] == n


def stores_of_the_same_keys():
    shared = {}

    def work(n):
        for i in range(N):
            shared[i % 50] = (i % 50, n)

    in_threads(work)
    assert sorted(shared) == list(range(50))
    assert all(key == value[0] for key, value in shared.items())


def setdefaults():
    shared = {}

    def work(n):
        return [shared.setdefault(i, [n, i]) for i in range(N)]

    for mine in in_threads(work):
        for i, won in enumerate(mine):
            assert won is shared[i], "two threads won the same key"


def pops():
    shared = {i: str(i) for i in range(N)}

    def work(n):
        return [got for i in range(N) if (got := shared.pop(i, None)) is not None]

    taken = in_threads(work)
    assert shared == {}
    assert sorted(sum(taken, [])) == sorted(str(i) for i in range(N)), "a value was popped twice or never"


def popitems():
    shared = {i: -i for i in range(THREADS * N)}

    def work(n):
        taken = []
        try:
            while True:
                taken.append(shared.popitem())
        except KeyError:
            return taken

    taken = in_threads(work)
    assert shared == {}
    assert sorted(sum(taken, [])) == [(i, -i) for i in range(THREADS * N)]


def updates():
    shared = dict.fromkeys(range(10), None)

    def write(n):
        for i in range(N):
            shared.update(dict.fromkeys(range(10), (n, i)))

    def read():
        for snapshot in (dict(shared), shared.copy()):
            assert len(snapshot) == 10 and len(set(snapshot.values())) == 1, snapshot
        assert len(set(list(shared.values()))) == 1
        assert list(shared) == list(range(10))

    readers_and_writers(write, read)


def inserts_and_deletes():
    shared = {}

    def write(n):
        for i in range(N):
            shared[n * N + i] = i
            if i % 3 == 0:
                del shared[n * N + i]
            if i % 50 == 49:
                for k in range(i):
                    shared.pop(n * N + k, None)

    def read():
        for key in list(shared):
            value = shared.get(key, key % N)
            assert value == key % N, (key, value)
        for key, value in list(shared.items()):
            assert key % N == value
        try:
            for key in shared:
                assert type(key) is int
        except RuntimeError as error:
            assert "changed" in str(error), error
        len(shared), 5 in shared, bool(shared)

    readers_and_writers(write, read)
    assert all(key % N == value for key, value in shared.items())
    assert len(shared) == len(list(shared))


def clears():
    shared = {}

    def write(n):
        for i in range(N):
            shared[i] = (i, n)
            if i % 20 == 0:
                shared.clear()

    def read():
        for key, value in list(shared.items()):
            assert value[0] == key
        len(shared)

    readers_and_writers(write, read)


def keys_in_python():
    shared = {}

    def work(n):
        mine = []
        for i in range(N // 10):
            mine.append(shared.setdefault(Key(i), (i, n)))
            assert shared[Key(i)][0] == i
        return mine

    results = in_threads(work)
    assert len(shared) == N // 10
    assert all(mine == results[0] for mine in results), "two threads won the same key"


def merging():
    shared = {"a": 0}

    def write(n):
        for i in range(N // 10):
            shared[f"{n}.{i}"] = i
            merged = shared | {"extra": 1}
            assert merged["a"] == 0 and f"{n}.{i}" in merged

    def read():
        merged = {**shared, "b": 1}
        assert merged["a"] == 0
        assert shared == shared

    readers_and_writers(write, read)


repeat(stores, stores_of_the_same_keys, setdefaults, pops, popitems, updates, inserts_and_deletes, clears, keys_in_python, merging)
