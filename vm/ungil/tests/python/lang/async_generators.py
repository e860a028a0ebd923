"""Async generators driven by hand: asend, athrow, aclose, async comprehensions over them."""


class Suspend:
    def __await__(self):
        yield "suspended"


def drive(awaitable):
    iterator = awaitable.__await__() if hasattr(awaitable, "__await__") else awaitable
    suspensions = 0
    try:
        while True:
            next(iterator)
            suspensions += 1
    except StopIteration as stop:
        return stop.value, suspensions


async def numbers(n):
    try:
        for i in range(n):
            await Suspend()
            got = yield i
            if got is not None:
                print("got", got)
    except ValueError as error:
        print("caught", error)
        yield "after throw"
    finally:
        print("cleanup")


g = numbers(3)
print(type(g).__name__, g.ag_running, g.ag_frame is not None)
print(drive(g.__anext__()))
print(drive(g.asend("hello")))
print(drive(g.athrow(ValueError("x"))))
try:
    drive(g.__anext__())
except StopAsyncIteration as stop:
    print("stopped", stop.args)

g = numbers(5)
print(drive(anext(g)))
print(drive(g.aclose()))
print(drive(anext(g, "default")))


async def collect():
    doubled = (x * 2 async for x in numbers(2))
    return [x async for x in numbers(3)], [y async for y in doubled]


print(drive(collect()))


async def stops_inside():
    raise StopIteration("inside")


try:
    drive(stops_inside())
except RuntimeError as error:
    print(error)


async def stops_async():
    yield 1
    raise StopAsyncIteration


async def run():
    async for x in stops_async():
        print(x)


try:
    drive(run())
except RuntimeError as error:
    print(error)


async def breaks():
    async for x in numbers(3):
        if x:
            break
    return "broke"


print(drive(breaks()))
