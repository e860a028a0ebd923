"""Draws the Mandelbrot set, a row a piece.

Usage: mandelbrot.py [THREADS] [N]
    N  rows and columns of the picture; `full` and `quick` stand for 480 and 280
"""

from _split import arguments, check, report, run

LIMIT = 100


def escape_steps(x, y):
    a = b = 0.0
    for step in range(LIMIT):
        aa, bb = a * a, b * b
        if aa + bb > 4.0:
            return step
        a, b = aa - bb + x, 2.0 * a * b + y
    return LIMIT


def make_row(size):
    def row(index):
        # Symmetric around the real axis, so that rows can be checked against each other.
        y = 2.4 * (index + 0.5) / size - 1.2
        return [escape_steps(2.8 * column / size - 2.0, y) for column in range(size)]

    return row


def main():
    threads, size = arguments({"full": 480, "quick": 280})
    rows, seconds = run(make_row(size), list(range(size)), threads)
    check("the middle", rows[size // 2][size * 5 // 7], LIMIT)
    report(seconds, sum(map(sum, rows)))


if __name__ == "__main__":
    main()
