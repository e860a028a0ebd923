"""Counts the ways to place N queens; a piece is where the first two stand.

Usage: nqueens.py [THREADS] [N]
    N  size of the board; `full` and `quick` stand for 11 and 10
"""

from _split import arguments, check, report, run

# How many solutions there are by size.
KNOWN = {4: 2, 5: 10, 6: 4, 7: 40, 8: 92, 9: 352, 10: 724, 11: 2680}


def place(size, row, columns, rising, falling):
    if row == size:
        return 1
    ways = 0
    for column in range(size):
        if column not in columns and row + column not in rising and row - column not in falling:
            ways += place(size, row + 1, columns | {column}, rising | {row + column}, falling | {row - column})
    return ways


def make_count(size):
    def count(piece):
        first, second = piece
        if second in (first - 1, first, first + 1):
            return 0
        return place(size, 2, {first, second}, {first, 1 + second}, {-first, 1 - second})

    return count


def main():
    threads, size = arguments({"full": 11, "quick": 10})
    pieces = [(first, second) for first in range(size) for second in range(size)]
    results, seconds = run(make_count(size), pieces, threads)
    if size in KNOWN:
        check("solutions", sum(results), KNOWN[size])
    report(seconds, sum(results))


if __name__ == "__main__":
    main()
