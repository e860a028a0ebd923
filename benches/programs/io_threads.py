"""I/O-bound threads: pairs of threads that bounce messages over pipes while one thread computes.

Each pair asks and answers over two pipes, so that the threads block most of the
time; the main thread computes meanwhile. It shows what threads cost a program that
waits more than it runs.

Usage: io_threads.py [N] [PAIRS]
    N      messages for each pair (default 20000)
    PAIRS  how many pairs of threads (default 4)
"""

import os
import sys
import threading

MESSAGE_SIZE = 32


def read_exactly(fd, size):
    chunks = []
    while size > 0:
        chunk = os.read(fd, size)
        if not chunk:
            break
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def answer(requests, replies):
    """Reads numbers until the pipe is closed and answers each with its square."""
    while message := read_exactly(requests, MESSAGE_SIZE):
        number = int(message)
        os.write(replies, str(number * number).rjust(MESSAGE_SIZE).encode())
    os.close(requests)
    os.close(replies)


def ask(requests, replies, messages, totals, index):
    total = 0
    for number in range(messages):
        os.write(requests, str(number).rjust(MESSAGE_SIZE).encode())
        total += int(read_exactly(replies, MESSAGE_SIZE))
    os.close(requests)
    os.close(replies)
    totals[index] = total


def compute(rounds):
    value = 1
    for _ in range(rounds):
        value = value * 48271 % 2147483647
    return value


def main():
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    totals = [0] * pairs
    threads = []
    for index in range(pairs):
        request_reader, request_writer = os.pipe()
        reply_reader, reply_writer = os.pipe()
        threads.append(threading.Thread(target=answer, args=(request_reader, reply_writer)))
        threads.append(threading.Thread(target=ask, args=(request_writer, reply_reader, messages, totals, index)))
    for thread in threads:
        thread.start()
    value = compute(messages * 50)
    for thread in threads:
        thread.join()
    print(value, totals)


if __name__ == "__main__":
    main()
