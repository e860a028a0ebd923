"""Many threads on a mixture: locked counters, hand-over of objects, linked nodes, closures, weak references, cycles."""

import threading
import weakref

from _support import THREADS, in_threads, readers_and_writers, repeat

N = 200


class Node:
    def __init__(self, value, next=None):
        self.value = value
        self.next = next


def bank():
    lock = threading.Lock()
    accounts = [100] * 10

    def write(n):
        for i in range(N):
            with lock:
                accounts[(n + i) % 10] -= i
                accounts[(n * 3 + i * 7) % 10] += i

    def read():
        with lock:
            assert sum(accounts) == 1000

    readers_and_writers(write, read)
    assert sum(accounts) == 1000


def counter_in_a_closure():
    lock = threading.RLock()
    count = 0

    def up():
        nonlocal count
        with lock:
            with lock:
                count += 1

    in_threads(lambda n: [up() for _ in range(N)])
    assert count == THREADS * N, count


def stack_of_nodes():
    """A linked stack with a lock; each node is made by one thread and mostly dropped by another."""
    lock = threading.Lock()
    head = None

    def push(value):
        nonlocal head
        with lock:
            head = Node(value, head)

    def pop():
        nonlocal head
        with lock:
            node = head
            if node is None:
                return None
            head = node.next
        return node.value

    def work(n):
        taken = []
        for i in range(N):
            push((n, i))
            if i % 2:
                taken.append(pop())
        return taken

    taken = [value for mine in in_threads(work) for value in mine if value is not None]
    while (value := pop()) is not None:
        taken.append(value)
    assert sorted(taken) == [(n, i) for n in range(THREADS) for i in range(N)]


def hand_over():
    """Objects of many kinds go through a shared list from half of the threads to the other half."""
    channel = []

    def make(n, i):
        def closure():
            return n, i

        def generator():
            yield n
            yield i

        return {
            "closure": closure,
            "generator": generator(),
            "text": f"{n}:{i}",
            "big": 10**30 + i,
            "bytes": bytearray(str(i), "ascii"),
            "set": {n, i},
            "error": ValueError(n, i),
            "node": Node((n, i), Node(i)),
            "bound": [n, i].__len__,
        }

    def work(n):
        got = []
        if n % 2 == 0:
            for i in range(N // 4):
                channel.append((n, i, make(n, i)))
            return got
        while len(got) < N // 4:
            try:
                m, i, made = channel.pop()
            except IndexError:
                continue
            assert made["closure"]() == (m, i) and list(made["generator"]) == [m, i]
            assert made["text"] == f"{m}:{i}" and made["big"] - 10**30 == i and made["bytes"] == b"%d" % i
            assert made["set"] == {m, i} and made["error"].args == (m, i) and made["bound"]() == 2
            assert made["node"].value == (m, i) and made["node"].next.value == i
            got.append((m, i))
        return got

    got = sorted(sum(in_threads(work), []))
    assert got == [(n, i) for n in range(0, THREADS, 2) for i in range(N // 4)]


def shared_generator():
    lock = threading.Lock()

    def numbers():
        for i in range(THREADS * N):
            yield i

    generator = numbers()

    def work(n):
        got = []
        for _ in range(N):
            with lock:
                got.append(next(generator))
        return got

    assert sorted(sum(in_threads(work), [])) == list(range(THREADS * N))


def weak_references():
    slots = [Node(i) for i in range(10)]
    refs = [weakref.ref(node) for node in slots]

    def write(n):
        for i in range(N):
            k = (n + i) % 10
            node = Node(i)
            refs[k] = weakref.ref(node)
            slots[k] = node

    def read():
        for ref in refs:
            node = ref()
            assert node is None or type(node.value) is int

    readers_and_writers(write, read)
    assert all(type(node.value) is int for node in slots)


def cycles():
    def work(n):
        for i in range(N):
            a, b = Node(i), Node(-i)
            a.next, b.next = b, a
            a.list = [a, b]
            assert a.next.next is a and b.next.list[1] is b

    in_threads(work)


def cycles_across_threads():
    published = [None] * THREADS

    def work(n):
        for i in range(N):
            mine = Node((n, i))
            other = published[(n + 1) % THREADS]
            mine.next = other
            published[n] = mine
            if other is not None:
                other.back = mine
                assert other.value[0] == (n + 1) % THREADS
            # Chains of nodes do not become longer without end.
            mine.next = None

    in_threads(work)


def errors_across_threads():
    raised = []

    def fail(n, i):
        raise KeyError(n, i)

    def work(n):
        for i in range(N // 4):
            try:
                fail(n, i)
            except KeyError as error:
                raised.append(error)
            try:
                if raised:
                    raise raised[-1]
            except KeyError as error:
                assert len(error.args) == 2

    in_threads(work)
    assert sorted(error.args for error in raised) == [(n, i) for n in range(THREADS) for i in range(N // 4)]


def text_and_numbers():
    words = [f"word{i}" for i in range(50)]
    table = {}

    def work(n):
        total = 0
        for i in range(N):
            word = words[(n * 7 + i) % 50]
            joined = "-".join([word, str(n), str(i)])
            assert joined.split("-") == [word, str(n), str(i)]
            table[word] = table.get(word, 0) | 1 << i % 60
            total += hash(word) == hash("word" + word[4:])
            assert 2**70 + i - 2**70 == i and float(i) == i
        return total

    assert in_threads(work) == [N] * THREADS
    assert sorted(table) == sorted(words)


repeat(bank, counter_in_a_closure, stack_of_nodes, hand_over, shared_generator, weak_references, cycles, cycles_across_threads, errors_across_threads, text_and_numbers)
