"""send: values in and out, and sending to a generator that has not started or has ended."""


def echo():
    got = yield "ready"
    while got is not None:
        got = yield got * 2
    return "bye"


g = echo()
print(next(g), g.send(1), g.send("ab"))
try:
    g.send(None)
except StopIteration as stop:
    print(stop.value)
try:
    g.send(1)
except StopIteration as stop:
    print(stop.value)
g = echo()
try:
    g.send(5)
except TypeError as error:
    print(error)
print(g.send(None))


def accumulate():
    total = 0
    while True:
        total += yield total


a = accumulate()
next(a)
print([a.send(n) for n in (1, 10, 100)])


def expression():
    x = (yield 1) + (yield 2)
    y = [(yield 3), (yield 4)]
    return x, y, f"{(yield 5)}"


g = expression()
try:
    value = next(g)
    while True:
        value = g.send(value * 10)
except StopIteration as stop:
    print(stop.value)


def yields_in_call():
    print((yield "a"), (yield "b"), sep="-")
    yield (yield)


g = yields_in_call()
print(next(g), g.send(1), g.send(2), g.send("echo"))
l = lambda: (yield 5)
print(list(l()))
