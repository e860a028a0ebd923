"""Makes and drops many small objects: allocation, `__init__`, and freeing at once.

Usage: small_instances.py [N]
    N  how many points to make (default 5000000)
"""

import sys


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)


class Slotted:
    __slots__ = ("value", "next")

    def __init__(self, value, next):
        self.value = value
        self.next = next


def walk(steps):
    """Each step drops the two points before it."""
    position = Point(0, 0)
    for i in range(steps):
        position = position + Point(i & 7, 1)
    return position


def chains(links):
    """Builds short linked lists and lets go of each as a whole."""
    total = 0
    while links > 0:
        head = None
        for value in range(10):
            head = Slotted(value, head)
        links -= 10
        node = head
        while node is not None:
            total += node.value
            node = node.next
    return total


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    position = walk(count // 2)
    print(position.x, position.y)
    print(chains(count))


if __name__ == "__main__":
    main()
