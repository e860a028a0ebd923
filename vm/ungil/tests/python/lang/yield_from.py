"""yield from: delegation of next, send, throw and close, and its value."""


def inner():
    try:
        got = yield 1
        print("inner got", got)
        yield 2
    except ValueError as error:
        print("inner caught", error)
        yield "recovered"
    finally:
        print("inner cleanup")
    return "inner result"


def outer():
    result = yield from inner()
    print("result", result)
    yield from [10, 20]
    yield from "ab"
    return (yield from ())


print(list(outer()))
g = outer()
next(g)
print(g.send("hello"))
print(g.gi_yieldfrom is not None)
g.close()
g = outer()
next(g)
print(g.throw(ValueError("thrown")))
print(list(g))

try:
    list((lambda: (yield from 5))())
except TypeError as error:
    print(error)


def delegate_list():
    yield from [1, 2]


g = delegate_list()
next(g)
try:
    g.send("x")
except AttributeError as error:
    print(error)


class Iterator:
    def __init__(self):
        self.n = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        if self.n > 2:
            raise StopIteration("from __next__")
        return self.n

    def send(self, value):
        print("send", value)
        return self.__next__()

    def throw(self, error):
        print("throw", repr(error))
        raise StopIteration("from throw")

    def close(self):
        print("close")


def over():
    value = yield from Iterator()
    print("value", value)
    yield "after"


print(list(over()))
g = over()
next(g)
print(g.send(5))
print(g.throw(KeyError("k")))
g = over()
next(g)
g.close()


def deep(n):
    if n:
        yield n
        yield from deep(n - 1)


print(sum(deep(50)))


def flatten(tree):
    for node in tree:
        if isinstance(node, list):
            yield from flatten(node)
        else:
            yield node


print(list(flatten([1, [2, [3, [4]], 5], [[]]])))
