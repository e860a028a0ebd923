def g(n):
    x = yield n
    y = yield from x
    return y


async def a(s):
    async with s as t, u:
        await t
    async for v in s:
        yield v
    else:
        w = [x async for x in s if await x]
