"""Objects made in one thread and used in another: instances, closures, classes, exceptions, generators."""

import threading


def run(function, *args):
    result = []

    def call():
        try:
            result.append(function(*args))
        except Exception as error:
            result.append(error)

    t = threading.Thread(target=call)
    t.start()
    t.join()
    return result[0]


class Node:
    def __init__(self, value, next=None):
        self.value, self.next = value, next


def make_chain(n):
    head = None
    for i in range(n):
        head = Node(i, head)
    return head


def sum_chain(node):
    total = 0
    while node:
        total, node = total + node.value, node.next
    return total


print(sum_chain(run(make_chain, 1000)), run(sum_chain, make_chain(1000)))


def make_closure():
    n = 0

    def up():
        nonlocal n
        n += 1
        return n

    return up


up = run(make_closure)
print(up(), run(up), up())
C = run(lambda: type("Made", (), {"x": 1, "get": lambda self: self.x}))
print(C().get(), run(lambda: C().get()), C.__name__)
error = run(lambda: {}["missing"])
print(repr(error), error.__traceback__ is not None, error.__traceback__.tb_next.tb_frame.f_code.co_name)
g = run(lambda: (i * i for i in range(4)))
print(next(g), run(next, g), list(g))
shared = {"list": [], "set": set(), "dict": {}, "bytes": bytearray()}


def fill(n):
    for i in range(n * 100, n * 100 + 100):
        shared["list"].append(i)
        shared["set"].add(i)
        shared["dict"][i] = str(i)
        shared[f"key {i}"] = i


threads = [threading.Thread(target=fill, args=(n,)) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(shared["list"]) == list(range(400)), len(shared["set"]), len(shared["dict"]), len(shared))
obj = Node(0)


def attributes(n):
    for i in range(100):
        setattr(obj, f"a{n}_{i}", i)


threads = [threading.Thread(target=attributes, args=(n,)) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(vars(obj)), all(getattr(obj, f"a{n}_{i}") == i for n in range(4) for i in range(100)))
text = run(lambda: "".join(chr(97 + i % 26) for i in range(100)))
print(text[:5], run(hash, text) == hash(text), run(lambda: text + "!")[-3:], run(lambda: 2**200) == 2**200)
