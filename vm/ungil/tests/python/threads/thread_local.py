"""threading.local: a value per thread, subclasses, attributes that are missing, cleaning up."""

import threading

local = threading.local()
local.value = "main"
seen = []


def work(n):
    seen.append(hasattr(local, "value"))
    local.value = n
    local.other = [n]
    barrier.wait()
    seen.append((local.value, local.other, sorted(local.__dict__)))


barrier = threading.Barrier(3)
threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(seen[:3], sorted(seen[3:]), local.value, hasattr(local, "other"))


class Counter(threading.local):
    start = 100

    def __init__(self, step):
        self.step = step
        self.n = self.start

    def up(self):
        self.n += self.step
        return self.n


c = Counter(5)
print(c.up(), c.up())
out = []
t = threading.Thread(target=lambda: out.append((c.up(), c.step)))
t.start()
t.join()
print(out, c.up())
try:
    del local.missing
except AttributeError as error:
    print(error)
try:
    local.missing
except AttributeError as error:
    print(error)
try:
    threading.local(1)
except TypeError as error:
    print(error)


class Noisy:
    def __del__(self):
        out.append("freed")


def holds():
    local.noisy = Noisy()


t = threading.Thread(target=holds)
t.start()
t.join()
print(out[-1])
