"""`yield from` a generator to which there is another reference: it ends once, and lives as long as that."""
import weakref


def numbers(n):
    yield from range(n)
    return n


def delegating(generator):
    result = yield from generator
    yield "returned", result


for _ in range(100):
    inner = numbers(2)
    watch = weakref.ref(inner)
    got = list(delegating(inner))
    assert watch() is inner and next(inner, None) is None
    del inner
    assert watch() is None
    kept = [bytes(i) for i in range(100)]
print(got, len(kept))


def chain(first, second):
    for generator in first, second:
        yield from generator


for _ in range(100):
    print(list(chain(numbers(1), numbers(3))), end=" ")
print([len(str(i) * 5) for i in range(1000)][-1])
