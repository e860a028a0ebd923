"""Generators and coroutines that delegate to others which delegate: what is seen of those in between while the innermost runs."""

import gc
import inspect
import sys
import traceback
import types
import weakref


def title(text):
    print(f"== {text}")


def names(depth=1):
    found = []
    frame = sys._getframe(depth)
    while frame is not None:
        found.append(frame.f_code.co_name)
        frame = frame.f_back
    return found


def outer(inner):
    result = yield from inner
    return "outer", result


def middle(inner):
    before = "kept"
    result = yield from inner
    yield before
    return "middle", result


title("values go in and out past those that delegate")


def innermost():
    got = []
    for i in range(4):
        got.append((yield i))
    return got


def chain(inner, depth=3):
    for i in range(depth):
        inner = (outer, middle)[i % 2](inner)
    return inner


g = chain(innermost())
print(next(g), [g.send(word) for word in "abc"])
try:
    while True:
        print(g.send("more"))
except StopIteration as end:
    print(end.value)

title("frames of those that wait")


def looks():
    yield 1
    yield names()
    frame = sys._getframe()
    yield frame.f_back.f_code.co_name, frame.f_back.f_lineno - outer.__code__.co_firstlineno
    yield frame.f_back.f_back.f_locals["before"]
    yield names()


g = chain(looks())
for item in g:
    print(item)
g = chain(looks(), 2)
print(list(g), list(chain(looks(), 5))[1])

title("states of those that wait")


def state_of(g):
    return inspect.getgeneratorstate(g), g.gi_running, g.gi_suspended, g.gi_yieldfrom is None


def tells(chained):
    yield 1
    for _ in range(3):
        yield [state_of(g) for g in chained]
    for g in chained:
        for use in (next, types.GeneratorType.close, lambda g: g.throw(KeyError), lambda g: g.send(1)):
            try:
                use(g)
            except ValueError as err:
                print(type(err).__name__, err)
    yield [state_of(g) for g in chained]
    yield [g.gi_frame.f_lineno - g.gi_code.co_firstlineno for g in chained]
    yield [g.gi_frame.f_back.f_code.co_name for g in chained]


chained = []
chained.append(tells(chained))
for make in (outer, middle, outer):
    chained.append(make(chained[-1]))
top = chained[-1]
print(next(top), [state_of(g) for g in chained])
for item in top:
    print(item)
print([state_of(g) for g in chained])

title("exceptions pass through those that wait")


def fails():
    yield 1
    yield 2
    raise KeyError("here")


def catches(inner):
    try:
        yield from inner
    except KeyError as err:
        yield [entry.name for entry in traceback.extract_tb(err.__traceback__)]
        yield [err.__context__ is None, sys.exception() is err]
    finally:
        yield "last"


def cleans(inner):
    try:
        yield from inner
    finally:
        yield "clean"


for make in (lambda: catches(outer(middle(fails()))), lambda: outer(cleans(catches(outer(outer(fails())))))):
    print(list(make()))
g = outer(middle(outer(fails())))
print(next(g), next(g))
try:
    next(g)
except KeyError as err:
    print([entry.name for entry in traceback.extract_tb(err.__traceback__)], state_of(g))

title("thrown into and closed")


def stubborn():
    for i in range(5):
        try:
            yield i
        except ValueError as err:
            yield f"caught {err} in {names()[1:4]}"


g = chain(stubborn(), 4)
print(next(g), next(g), g.throw(ValueError("v")), next(g), next(g))
print(g.close(), state_of(g))
g = chain(cleans(stubborn()), 4)
print(next(g), next(g))
try:
    g.close()
except RuntimeError as err:
    print(err)

title("an exception that is handled on either side")


def under():
    yield sys.exception()
    try:
        raise OSError("own")
    except OSError:
        yield repr(sys.exception())
        yield repr(sys.exception())
    yield sys.exception()
    yield sys.exception()


g = chain(under(), 3)
print(next(g), next(g))
try:
    raise TypeError("caller's")
except TypeError:
    print(next(g), repr(next(g)))
print(next(g), sys.exception())

title("resumed by something else in between")
inner = innermost()
wrapped = outer(inner)
top = middle(wrapped)
print(next(top), next(inner), next(wrapped), next(top))
try:
    print(next(inner))
except StopIteration as end:
    print(end.value)
print(list(top))
inner = innermost()
tops = [outer(outer(inner)), outer(outer(inner))]
print([next(t) for t in tops * 2])
print([list(t) for t in tops])

title("what is delegated to ends or changes")


