"""Semaphore, BoundedSemaphore and Barrier."""

import threading

semaphore = threading.Semaphore(2)
print(semaphore.acquire(), semaphore.acquire(), semaphore.acquire(blocking=False), semaphore.acquire(timeout=0.01))
semaphore.release(2)
with semaphore:
    print(semaphore.acquire(False))
semaphore.release()
bounded = threading.BoundedSemaphore(1)
with bounded:
    pass
for action in (bounded.release, lambda: threading.Semaphore(-1), lambda: semaphore.release(0), lambda: semaphore.acquire(False, 1)):
    try:
        action()
    except ValueError as error:
        print(error)

inside, most, lock = 0, 0, threading.Lock()
gate = threading.Semaphore(3)


def limited():
    global inside, most
    for _ in range(50):
        with gate:
            with lock:
                inside += 1
                most = max(most, inside)
            with lock:
                inside -= 1


threads = [threading.Thread(target=limited) for _ in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(inside, 1 <= most <= 3)

phases = []
barrier = threading.Barrier(3, action=lambda: phases.append("barrier"))
order = []


def phased(n):
    for phase in range(2):
        with lock:
            phases.append(phase)
        order.append(barrier.wait())


threads = [threading.Thread(target=phased, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(phases, sorted(order), barrier.parties, barrier.n_waiting, barrier.broken)
broken = threading.Barrier(2)
try:
    broken.wait(timeout=0.01)
except threading.BrokenBarrierError:
    print("broken", broken.broken)
broken.reset()
print(broken.broken)
broken.abort()
try:
    broken.wait()
except threading.BrokenBarrierError:
    print("aborted")
