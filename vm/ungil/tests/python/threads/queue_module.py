"""queue.Queue, LifoQueue, PriorityQueue and SimpleQueue between threads."""

import queue
import threading

q = queue.Queue(maxsize=2)
done = []


def worker():
    while True:
        item = q.get()
        if item is None:
            q.task_done()
            return
        done.append(item * item)
        q.task_done()


threads = [threading.Thread(target=worker) for _ in range(3)]
for t in threads:
    t.start()
for i in range(20):
    q.put(i)
q.join()
for _ in threads:
    q.put(None)
for t in threads:
    t.join()
print(sorted(done), q.empty(), q.qsize())
for action in (lambda: q.get_nowait(), lambda: q.get(timeout=0.01), lambda: q.task_done(), lambda: [q.put_nowait(i) for i in range(3)], lambda: q.get(timeout=-1)):
    try:
        action()
    except (queue.Empty, queue.Full, ValueError) as error:
        print(type(error).__name__, error)
lifo, priority, simple = queue.LifoQueue(), queue.PriorityQueue(), queue.SimpleQueue()
for x in (3, 1, 2):
    lifo.put(x)
    priority.put(x)
    simple.put(x)
print([lifo.get() for _ in range(3)], [priority.get() for _ in range(3)], [simple.get() for _ in range(3)], simple.empty())
try:
    simple.get(block=False)
except queue.Empty:
    print("empty")
