"""Chains of generators that delegate to each other: used by several threads, and by one that publishes them while they run."""

import faulthandler
import gc
import threading


def chain(depth, n):
    if depth:
        return (yield from chain(depth - 1, n))
    for i in range(n):
        yield i
    return n


def run(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


print("== each its own")
sums = []


def adds():
    total = 0
    for depth in range(1, 12):
        for i in chain(depth, 200):
            total += i
        rest = chain(depth, 50)
        total += next(rest) + sum(rest)
    sums.append(total)


run(*[adds] * 4)
print(sums)

print("== one of all")
shared = chain(6, 4000)
counts = []


def takes():
    n = 0
    while True:
        try:
            next(shared)
            n += 1
        except ValueError as err:
            assert str(err) == "generator already executing", err
        except StopIteration:
            break
    counts.append(n)


run(*[takes] * 4)
print(sum(counts))

print("== published while it runs")
results = set()


def try_next():
    for g in (middle, top):
        try:
            results.add(next(g))
        except ValueError as err:
            results.add(str(err))


def starts():
    for i in range(100):
        if i % 10 == 5:
            run(try_next)
            gc.collect()
        yield i, [object()]


def delegates(inner):
    keep = [inner]
    yield from inner
    return keep


middle = delegates(delegates(starts()))
top = delegates(delegates(middle))
print(sum(i for i, _ in top), results)

print("== told by faulthandler")


def tells():
    yield 1
    faulthandler.dump_traceback(all_threads=False)
    yield 2


print(list(delegates(delegates(tells()))))
