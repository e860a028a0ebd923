"""Condition: wait, wait_for, notify, notify_all, timeouts, and errors without the lock."""

import threading

condition = threading.Condition()
items, log = [], []


def consumer():
    for _ in range(5):
        with condition:
            while not items:
                condition.wait()
            log.append(items.pop(0))
            condition.notify()


def producer():
    for i in range(5):
        with condition:
            condition.wait_for(lambda: not items)
            items.append(i)
            condition.notify_all()


threads = [threading.Thread(target=consumer), threading.Thread(target=producer)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(log)
with condition:
    print(condition.wait(timeout=0.01), condition.wait_for(lambda: False, timeout=0.01), condition.wait_for(lambda: "truthy"))
for action in (condition.wait, condition.notify, condition.notify_all):
    try:
        action()
    except RuntimeError as error:
        print(error)

ready, turn, order = threading.Condition(threading.Lock()), 0, []


def take_turn(n):
    global turn
    for _ in range(3):
        with ready:
            ready.wait_for(lambda: turn == n)
            order.append(n)
            turn = (n + 1) % 3
            ready.notify_all()


threads = [threading.Thread(target=take_turn, args=(n,)) for n in (2, 0, 1)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(order)

waiting, awake = threading.Condition(), []
started = threading.Semaphore(0)


def sleeper(n):
    with waiting:
        started.release()
        waiting.wait()
        awake.append(n)


threads = [threading.Thread(target=sleeper, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for _ in threads:
    started.acquire()
with waiting:
    waiting.notify(2)
    waiting.notify()
for t in threads:
    t.join()
print(sorted(awake))
