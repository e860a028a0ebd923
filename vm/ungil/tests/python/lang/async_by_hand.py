"""async functions driven with send: await, return values, exceptions, async with and async for."""


class Suspend:
    def __init__(self, label):
        self.label = label

    def __await__(self):
        got = yield self.label
        return f"{self.label} got {got}"


async def child(n):
    print("child", n)
    value = await Suspend("child suspends")
    print(value)
    return n * 2


async def parent():
    a = await child(1)
    b = await child(a)
    return a, b


def drive(coroutine):
    step = 0
    try:
        while True:
            print("suspended:", coroutine.send(None if step == 0 else step))
            step += 1
    except StopIteration as stop:
        return stop.value


print(drive(parent()))
c = parent()
print(type(c).__name__, c.cr_running, c.cr_suspended, c.cr_await)
c.send(None)
print(c.cr_suspended, type(c.cr_await).__name__)
c.close()
print(c.cr_frame)


async def fails():
    try:
        await Suspend("before failing")
    except ValueError as error:
        print("caught", error)
        raise KeyError("new")


c = fails()
c.send(None)
try:
    c.throw(ValueError("thrown in"))
except KeyError as error:
    print(repr(error), repr(error.__context__))
try:
    c.send(None)
except RuntimeError as error:
    print(error)


class Resource:
    async def __aenter__(self):
        print(await Suspend("aenter"))
        return "resource"

    async def __aexit__(self, kind, value, traceback):
        print(await Suspend("aexit"), kind and kind.__name__)
        return kind is ValueError


class Counter:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.n == 0:
            raise StopAsyncIteration
        self.n -= 1
        await Suspend("anext")
        return self.n


async def statements():
    async with Resource() as r:
        print(r)
        raise ValueError("suppressed")
    async for i in Counter(2):
        print("item", i)
    else:
        print("else")
    return [i async for i in Counter(3) if i != 1], {i: await child(i) async for i in Counter(1)}


print(drive(statements()))


async def wrong():
    await 5


try:
    drive(wrong())
except TypeError as error:
    print(error)


async def wrong_with():
    async with 5:
        pass


async def wrong_for():
    async for _ in [1]:
        pass


for w in wrong_with, wrong_for:
    try:
        drive(w())
    except TypeError as error:
        print(error)
