"""_thread: start_new_thread, locks, get_ident, exit."""

import _thread

done = _thread.allocate_lock()
done.acquire()
out = []


def work(a, *, b):
    out.append((a, b, _thread.get_ident() != main))
    done.release()


main = _thread.get_ident()
ident = _thread.start_new_thread(work, (1,), {"b": 2})
done.acquire()
print(out, isinstance(ident, int), done.locked())
done.release()
print(done.locked(), done.acquire(False), done.acquire(blocking=False), done.acquire(True, 0.01))


def exits():
    try:
        _thread.exit()
    finally:
        out.append("exiting")
        done.release()


_thread.start_new_thread(exits, ())
done.acquire()
print(out[-1])
for bad in ((5, ()), (work, 5), (work, (), 5)):
    try:
        _thread.start_new_thread(*bad)
    except TypeError as error:
        print(error)
print(_thread.error is RuntimeError, _thread.TIMEOUT_MAX > 0, type(done).__name__)
