"""Pairs of pipes with an answering thread each, for `pipe_handoff.py` and `mixed.py`."""

import os
import threading

SIZE = 16


def answer(requests, replies):
    """Answers each number with the next one until the pipe is closed. A pipe keeps such short writes whole."""
    while message := os.read(requests, SIZE):
        os.write(replies, str(int(message) + 1).rjust(SIZE).encode())


def make_operation(requests, replies):
    number = 0

    def operation():
        nonlocal number
        os.write(requests, str(number).rjust(SIZE).encode())
        got = int(os.read(replies, SIZE))
        if got != number + 1:
            raise RuntimeError(f"asked {number}, got {got}")
        number = got

    return operation


class Pairs:
    """`operations` holds one function for each pair, which asks and waits for the answer."""

    def __init__(self, count):
        self.operations = []
        self.requests = []
        self.others = []
        self.threads = []
        for _ in range(count):
            request_reader, request_writer = os.pipe()
            reply_reader, reply_writer = os.pipe()
            self.threads.append(threading.Thread(target=answer, args=(request_reader, reply_writer)))
            self.operations.append(make_operation(request_writer, reply_reader))
            self.requests.append(request_writer)
            self.others += [request_reader, reply_reader, reply_writer]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        for fd in self.requests:
            os.close(fd)
        for thread in self.threads:
            thread.join()
        for fd in self.others:
            os.close(fd)
