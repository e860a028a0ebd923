"""Threads share C objects and functions: references are not lost, bytes do not tear within a word, memory is not freed early."""

import gc
from ctypes import *

from _support import THREADS, in_threads, readers_and_writers, repeat

ROUNDS = 300
libc = CDLL(None)
libc.strlen.argtypes = [c_char_p]
libc.strlen.restype = c_size_t
COMPARE = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))


class Point(Structure):
    _fields_ = [("x", c_longlong), ("text", c_char_p), ("next", POINTER(c_int)), ("object", py_object)]


def words_do_not_tear():
    row = (c_ulonglong * 4)()
    point = Point()
    allowed = {0, 2**64 - 1, 0x0102030405060708}

    def write(n):
        value = 2**64 - 1 if n % 2 else 0x0102030405060708
        for i in range(ROUNDS):
            row[i % 4] = value
            point.x = i

    def read():
        assert allowed.issuperset(row)
        assert 0 <= point.x < ROUNDS

    readers_and_writers(write, read)


def references_are_kept():
    point = Point()
    row = (c_char_p * 4)()
    texts = [b"text %d" % n * 5 for n in range(THREADS)]
    point.text = texts[0]

    def change(n):
        for i in range(ROUNDS):
            point.text = texts[n]
            point.next = pointer(c_int(n))
            row[n % 4] = texts[n][:]
            point.object = [n]
            assert point.next[0] in range(THREADS)
            assert point.object[0] in range(THREADS)

    in_threads(change)
    assert point.text in texts
    assert point.next[0] in range(THREADS)
    assert set(row) <= set(texts)
    assert sorted(point._objects) == ["1", "2", "3"], point._objects
    assert sorted(row._objects) == ["0", "1", "2", "3"]


def simple_objects_and_pointers_are_kept():
    text, held, to = c_char_p(b"first"), py_object([0]), pointer(c_int(0))
    texts = [b"text %d" % n * 5 for n in range(THREADS)]

    def change(n):
        for i in range(ROUNDS):
            text.value = texts[n][:]
            held.value = [n]
            to.contents = c_int(n)
            assert text.value in texts or text.value == b"first"
            assert held.value[0] in range(THREADS)
            assert to[0] in range(THREADS)

    in_threads(change)
    assert text.value in texts and held.value[0] == held._objects[0] and to[0] == to._objects["1"].value


def sizes_change():
    buffer = create_string_buffer(16)

    def write(n):
        for i in range(16, ROUNDS):
            resize(buffer, i * 8)
            buffer[n] = bytes([65 + n])

    def read():
        assert len(buffer.raw) >= 16
        assert len(bytes(memoryview(buffer))) >= 16

    readers_and_writers(write, read)
    assert buffer.raw[:THREADS // 2] == b"ABCDEFGH"[:THREADS // 2]


def functions_are_shared():
    total = CFUNCTYPE(c_int, c_int, c_int)(lambda a, b: a + b)
    order = COMPARE(lambda a, b: a[0] - b[0])

    def call(n):
        for i in range(ROUNDS // 3):
            assert libc.strlen(b"x" * n) == n
            assert total(n, i) == n + i
        values = (c_int * 20)(*range(20, 0, -1))
        libc.qsort(values, c_size_t(20), c_size_t(4), order)
        assert list(values) == list(range(1, 21))

    in_threads(call)


def manners_change():
    f = CDLL(None).labs

    def call(n):
        for i in range(ROUNDS):
            if n == 0:
                f.argtypes, f.restype = ([c_long], c_long) if i % 2 else ([c_longlong], c_longlong)
            elif n == 1:
                f.errcheck = (lambda result, function, args: result) if i % 2 else (lambda result, function, args: args)
            else:
                assert f(c_long(-n)) == n

    in_threads(call)


def types_are_made():
    def make(n):
        class Own(Structure):
            _fields_ = [("a", c_int * (n + 1)), ("b", c_char)]

        for i in range(20):
            kind = Own * (i + 1)
            assert kind is Own * (i + 1) and sizeof(kind) == (i + 1) * sizeof(Own)
            assert POINTER(kind)._type_ is kind
            assert (c_short * (i + 1000))()[i] == 0
        return sizeof(Own)

    assert in_threads(make) == [4 * n + 8 for n in range(THREADS)]


def parts_keep_the_whole():
    def work(n):
        for i in range(ROUNDS):
            part = (Point * 3)()[1]
            part.x = i
            if i % 100 == 0:
                gc.collect(0)
            view = memoryview((c_int * 100)(*range(100)))
            assert part.x == i and bytes(view)[4] == 1

    in_threads(work)


repeat(words_do_not_tear, references_are_kept, simple_objects_and_pointers_are_kept, sizes_change, functions_are_shared, manners_change, types_are_made, parts_keep_the_whole)
