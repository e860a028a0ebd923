"""Lock: acquire in all its forms, with, errors, and mutual exclusion."""

import threading

lock = threading.Lock()
print(lock.acquire(), lock.locked(), lock.acquire(blocking=False), lock.acquire(timeout=0.01))
lock.release()
print(lock.locked(), repr(lock).split(" ")[0])
with lock as entered:
    print(entered, lock.locked())
try:
    with lock:
        raise ValueError("inside")
except ValueError:
    print(lock.locked())
for action in (lambda: lock.release(), lambda: lock.acquire(False, 1), lambda: lock.acquire(timeout=-2), lambda: lock.acquire(timeout=1e100), lambda: lock.acquire(timeout="x")):
    try:
        print(action())
    except (RuntimeError, ValueError, OverflowError, TypeError) as error:
        print(type(error).__name__, error)

total = 0


def add(n):
    global total
    for _ in range(n):
        with lock:
            before = total
            total = before + 1


threads = [threading.Thread(target=add, args=(5000,)) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(total)

lock.acquire()
order = []


def waits():
    lock.acquire()
    order.append("acquired")
    lock.release()


t = threading.Thread(target=waits)
t.start()
order.append("releasing")
lock.release()
t.join()
print(order)
other = threading.Thread(target=lock.acquire)
other.start()
other.join()
print(lock.locked())
lock.release()
print("released by another thread")
