"""Timer, setprofile-free helpers, stack size, settrace absence, switch interval, enumerate while running."""

import sys
import threading

fired = threading.Event()
t = threading.Timer(0.01, fired.set)
t.start()
t.join()
print(fired.is_set())
cancelled = threading.Timer(60, print, ["never"])
cancelled.start()
cancelled.cancel()
cancelled.join()
print(cancelled.finished.is_set())
stop = threading.Event()
workers = [threading.Thread(target=stop.wait, name=f"w{i}") for i in range(3)]
for w in workers:
    w.start()
print(sorted(t.name for t in threading.enumerate()), threading.active_count())
stop.set()
for w in workers:
    w.join()
print(threading.active_count())
old = sys.getswitchinterval()
sys.setswitchinterval(0.001)
print(round(sys.getswitchinterval(), 4))
sys.setswitchinterval(old)
try:
    sys.setswitchinterval(0)
except ValueError as error:
    print(error)
print(threading.stack_size(), threading.TIMEOUT_MAX > 0)
barrier_names = []


def named():
    barrier_names.append(threading.current_thread().name)


u = threading.Thread(target=named)
u.start()
u.join()
print(barrier_names[0].startswith("Thread-"), barrier_names[0].endswith("(named)"))
frames = sys._current_frames()
print(threading.get_ident() in frames, frames[threading.get_ident()].f_code.co_name)