def several(*inners):
    for inner in inners:
        yield from inner
        yield "between"


print(list(outer(several(outer(several([1], innermost(), "ab")), outer(innermost())))))


class Iterator:
    def __init__(self):
        self.left = 3

    def __iter__(self):
        return self

    def __next__(self):
        if self.left == 0:
            raise StopIteration("end of it")
        self.left -= 1
        return self.left, names()[1:4]


g = chain(Iterator(), 3)
print(*g, sep="\n")


def restart(depth):
    if depth:
        yield from restart(depth - 1)
    yield depth
    if depth:
        yield from restart(depth - 1)


print(list(restart(4)), sum(restart(8)), max(restart(7)), 5 in restart(6))

title("many locals, and those of the innermost while others wait")


def locals_of(n):
    a, b, c, d, e, f = range(n, n + 6)
    got = yield from locals_of(n - 1) if n else innermost()
    yield a, b, c, d, e, f, got


print(list(locals_of(6)))

title("references")


class Thing:
    pass


def holds(inner):
    thing = Thing()
    seen.append(weakref.ref(thing))
    yield from inner


def collects():
    yield 1
    gc.collect()
    yield [ref() is not None for ref in seen]
    gc.collect()
    yield 2


seen = []
g = holds(outer(holds(collects())))
print(next(g), next(g), next(g))
del g
print([ref() is None for ref in seen])
seen = []
g = holds(holds(collects()))
cycle = [g]
seen.append(weakref.ref(g))
print(next(g), next(g))
del g, cycle
gc.collect()
print([ref() is None for ref in seen])


def drops_top():
    yield 1
    box.clear()
    gc.collect()
    yield names()[1:4]


box = [outer(middle(outer(drops_top())))]
print(next(box[0]))
print(next(box[0]), box)
print([len(list(chain(innermost(), depth))) for depth in range(1, 30)])
before = sys.getrefcount(seen)
for _ in range(20):
    for _ in chain(chain(iter([seen, seen]), 2), 4):
        pass
print(sys.getrefcount(seen) - before)

title("recursion")


def deep(n):
    yield n
    if n < limit:
        yield from deep(n + 1)


limit = 400
print(sum(deep(0)))
limit = 10**6
count = 0
try:
    for _ in deep(0):
        count += 1
except RecursionError as err:
    print(err, count > 500)


def recurses():
    def f(n):
        return f(n + 1)

    yield 1
    try:
        f(0)
    except RecursionError:
        yield "too deep"


print(list(chain(recurses(), 20)))
print(sys.getrecursionlimit())

title("tracing while others wait")
events = []


def tracer(frame, event, arg):
    if event != "line" and frame.f_code.co_name in ("outer", "middle", "traced", "innermost"):
        events.append(f"{frame.f_code.co_name} {event}")
    return tracer


def traced():
    yield 1
    yield 2
    sys.settrace(tracer)
    yield 3
    yield 4
    sys.settrace(None)
    yield 5
    yield 6


g = outer(middle(outer(traced())))
print([next(g) for _ in range(6)])
print(events)
events.clear()
sys.setprofile(tracer)
g = outer(middle(innermost()))
print(next(g), next(g))
sys.setprofile(None)
print(next(g), events)

title("coroutines")


@types.coroutine
def pause(word):
    got = yield word
    return got


async def leaf():
    got = [await pause(i) for i in range(3)]
    return got, names()[:4]


async def awaits(inner, n):
    if n:
        return await awaits(inner, n - 1)
    return await inner


def drive(coroutine):
    sent = None
    out = []
    try:
        while True:
            out.append(coroutine.send(sent))
            sent = len(out) * 10
    except StopIteration as end:
        return out, end.value


print(drive(awaits(leaf(), 4)))


async def watches(box):
    await pause("w")
    print([(c.cr_running, c.cr_await is None, inspect.getcoroutinestate(c)) for c in box])
    await pause("x")


inner = watches(box)
box.append(inner)
box.append(awaits(box[-1], 0))
box.append(awaits(box[-1], 0))
print(drive(box[-1]))


async def items():
    for i in range(3):
        yield i, await pause(i)


async def over():
    return [item async for item in items()]


print(drive(awaits(over(), 3)))

title("code that is replaced")


def yields_new(inner):
    result = yield from ()
    yield "new"


def replaces():
    yield 1
    outer.__code__ = yields_new.__code__
    yield names()[1:3]


def wraps(inner):
    result = yield from inner
    return result


print(list(wraps(outer(wraps(replaces())))), list(outer([1])))
