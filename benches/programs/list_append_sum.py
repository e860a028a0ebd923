"""Appends to a list, reads it by index, sums it and pops it empty.

Usage: list_append_sum.py [N]
    N  how many items (default 8000000)
"""

import sys


def build(count):
    items = []
    for i in range(count):
        items.append(i * 3 & 1023)
    return items


def sum_by_index(items):
    total = 0
    for i in range(len(items)):
        total += items[i]
    return total


def drain(items):
    popped = 0
    while items:
        popped ^= items.pop()
    return popped


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000_000
    items = build(count)
    print(len(items), sum(items), sum_by_index(items))
    print(drain(items), len(items))


if __name__ == "__main__":
    main()
