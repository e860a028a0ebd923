"""Threads share an array, a generator of random numbers and a Struct: nothing tears, appends are not lost."""

import _random
import array
import struct

from _support import THREADS, in_threads, readers_and_writers, repeat

ROUNDS = 300


def appends_are_kept():
    a = array.array("q")

    def append(n):
        for i in range(ROUNDS):
            a.append(n * ROUNDS + i)

    in_threads(append)
    assert sorted(a) == list(range(THREADS * ROUNDS))


def items_do_not_tear():
    a = array.array("Q", [0] * 8)
    allowed = {0, 2**64 - 1, 0x0102030405060708}

    def write(n):
        for i in range(ROUNDS):
            a[i % 8] = 2**64 - 1 if n % 2 else 0x0102030405060708

    def read():
        assert allowed.issuperset(a)
        assert allowed.issuperset(a[1:5])

    readers_and_writers(write, read)


def lengths_change():
    a = array.array("i", range(10))

    def write(n):
        for i in range(ROUNDS):
            try:
                match (n + i) % 7:
                    case 0: a.extend(a[:3])
                    case 1: a.pop()
                    case 2: a[1:3] = array.array("i", [1, 2, 3, 4])
                    case 3: del a[::2]
                    case 4: a.insert(i, n)
                    case 5: a.frombytes(b"abcd" * 4)
                    case 6: a.remove(n)
            except (IndexError, ValueError, BufferError):
                pass

    def read():
        try:
            sum(a)
            bytes(a)
            with memoryview(a) as view:
                assert len(view.tobytes()) % 4 == 0
                view.tolist()
            a == array.array("i", a)
        except (IndexError, BufferError):
            pass

    readers_and_writers(write, read)


def random_and_struct():
    generator = _random.Random(1)
    s = struct.Struct("<i")

    def work(n):
        for i in range(ROUNDS):
            assert 0 <= generator.random() < 1
            generator.setstate(generator.getstate())
            s.__init__("<i" if i % 2 else ">i")
            assert s.unpack(s.pack(0x01010101)) == (0x01010101,)

    in_threads(work)


repeat(appends_are_kept, items_do_not_tear, lengths_change, random_and_struct)
