"""Threads that pass work on through bounded queues made of a Condition: producers, workers, a collector.

Usage: queue_threads.py [N] [THREADS]
    N        how many pieces of work (default 80000)
    THREADS  how many workers (default 4)
"""

import sys
import threading


class Channel:
    """A bounded first-in first-out queue; `get` returns None when it is closed and empty."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.items = []
        self.closed = False
        self.lock = threading.Lock()
        self.not_empty = threading.Condition(self.lock)
        self.not_full = threading.Condition(self.lock)

    def put(self, item):
        with self.not_full:
            while len(self.items) >= self.capacity:
                self.not_full.wait()
            self.items.append(item)
            self.not_empty.notify()

    def get(self):
        with self.not_empty:
            while not self.items:
                if self.closed:
                    return None
                self.not_empty.wait()
            item = self.items.pop(0)
            self.not_full.notify()
            return item

    def close(self):
        with self.lock:
            self.closed = True
            self.not_empty.notify_all()


def work_on(number):
    """A little arithmetic: the length of the number's Collatz sequence."""
    steps = 0
    while number > 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


def produce(channel, start, stop):
    for number in range(start, stop):
        channel.put(number)


def worker(source, target):
    while (number := source.get()) is not None:
        target.put((number, work_on(number)))


def collect(channel, results):
    while (pair := channel.get()) is not None:
        number, steps = pair
        results[number] = steps


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 80_000
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    todo = Channel(64)
    done = Channel(64)
    results = {}

    middle = count // 2
    producers = [
        threading.Thread(target=produce, args=(todo, 1, middle)),
        threading.Thread(target=produce, args=(todo, middle, count + 1)),
    ]
    threads = [threading.Thread(target=worker, args=(todo, done)) for _ in range(workers)]
    collector = threading.Thread(target=collect, args=(done, results))
    for thread in producers + threads + [collector]:
        thread.start()
    for thread in producers:
        thread.join()
    todo.close()
    for thread in threads:
        thread.join()
    done.close()
    collector.join()

    longest = max(results, key=lambda number: (results[number], -number))
    print(len(results), sum(results.values()))
    print(longest, results[longest])


if __name__ == "__main__":
    main()
