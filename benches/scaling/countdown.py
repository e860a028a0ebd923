"""Counts down in a loop, in pieces.

Usage: countdown.py [THREADS] [N]
    N  how far to count; `full` and `quick` stand for 60000000 and 20000000
"""

from _split import arguments, check, parts, report, run


def countdown(piece):
    n = len(piece)
    counted = 0
    while n > 0:
        n -= 1
        counted += 1
    return counted


def main():
    threads, n = arguments({"full": 60_000_000, "quick": 20_000_000})
    results, seconds = run(countdown, parts(0, n, 24), threads)
    check("counted", sum(results), n)
    report(seconds, n)


if __name__ == "__main__":
    main()
