"""RLock: taken again by its owner, released as often, refused to others."""

import threading

lock = threading.RLock()


def depth(n):
    with lock:
        return 1 if n == 0 else 1 + depth(n - 1)


print(depth(50))
try:
    lock.release()
except RuntimeError as error:
    print(error)
lock.acquire()
lock.acquire()
seen = []


def other():
    seen.append(lock.acquire(blocking=False))
    seen.append(lock.acquire(timeout=0.01))
    try:
        lock.release()
    except RuntimeError as error:
        seen.append(str(error))


t = threading.Thread(target=other)
t.start()
t.join()
print(seen)
lock.release()
lock.release()
t = threading.Thread(target=lambda: seen.append(lock.acquire(False)) or lock.release())
t.start()
t.join()
print(seen[-1], lock._is_owned())

counts = {}


def nested(name):
    for _ in range(500):
        with lock:
            with lock:
                counts[name] = counts.get(name, 0) + 1
                counts["all"] = counts.get("all", 0) + 1


threads = [threading.Thread(target=nested, args=(i,)) for i in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(counts["all"], [counts[i] for i in range(4)])
