"""A pipeline of generators, `yield from` over a tree, and a coroutine fed with `send`.

Usage: generator_pipeline.py [N]
    N  how many numbers go through the pipeline (default 4000000)
"""

import sys


def numbers(limit):
    n = 0
    while n < limit:
        yield n
        n += 1


def squares(source):
    for n in source:
        yield n * n


def keep_odd(source):
    return (n for n in source if n & 1)


def in_pairs(source):
    iterator = iter(source)
    for first in iterator:
        yield first, next(iterator, 0)


def tree_walk(low, high):
    """Yields low..high in order through nested `yield from`, about log2(high - low) deep."""
    if low < high:
        middle = (low + high) // 2
        yield from tree_walk(low, middle)
        yield middle
        yield from tree_walk(middle + 1, high)


def running_mean():
    total = 0
    count = 0
    mean = None
    while True:
        total += yield mean
        count += 1
        mean = total // count


def main():
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000_000
    total = 0
    for first, second in in_pairs(keep_odd(squares(numbers(limit)))):
        total += second - first
    print(total)
    print(sum(tree_walk(0, limit // 8)))
    mean = running_mean()
    next(mean)
    last = None
    for n in numbers(limit):
        last = mean.send(n)
    mean.close()
    print(last)


if __name__ == "__main__":
    main()
