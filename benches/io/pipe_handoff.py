"""Pairs of threads that hand a message to and fro over two pipes.

Usage: pipe_handoff.py [THREADS] [SECONDS]
    THREADS  pairs of an asking and an answering thread (default 4)
    SECONDS  how long to measure (default 1.0)
"""

from _measure import Clients, arguments, report
from _pipes import Pairs


def main():
    threads, seconds = arguments()
    with Pairs(threads) as pairs:
        clients = Clients(pairs.operations, seconds)
        clients.run()
    report(clients, "every answer was right")


if __name__ == "__main__":
    main()
