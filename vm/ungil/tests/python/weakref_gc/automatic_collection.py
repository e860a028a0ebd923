"""Cycles made in a loop are collected without being asked, so that memory does not grow for ever."""

import weakref


class Node:
    pass


alive = weakref.WeakSet()
most = 0
for i in range(100000):
    n = Node()
    n.me = n
    n.payload = [i]
    if i % 1000 == 0:
        alive.add(n)
        most = max(most, len(alive))
print(most < 100)
