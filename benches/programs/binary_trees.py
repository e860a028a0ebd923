"""Builds and drops binary trees of growing depth: allocation, and freeing of deep structures.

Usage: binary_trees.py [N]
    N  depth of the deepest tree (default 15)
"""

import sys


class Node:
    def __init__(self, left, right):
        self.left = left
        self.right = right

    def count(self):
        if self.left is None:
            return 1
        return 1 + self.left.count() + self.right.count()


def make_tree(depth):
    if depth == 0:
        return Node(None, None)
    return Node(make_tree(depth - 1), make_tree(depth - 1))


def main():
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    smallest = 4
    largest = max(largest, smallest + 2)

    print(f"stretch tree of depth {largest + 1}: {make_tree(largest + 1).count()} nodes")
    long_lived = make_tree(largest)
    for depth in range(smallest, largest + 1, 4):
        trees = 1 << (largest - depth + smallest)
        nodes = 0
        for _ in range(trees):
            nodes += make_tree(depth).count()
        print(f"{trees} trees of depth {depth}: {nodes} nodes")
    print(f"long lived tree of depth {largest}: {long_lived.count()} nodes")


if __name__ == "__main__":
    main()
