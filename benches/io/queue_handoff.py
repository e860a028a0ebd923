"""Pairs of threads that hand a message to and fro over two queues.

Usage: queue_handoff.py [THREADS] [SECONDS]
    THREADS  pairs of an asking and an answering thread (default 4)
    SECONDS  how long to measure (default 1.0)
"""

import queue
import threading

from _measure import Clients, arguments, report


def answer(requests, replies):
    while (number := requests.get()) is not None:
        replies.put(number + 1)


def make_operation(requests, replies):
    number = 0

    def operation():
        nonlocal number
        requests.put(number)
        got = replies.get()
        if got != number + 1:
            raise RuntimeError(f"asked {number}, got {got}")
        number = got

    return operation


def main():
    threads, seconds = arguments()
    pairs = [(queue.Queue(1), queue.Queue(1)) for _ in range(threads)]
    answering = [threading.Thread(target=answer, args=pair) for pair in pairs]
    for thread in answering:
        thread.start()
    clients = Clients([make_operation(*pair) for pair in pairs], seconds)
    try:
        clients.run()
    finally:
        for requests, _ in pairs:
            requests.put(None)
        for thread in answering:
            thread.join()
    report(clients, "every answer was right")


if __name__ == "__main__":
    main()
