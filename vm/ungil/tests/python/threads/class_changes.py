"""Classes changed by one thread while others call their methods see the old or the new, nothing else."""

import threading


class C:
    value = 0

    def get(self):
        return "old"


def old(self):
    return "old"


def new(self):
    return "new"


stop = threading.Event()
wrong = []


def reader():
    c = C()
    while not stop.is_set():
        got = c.get()
        if got not in ("old", "new"):
            wrong.append(got)
        before = c.value
        if c.value < before:
            wrong.append("went back")


readers = [threading.Thread(target=reader) for _ in range(3)]
for t in readers:
    t.start()
for i in range(2000):
    C.get = new if i % 2 else old
    C.value = i
stop.set()
for t in readers:
    t.join()
print(wrong, C.value, C().get())
