"""Loops of several threads: their tasks are seen by all, and a future is done once, whoever is fastest."""

import asyncio
import threading

ready, go = threading.Barrier(5), threading.Event()
loops = []


def run_loop():
    async def main():
        loop = asyncio.get_running_loop()
        loops.append((loop, asyncio.current_task()))
        others = [loop.create_task(asyncio.sleep(60)) for _ in range(10)]
        await asyncio.sleep(0)
        ready.wait()
        await loop.run_in_executor(None, go.wait)
        for other in others:
            other.cancel()
        results = await asyncio.gather(*others, return_exceptions=True)
        assert all(isinstance(r, asyncio.CancelledError) for r in results)

    asyncio.run(main())


threads = [threading.Thread(target=run_loop) for _ in range(4)]
for t in threads:
    t.start()
ready.wait()
for loop, main in loops:
    found = asyncio.all_tasks(loop)
    print(len(found), main in found, asyncio.current_task(loop) in (main, None))
go.set()
for t in threads:
    t.join()
print([len(asyncio.all_tasks(loop)) for loop, _ in loops])

# Many threads make one future done, add callbacks, and cancel it.
told = []


class Loop:
    def call_soon(self, callback, *args, context=None):
        told.append(callback)

    def get_debug(self):
        return False


for round in range(50):
    future = asyncio.Future(loop=Loop())
    start, won, added = threading.Barrier(4), [], []
    told.clear()

    def race(n):
        start.wait()
        for i in range(20):
            callback = (n, i)
            future.add_done_callback(callback)
            added.append(callback)
            asyncio.futures.future_add_to_awaited_by(future, future)
        try:
            future.set_result(n)
            won.append(n)
        except asyncio.InvalidStateError:
            pass
        future.cancel()
        asyncio.futures.future_discard_from_awaited_by(future, future)

    racers = [threading.Thread(target=race, args=(n,)) for n in range(4)]
    for t in racers:
        t.start()
    for t in racers:
        t.join()
    assert len(won) <= 1 and future.done()
    assert not won or future.result() == won[0]
    assert sorted(told) == sorted(added), (len(told), len(added))
print("each callback was called once")

# Work from threads for a loop in this one.
async def serve():
    loop = asyncio.get_running_loop()

    async def double(n):
        await asyncio.sleep(0)
        return n * 2

    def ask(n):
        return [asyncio.run_coroutine_threadsafe(double(n + i), loop).result() for i in range(20)]

    answers = await asyncio.gather(*(asyncio.to_thread(ask, n * 100) for n in range(4)))
    print(sum(map(sum, answers)))


asyncio.run(serve())
