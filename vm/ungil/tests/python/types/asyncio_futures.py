"""Futures and tasks of asyncio: states, messages, what a task does with what its coroutine gives."""

import asyncio
import re
from asyncio import tasks


def show(text, names):
    try:
        found = repr(eval(text, globals(), names))
    except BaseException as e:
        found = f"{type(e).__name__}: {e}"
    found = re.sub(r" at (0x\w+|/.*?:\d+|<.*?:\d+)| from .*", "", found)
    print(f"{text} -> {found}")


class Quiet:
    """A loop that only notes what it is told."""

    def __init__(self):
        self.told = []

    def call_soon(self, callback, *args, context=None):
        self.told.append((callback, args))

    def get_debug(self):
        return False

    def is_running(self):
        return True

    def call_exception_handler(self, context):
        print("reported:", context["message"])


def bare():
    new, old = asyncio.Future.__new__(asyncio.Future), asyncio.Task.__new__(asyncio.Task)
    for text in (
        "new.get_loop()", "new.result()", "new.exception()", "new.set_result(1)", "new.add_done_callback(1)",
        "new.cancel()", "iter(new)", "new._state", "new._loop", "old.cancel()", "old.get_name()", "old.get_stack()",
    ):
        show(text, {"new": new, "old": old})


async def futures():
    loop = asyncio.get_running_loop()
    f, done = loop.create_future(), loop.create_future()
    done.set_result(5)
    names = {"f": f, "done": done, "loop": loop}
    for text in (
        "f", "f._state", "f.result()", "f.exception()", "f.set_exception(1)", "f._callbacks", "f.done()",
        "done", "done.set_result(1)", "done.set_exception(ValueError())", "done.result()", "done.exception()",
        "setattr(done, '_log_traceback', True)", "delattr(done, '_log_traceback')", "done.cancel()",
        "setattr(done, '_state', 1)", "asyncio.Future(1)", "asyncio.Future[int]", "done.remove_done_callback(1)",
        "f.add_done_callback(print)", "f.remove_done_callback(print)", "f.cancel('why')", "f.cancelled()",
        "f.result()", "f._cancel_message", "done._asyncio_awaited_by",
    ):
        show(text, names)
    stop = loop.create_future()
    stop.set_exception(StopIteration(3))
    show("stop.exception(), stop.exception().__cause__", {"stop": stop})
    it, other = iter(loop.create_future()), iter(done)
    names = {"it": it, "other": other}
    for text in (
        "next(it)._state", "next(it)", "it.throw(KeyError(1))", "next(it)", "next(other)", "other.send(7)",
        "other.throw(5)", "other.close()", "next(other)",
    ):
        show(text, names)


async def given(v):
    class Gives:
        def __await__(self):
            yield v

    await Gives()


async def coroutines():
    loop, quiet = asyncio.get_running_loop(), Quiet()
    for v in (3, (x for x in ()), loop.create_future(), asyncio.Future(loop=quiet)):
        try:
            await loop.create_task(given(v), name="T")
        except RuntimeError as e:
            print(re.sub(r" at (0x\w+|/.*?:\d+|<.*?:\d+)", "", str(e)))

    async def itself():
        await asyncio.current_task()

    try:
        await loop.create_task(itself(), name="S")
    except RuntimeError as e:
        print(re.sub(r" at .*?>", ">", str(e)))

    async def stubborn():
        for _ in range(2):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError as e:
                print("cancelled", e.args, asyncio.current_task().cancelling())
        return "still here"

    task = loop.create_task(stubborn())
    for message in ("one", "two"):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel(message)
    print(await task, task.cancelled(), task.uncancel(), task.uncancel(), task.uncancel())
    cancelled = loop.create_task(asyncio.sleep(10))
    await asyncio.sleep(0)
    cancelled.cancel("reason")
    try:
        await cancelled
    except asyncio.CancelledError as e:
        print("CancelledError", e.args, cancelled.cancelled())

    async def waits(f):
        return await f

    f = loop.create_future()
    both = [loop.create_task(waits(f)) for _ in range(2)]
    await asyncio.sleep(0)
    print(len(f._asyncio_awaited_by), f._callbacks[0][0].__qualname__, both[0]._fut_waiter is f)
    f.set_result("given")
    print(await asyncio.gather(*both), f._asyncio_awaited_by)
    names = {"loop": loop, "task": task, "tasks": tasks}
    for text in (
        "task.set_result(1)", "task.set_exception(ValueError())", "asyncio.Task(1)", "asyncio.Task()",
        "task.set_name(5)", "task.get_name()", "tasks._enter_task(5, task)", "tasks._leave_task(5, task)",
        "tasks._swap_current_task(5, None)", "asyncio.current_task(5)", "asyncio.all_tasks(5)", "len(asyncio.all_tasks())",
        "tasks._register_eager_task(5)", "tasks._unregister_eager_task(5)",
    ):
        show(text, names)
    order = []

    async def eager(n):
        order.append(n)
        if n == 2:
            await asyncio.sleep(0)
            order.append("later")
        return n

    made = [asyncio.Task(eager(n), loop=loop, eager_start=True) for n in (1, 2)]
    order.append("made")
    print([t.done() for t in made], made[0].get_coro(), await made[1], order)
    lost = asyncio.Task(given(None), loop=quiet)
    quiet.told.clear()
    lost.get_coro().close()
    del lost
    failed = asyncio.Future(loop=quiet)
    failed.set_exception(KeyError("lost"))
    del failed


bare()
asyncio.run(futures())
asyncio.run(coroutines())
