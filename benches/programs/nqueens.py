"""Places N queens on a board in every possible way: recursion, sets and lists of small ints.

Usage: nqueens.py [N]
    N  size of the board (default 12)
"""

import sys


class Board:
    def __init__(self, size):
        self.size = size
        self.columns = set()
        self.rising = set()
        self.falling = set()
        self.placed = []
        self.solutions = 0
        self.first = None

    def solve(self, row=0):
        if row == self.size:
            self.solutions += 1
            if self.first is None:
                self.first = list(self.placed)
            return
        for column in range(self.size):
            if column in self.columns or row + column in self.rising or row - column in self.falling:
                continue
            self.columns.add(column)
            self.rising.add(row + column)
            self.falling.add(row - column)
            self.placed.append(column)
            self.solve(row + 1)
            self.placed.pop()
            self.falling.remove(row - column)
            self.rising.remove(row + column)
            self.columns.remove(column)


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    board = Board(size)
    board.solve()
    print(f"{board.solutions} ways on a board of {size}")
    if board.first is not None:
        for column in board.first:
            print("." * column + "Q" + "." * (size - column - 1))


if __name__ == "__main__":
    main()
