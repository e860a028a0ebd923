"""Closures: making inner functions, calling them, and changing captured variables.

Usage: closures.py [N]
    N  number of rounds (default 2000000)
"""

import sys


def make_counter():
    count = 0

    def increment(by=1):
        nonlocal count
        count += by
        return count

    def reset():
        nonlocal count
        old, count = count, 0
        return old

    return increment, reset


def compose(*functions):
    def composed(value):
        for function in functions:
            value = function(value)
        return value

    return composed


def adders(limit):
    return [lambda value, amount=amount: value + amount for amount in range(limit)]


def memoize(function):
    seen = {}

    def wrapper(argument):
        if argument not in seen:
            seen[argument] = function(argument)
        return seen[argument]

    return wrapper


@memoize
def collatz_length(n):
    if n == 1:
        return 1
    return 1 + collatz_length(n // 2 if n % 2 == 0 else 3 * n + 1)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    increment, reset = make_counter()
    for i in range(rounds):
        increment()
        increment(by=i & 3)
    print(reset(), increment())

    pipeline = compose(lambda v: v + 1, lambda v: v * 2, lambda v: v % 1009)
    value = 0
    for _ in range(rounds):
        value = pipeline(value)
    print(value)

    total = 0
    for start in range(rounds // 20):
        for add in adders(10):
            total = add(total)
        total -= start
    print(total)

    longest = max(range(1, rounds // 20 + 2), key=collatz_length)
    print(longest, collatz_length(longest))


if __name__ == "__main__":
    main()
