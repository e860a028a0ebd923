"""Many threads on one list: append, pop, extend, slices, items, sort; nothing may get lost or torn."""

from _support import THREADS, in_threads, readers_and_writers, repeat

N = 300


def appends():
    shared = []

    def work(n):
        for i in range(N):
            shared.append((n, i))

    in_threads(work)
    assert len(shared) == THREADS * N, len(shared)
    for n in range(THREADS):
        assert [i for m, i in shared if m == n] == list(range(N)), "a thread's items are out of order"


def pops():
    shared = list(range(THREADS * N))
    taken = in_threads(lambda n: [shared.pop() for _ in range(N)])
    assert shared == []
    assert sorted(sum(taken, [])) == list(range(THREADS * N)), "an item was popped twice or never"


def appends_and_pops():
    shared = []

    def work(n):
        taken = []
        if n % 2 == 0:
            for i in range(N):
                shared.append((n, i))
        else:
            while len(taken) < N:
                try:
                    taken.append(shared.pop())
                except IndexError:
                    pass
        return taken

    taken = in_threads(work)
    assert shared == []
    assert sorted(sum(taken, [])) == [(n, i) for n in range(0, THREADS, 2) for i in range(N)]


def pops_from_the_front():
    shared = list(range(THREADS * N))

    def work(n):
        taken = [shared.pop(0) for _ in range(N)]
        assert taken == sorted(taken), "the front went backwards"
        return taken

    assert sorted(sum(in_threads(work), [])) == list(range(THREADS * N))


def extends():
    shared = []
    block = 10

    def work(n):
        for _ in range(N // block):
            shared.extend([n] * block)

    in_threads(work)
    assert len(shared) == THREADS * (N // block) * block
    for start in range(0, len(shared), block):
        assert len(set(shared[start : start + block])) == 1, "an extend was torn apart"


def whole_slices():
    shared = [0] * 8

    def write(n):
        for i in range(N):
            shared[:] = [(n, i)] * (4 + i % 9)

    def read():
        snapshot = list(shared)
        assert len(set(snapshot)) == 1 and 4 <= len(snapshot) <= 12, snapshot
        snapshot = shared[:]
        assert len(set(snapshot)) == 1, snapshot

    readers_and_writers(write, read)


def items():
    shared = [(slot, 0) for slot in range(THREADS)]

    def write(n):
        for i in range(N):
            shared[n] = (n, i)
            assert shared[n] == (n, i), "a store was lost"

    def read():
        for slot in range(THREADS):
            assert shared[slot][0] == slot
        assert [slot for slot, _ in shared] == list(range(THREADS))
        assert len(shared) == THREADS

    readers_and_writers(write, read)


def grows_and_shrinks():
    """No order is promised here: only that what is read was once put in, and that the lengths agree."""
    shared = ["x"] * 10

    def write(n):
        nonlocal shared
        for i in range(N // 4):
            shared.insert(i % 5, f"{n}.{i}")
            shared.append("end")
            shared[2:4] = ["a", "b", "c"]
            del shared[1:3]
            shared.reverse()
            try:
                shared.remove("end")
                shared.pop(3)
                shared[1] = "one"
            except (IndexError, ValueError):
                pass
            shared += ["y"]
            if len(shared) > 200:
                del shared[10:]

    def read():
        for item in shared:
            assert type(item) is str
        for item in reversed(shared[:50]):
            assert type(item) is str
        copy = shared.copy()
        assert len(copy) == sum(1 for _ in copy)
        "none such" in shared
        shared.count("x")
        shared == copy
        repr(shared)

    readers_and_writers(write, read)
    assert len(shared) == len(list(shared))


def sorts():
    shared = [(i * 37) % 101 for i in range(101)]

    def write(n):
        for i in range(N // 10):
            if n == 0:
                shared.sort(reverse=i % 2 == 0)
            else:
                assert shared.index(50) >= 0

    def read():
        total = sum(list(shared))
        assert total == 5050, f"a sort was seen half done: {total}"

    readers_and_writers(write, read)
    assert sorted(shared) == list(range(101))


repeat(appends, pops, appends_and_pops, pops_from_the_front, extends, whole_slices, items, grows_and_shrinks, sorts)
