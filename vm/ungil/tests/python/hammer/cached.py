"""Many threads on one cached function, one partial and one abstract class: results are right, counts add up."""

import abc
import functools

from _support import THREADS, in_threads, readers_and_writers, repeat

N = 300


class Key:
    """A key that only Python can compare."""

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n % 7

    def __eq__(self, other):
        return self.n == other.n


def bounded(maxsize, make_key):
    @functools.lru_cache(maxsize=maxsize)
    def cached(key):
        return [key]

    def work(n):
        for i in range(N):
            key = make_key((i * 7 + n) % 50)
            (found,) = cached(key)
            assert found == key, (found, key)

    in_threads(work)
    info = cached.cache_info()
    assert info.hits + info.misses == THREADS * N, info
    assert info.currsize <= (50 if maxsize is None else maxsize), info


def ints():
    bounded(16, int)


def tuples():
    bounded(16, lambda n: (n, str(n)))


def python_keys():
    bounded(8, Key)


def one_place():
    bounded(1, int)


def unbounded():
    bounded(None, str)


def cleared():
    @functools.lru_cache(maxsize=10)
    def cached(a, b=0, *, c=0):
        return a, b, c

    def write(n):
        for i in range(N):
            cached.cache_clear()
            assert cached(i, n) == (i, n, 0)

    def read():
        for i in range(20):
            assert cached(i % 13, c=i) == (i % 13, 0, i)
        assert cached.cache_info().currsize <= 10

    readers_and_writers(write, read)
    cached.cache_clear()
    assert cached.cache_info() == (0, 0, 10, 0), cached.cache_info()
    for i in range(30):
        cached(i)
    assert cached.cache_info() == (0, 30, 10, 10), cached.cache_info()


def partial_states():
    def pair(*args, **kwargs):
        return args, kwargs

    part = functools.partial(pair, 0, k=0)

    def write(n):
        for i in range(N):
            part.__setstate__((pair, (i,), {"k": i}, None))

    def read():
        (i, end), kwargs = part(-1)
        assert end == -1 and kwargs == {"k": i}, (i, kwargs)

    readers_and_writers(write, read)


def abstract_classes():
    class Base(abc.ABC):
        pass

    classes = [type(f"C{i}", (), {}) for i in range(20)]

    def write(n):
        for c in classes[n::4]:
            Base.register(c)
            assert isinstance(c(), Base)

    def read():
        assert not isinstance(3, Base)
        for c in classes:
            issubclass(c, Base)

    readers_and_writers(write, read, writers=4)
    assert all(issubclass(c, Base) for c in classes)


repeat(ints, tuples, python_keys, one_place, unbounded, cleared, partial_states, abstract_classes)
