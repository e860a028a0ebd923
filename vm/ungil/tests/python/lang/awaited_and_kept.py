"""A coroutine or generator that somebody else keeps outlives the frame that has awaited it."""

import gc
import sys


async def answers():
    return "answer"


async def reads(coroutine):
    return await coroutine


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


kept = [answers() for _ in range(50)]
print({run(reads(c)) for c in kept})
for c in kept[:2]:
    try:
        reads(c).send(None)
    except RuntimeError as error:
        print(error)
print(kept[0].cr_frame, kept[0].cr_running, kept[0].__name__)
del kept, c
gc.collect()


def counts_up(n):
    yield from range(n)
    return n


def delegates(inner):
    result = yield from inner
    yield ("result", result)


inner = counts_up(3)
print(list(delegates(inner)), list(inner), inner.gi_frame)
print(sys.getrefcount(inner) <= 2)
