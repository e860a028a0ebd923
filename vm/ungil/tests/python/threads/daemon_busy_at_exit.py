"""Daemon threads that run Python code all the time do not hinder the end of the program."""

import threading

started = threading.Semaphore(0)


def busy():
    started.release()
    n = 0
    items = []
    while True:
        n += 1
        items.append(n)
        if len(items) > 1000:
            items.clear()


for _ in range(3):
    threading.Thread(target=busy, daemon=True).start()
for _ in range(3):
    started.acquire()
print("ends")
