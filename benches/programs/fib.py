"""Recursive Fibonacci numbers: the cost of calling a Python function.

Usage: fib.py [N]
    N  which Fibonacci number to compute (default 35)
"""

import sys


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 35
    print(f"fib({n}) = {fib(n)}")


if __name__ == "__main__":
    main()
