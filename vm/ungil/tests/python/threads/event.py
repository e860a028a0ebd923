"""Event: set, clear, wait with and without timeout, many waiters."""

import threading

event = threading.Event()
print(event.is_set(), event.wait(0.01))
event.set()
print(event.is_set(), event.wait(), event.wait(0))
event.clear()
print(event.is_set())
log = []


def waiter(n):
    event.wait()
    log.append(n)


threads = [threading.Thread(target=waiter, args=(n,)) for n in range(5)]
for t in threads:
    t.start()
log.append("set")
event.set()
for t in threads:
    t.join()
print(log[0], sorted(log[1:]))

ping, pong = threading.Event(), threading.Event()
trace = []


def player():
    for i in range(3):
        ping.wait()
        ping.clear()
        trace.append(f"ping {i}")
        pong.set()


t = threading.Thread(target=player)
t.start()
for i in range(3):
    ping.set()
    pong.wait()
    pong.clear()
    trace.append(f"pong {i}")
t.join()
print(trace)
