"""A bounded queue made of a lock and two conditions, several producers and consumers."""

import threading


class Queue:
    def __init__(self, size):
        self.size, self.items = size, []
        self.lock = threading.Lock()
        self.not_empty = threading.Condition(self.lock)
        self.not_full = threading.Condition(self.lock)

    def put(self, item):
        with self.not_full:
            while len(self.items) >= self.size:
                self.not_full.wait()
            self.items.append(item)
            self.not_empty.notify()

    def get(self):
        with self.not_empty:
            while not self.items:
                self.not_empty.wait()
            item = self.items.pop(0)
            self.not_full.notify()
            return item


queue, results, lock = Queue(3), [], threading.Lock()


def produce(start):
    for i in range(start, start + 100):
        queue.put({"n": i, "text": str(i)})


def consume():
    while True:
        item = queue.get()
        if item is None:
            return
        with lock:
            results.append((item["n"], item["text"]))


producers = [threading.Thread(target=produce, args=(n * 100,)) for n in range(3)]
consumers = [threading.Thread(target=consume) for _ in range(4)]
for t in producers + consumers:
    t.start()
for t in producers:
    t.join()
for _ in consumers:
    queue.put(None)
for t in consumers:
    t.join()
print(len(results), sorted(results) == [(i, str(i)) for i in range(300)], queue.items)
