"""A generator that runs in one thread refuses another; finished hand-overs are fine."""

import threading


def gen():
    entered.set()
    leave.wait()
    yield 1
    yield 2


entered, leave = threading.Event(), threading.Event()
g = gen()
out = []
t = threading.Thread(target=lambda: out.append(next(g)))
t.start()
entered.wait()
try:
    next(g)
except ValueError as error:
    print(error)
leave.set()
t.join()
print(out, next(g), list(g))


def counter():
    n = 0
    while True:
        got = yield n
        n += got


c = counter()
next(c)
lock = threading.Lock()


def send():
    for _ in range(100):
        with lock:
            c.send(1)


threads = [threading.Thread(target=send) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(c.send(0))
