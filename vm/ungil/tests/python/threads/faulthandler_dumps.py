"""faulthandler: dumps on request, after a time, on a signal, at a crash; to a file, without addresses and names of threads."""

import _thread
import faulthandler
import os
import re
import signal
import tempfile
import time

out = tempfile.TemporaryFile("w+b", buffering=0)


def show(title):
    out.seek(0)
    text = out.read().decode()
    out.seek(0)
    out.truncate()
    text = text.partition("Current thread's C stack")[0]
    text = re.sub(r"0x[0-9a-f]+( \[.*\])?", "0x...", text)
    print(f"== {title}")
    print(re.sub(r'File ".*[/\\]', 'File "', text), end="")


def inner(**options):
    faulthandler.dump_traceback(out, **options)


def outer(n, **options):
    if n:
        outer(n - 1, **options)
    else:
        inner(**options)


inner(all_threads=False)
show("own stack")
outer(3)
show("all threads, but there is one")

lock, ready, done = (_thread.allocate_lock() for _ in range(3))
for each in lock, ready, done:
    each.acquire()


def waiter():
    ready.release()
    lock.acquire()
    done.release()


_thread.start_new_thread(waiter, ())
ready.acquire()
time.sleep(0.05)
inner()
show("a thread that waits for a lock")
faulthandler.dump_traceback_later(0.1, file=out)
while b"<module>" not in os.pread(out.fileno(), 1 << 16, 0): time.sleep(0.01)
show("the watchdog")
faulthandler.dump_traceback_later(0.1, repeat=True, file=out)
while os.pread(out.fileno(), 1 << 16, 0).count(b"<module>") < 2:
    for i in range(1000):
        pass
faulthandler.cancel_dump_traceback_later()
out.seek(0)
print(out.read().count(b"Timeout (0:00:00.100000)!") >= 2)
out.seek(0)
out.truncate()
lock.release()
done.acquire()
while _thread._count():
    time.sleep(0.01)

name = "\u00e9\u20ac\U0001f600" + "x" * 600
exec(compile(f"def {name[0]}{'y' * 600}(): inner(all_threads=False)\n{name[0]}{'y' * 600}()", name, "exec"))
show("long names")


def deep(n):
    deep(n - 1) if n else inner(all_threads=False)


deep(150)
out.seek(0)
print(len(out.read().splitlines()))
out.seek(0)
out.truncate()

for all_threads in False, True:
    faulthandler.register(signal.SIGUSR1, out, all_threads=all_threads)
    os.kill(os.getpid(), signal.SIGUSR1)
    show(f"signal, all_threads={all_threads}")
print(faulthandler.unregister(signal.SIGUSR1), faulthandler.unregister(signal.SIGUSR1))

calls = []
signal.signal(signal.SIGUSR1, lambda *args: calls.append(args[0]))
faulthandler.register(signal.SIGUSR1, out, all_threads=False, chain=True)
os.kill(os.getpid(), signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR1)
show("signal with a handler")
print(calls == [signal.SIGUSR1] * 2)
faulthandler.unregister(signal.SIGUSR1)


def child(f, *args, **kwargs):
    pid = os.fork()
    if pid == 0:
        f(*args, **kwargs)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    print(f.__name__, os.waitstatus_to_exitcode(status))


def crash(how):
    faulthandler.enable(out, all_threads=False)
    how()


for how in faulthandler._sigsegv, faulthandler._sigabrt, faulthandler._sigfpe, faulthandler._read_null:
    child(crash, how)
    show(how.__name__)


def hang():
    faulthandler.dump_traceback_later(0.05, exit=True, file=out)
    time.sleep(60)


child(hang)
show("exit of the watchdog")


def disabled():
    faulthandler.enable(out)
    print(faulthandler.is_enabled(), faulthandler.disable(), faulthandler.is_enabled(), faulthandler.disable(), flush=True)
    faulthandler._sigsegv()


child(disabled)
show("disabled")


def attempt(f, *args, **kwargs):
    try:
        print(f.__name__, f(*args, **kwargs))
    except Exception as e:
        print(f.__name__, type(e).__name__, e)


class Odd:
    def __init__(self, fd):
        self.fd = fd

    def fileno(self):
        return self.fd


for file in -1, "x", 2**70, Odd("x"), Odd(-5):
    attempt(faulthandler.enable, file)
for timeout in 0, -1, 1e300, "a":
    attempt(faulthandler.dump_traceback_later, timeout, file=out)
for number in signal.SIGSEGV, 0, 65, signal.SIGKILL, "a":
    attempt(faulthandler.register, number, out)
attempt(faulthandler.unregister, signal.SIGSEGV)
attempt(faulthandler.cancel_dump_traceback_later)
