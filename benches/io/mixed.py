"""One CPU-bound thread beside threads that hand messages to and fro over pipes.

Under a lock that all threads share, a thread that has waited for a message waits again for the one that computes.

Usage: mixed.py [THREADS] [SECONDS]
    THREADS  pairs of threads over pipes (default 4)
    SECONDS  how long to measure (default 1.0)
"""

import time

from _measure import Clients, arguments, report
from _pipes import Pairs

ROUND = 1000


def compute(begin, deadline):
    """Computes until the deadline; gives how many steps it made per second."""
    clock = time.perf_counter_ns
    value = 1
    steps = 0
    while (now := clock()) < deadline:
        for _ in range(ROUND):
            value = value * 48271 % 2147483647
        steps += ROUND
    return steps / ((now - begin) / 1e9)


def main():
    threads, seconds = arguments()
    with Pairs(threads) as pairs:
        clients = Clients(pairs.operations, seconds)
        rate = clients.run(beside=compute)
    report(clients, "every answer was right", cpu_rate=rate)


if __name__ == "__main__":
    main()
