"""Generator functions: laziness, return values, exhaustion, state, gi_ attributes."""


def numbers(limit):
    print("started")
    for i in range(limit):
        yield i
    print("finished")
    return "result"


g = numbers(2)
print("made", g.gi_running, g.gi_suspended, g.gi_frame is not None)
print(next(g), g.gi_suspended)
print(next(g))
try:
    next(g)
except StopIteration as stop:
    print("stop", stop.value)
print(next(g, "default"), g.gi_frame, g.gi_suspended)
print(g.__name__, g.__qualname__, iter(g) is g)


def empty():
    return
    yield


print(list(empty()), list(numbers(1)))


def two_ways(flag):
    if flag:
        yield 1
    return [flag]


for flag in True, False:
    g = two_ways(flag)
    try:
        while True:
            print(next(g))
    except StopIteration as stop:
        print(stop.value)


def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


print([n for n, _ in zip(fibonacci(), range(10))])
a, b, *_ = (n for n in range(5))
print(a, b, _)
print(3 in fibonacci(), sum(x * x for x in range(4)), max((len(w) for w in ["a", "bcd"]), default=0))


def raises():
    yield 1
    raise ValueError("inside")


g = raises()
next(g)
try:
    next(g)
except ValueError as error:
    print(error)
print(list(g))


def bad_stop():
    yield 1
    raise StopIteration("leaks")


try:
    list(bad_stop())
except RuntimeError as error:
    print(error, repr(error.__cause__))


def reenter():
    yield next(me)


me = reenter()
try:
    next(me)
except ValueError as error:
    print(error)
