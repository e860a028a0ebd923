"""Fannkuch: flips pancakes for every permutation of N numbers; list indexing, slicing and rotation.

Usage: fannkuch.py [N]
    N  how many numbers are permuted (default 9)
"""

import sys


def count_flips(order):
    pancakes = order[:]
    flips = 0
    top = pancakes[0]
    while top != 0:
        pancakes[: top + 1] = pancakes[top::-1]
        flips += 1
        top = pancakes[0]
    return flips


def fannkuch(n):
    """Returns the checksum and the largest number of flips over all permutations of range(n)."""
    order = list(range(n))
    # turns[r]: how often the first r + 1 numbers can still be rotated.
    turns = [r + 1 for r in range(n)]
    largest = 0
    checksum = 0
    even = True
    while True:
        flips = count_flips(order)
        largest = max(largest, flips)
        checksum += flips if even else -flips
        even = not even
        r = 1
        while r < n:
            order.insert(r, order.pop(0))
            turns[r] -= 1
            if turns[r] > 0:
                break
            turns[r] = r + 1
            r += 1
        else:
            return checksum, largest


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    checksum, largest = fannkuch(n)
    print(checksum)
    print(f"Pfannkuchen({n}) = {largest}")


if __name__ == "__main__":
    main()
