"""Draws the Mandelbrot set as text: tight float loops with early exit.

Usage: mandelbrot.py [N]
    N  columns of the picture; the rows are half of that (default 300)
"""

import sys

SHADES = " .:-=+*%@#"


def escape_time(cx, cy, limit):
    x = y = 0.0
    for step in range(limit):
        xx = x * x
        yy = y * y
        if xx + yy > 4.0:
            return step
        y = 2.0 * x * y + cy
        x = xx - yy + cx
    return limit


def render(columns, rows, limit):
    lines = []
    total = 0
    for row in range(rows):
        line = []
        cy = -1.25 + 2.5 * row / rows
        for column in range(columns):
            cx = -2.0 + 2.75 * column / columns
            steps = escape_time(cx, cy, limit)
            total += steps
            line.append(SHADES[steps * (len(SHADES) - 1) // limit])
        lines.append("".join(line).rstrip())
    return lines, total


def main():
    columns = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    lines, total = render(columns, columns // 2, 1000)
    print("\n".join(lines))
    print(total, "steps")


if __name__ == "__main__":
    main()
