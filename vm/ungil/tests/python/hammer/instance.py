"""Many threads on one instance: attributes stored, read, deleted; new ones; slots; `__dict__`."""

from _support import THREADS, in_threads, readers_and_writers, repeat

N = 300


class Plain:
    default = "class"

    def __init__(self):
        self.value = 0
        self.pair = (0, 0)

    def set(self, value):
        self.value = value

    def get(self):
        return self.value


class Slotted:
    __slots__ = tuple(f"s{n}" for n in range(THREADS)) + ("shared",)


def own_attributes():
    shared = Plain()

    def work(n):
        name = f"own{n}"
        for i in range(N):
            setattr(shared, name, i)
            assert getattr(shared, name) == i, "a thread does not see its own store"

    in_threads(work)
    for n in range(THREADS):
        assert getattr(shared, f"own{n}") == N - 1
    assert len(vars(shared)) == THREADS + 2


def many_attributes():
    shared = Plain()

    def work(n):
        for i in range(N // 4):
            setattr(shared, f"a{n}_{i}", (n, i))

    in_threads(work)
    assert len(vars(shared)) == THREADS * (N // 4) + 2
    assert all(getattr(shared, f"a{n}_{i}") == (n, i) for n in range(THREADS) for i in range(N // 4))


def one_writer():
    """The writer counts up; nobody may see the value go down."""
    shared = Plain()

    def write(n):
        for i in range(N * 4):
            shared.set(i)

    def read():
        before = shared.get()
        after = shared.value
        assert before <= after, (before, after)

    readers_and_writers(write, read, writers=1)
    assert shared.value == N * 4 - 1


def not_torn():
    shared = Plain()

    def write(n):
        for i in range(N):
            shared.pair = (n * N + i, -(n * N + i))
            shared.value = i * 10**20

    def read():
        a, b = shared.pair
        assert a == -b
        assert shared.value % 10**20 == 0

    readers_and_writers(write, read)


def deletes():
    shared = Plain()

    def write(n):
        for i in range(N):
            shared.default = ("instance", n)
            setattr(shared, f"extra{i % 7}", i)
            try:
                del shared.default
            except AttributeError:
                pass
            try:
                delattr(shared, f"extra{i % 5}")
            except AttributeError:
                pass

    def read():
        got = shared.default
        assert got == "class" or got[0] == "instance", got
        assert type(getattr(shared, "extra3", 0)) is int
        for name, value in list(vars(shared).items()):
            assert name in ("value", "pair", "default") or name.startswith("extra")
        hasattr(shared, "extra1"), dir(shared)

    readers_and_writers(write, read)


def through_dict():
    shared = Plain()
    namespace = shared.__dict__

    def write(n):
        for i in range(N):
            namespace[f"d{n}"] = i
            assert getattr(shared, f"d{n}") == i
            setattr(shared, f"e{n}", i)
            assert namespace[f"e{n}"] == i
            if i % 10 == 0:
                namespace.pop(f"e{n}")

    def read():
        copy = dict(namespace)
        assert copy["value"] == 0
        assert shared.__dict__ is namespace

    readers_and_writers(write, read)
    assert all(namespace[f"d{n}"] == N - 1 for n in range(THREADS // 2))


def slots():
    shared = Slotted()

    def work(n):
        name = f"s{n}"
        for i in range(N):
            setattr(shared, name, [i])
            shared.shared = (n, i)
            assert getattr(shared, name) == [i]
            m, j = shared.shared
            assert 0 <= m < THREADS and 0 <= j < N
            if i % 3 == 0:
                delattr(shared, name)

    in_threads(work)


def objects_as_values():
    """What is replaced is dropped by one thread while others still read it."""
    shared = Plain()
    shared.node = [0, [0]]

    def write(n):
        for i in range(N):
            shared.node = [i, [i]]

    def read():
        node = shared.node
        assert node[0] == node[1][0]

    readers_and_writers(write, read)


repeat(own_attributes, many_attributes, one_writer, not_torn, deletes, through_dict, slots, objects_as_values)
