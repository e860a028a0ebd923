"""Comprehensions and generator expressions over lists, sets and dicts, with conditions and nesting.

Usage: comprehensions.py [N]
    N  items in each of the larger comprehensions (default 2000000)
"""

import sys


def transpose(matrix):
    return [[row[i] for row in matrix] for i in range(len(matrix[0]))]


def multiply(a, b):
    columns = transpose(b)
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    squares = [n * n for n in range(count)]
    print(len(squares), squares[-1])
    odd = [n for n in squares if n % 2 if n % 3]
    print(len(odd), sum(odd))
    residues = {n % 1009 for n in squares}
    print(len(residues), max(residues))
    index = {n: position for position, n in enumerate(odd)}
    print(len(index), index[odd[-1]])
    print(sum(n ^ 5 for n in squares if n & 4))
    print(any(n == 49 for n in squares), all(n >= 0 for n in squares))
    flat = [a * b for a in range(count // 500) for b in range(250) if (a + b) % 2]
    print(len(flat), sum(flat))
    halves = [half for n in range(count) if (half := n // 2) % 3 == 0]
    print(len(halves), halves[-1])

    size = max(2, int(count**0.5) // 16)
    a = [[i + j for j in range(size)] for i in range(size)]
    b = [[i * j % 7 for j in range(size)] for i in range(size)]
    product = multiply(a, b)
    print(size, product[-1][-1], sum(sum(row) for row in product))


if __name__ == "__main__":
    main()
