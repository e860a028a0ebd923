"""Spectral norm of an infinite matrix's corner, by the power method: nested loops, calls, floats.

Usage: spectral_norm.py [N]
    N  rows and columns of the corner (default 400)
"""

import math
import sys


def element(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(vector):
    size = len(vector)
    result = []
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += element(i, j) * vector[j]
        result.append(total)
    return result


def times_transposed(vector):
    size = len(vector)
    result = []
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += element(j, i) * vector[j]
        result.append(total)
    return result


def spectral_norm(size):
    u = [1.0] * size
    v = u
    for _ in range(10):
        v = times_transposed(times(u))
        u = times_transposed(times(v))
    numerator = sum(a * b for a, b in zip(u, v))
    denominator = sum(a * a for a in v)
    return math.sqrt(numerator / denominator)


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"{spectral_norm(size):.9f}")


if __name__ == "__main__":
    main()
