"""Exceptions: `try` that does not raise, raising and catching near and far, `finally`, `with`.

Usage: exceptions.py [N]
    N  number of rounds (default 1500000)
"""

import sys


class Refused(Exception):
    def __init__(self, amount):
        super().__init__(f"refused {amount}")
        self.amount = amount


class Guard:
    def __init__(self):
        self.entered = 0
        self.failed = 0

    def __enter__(self):
        self.entered += 1
        return self

    def __exit__(self, kind, value, traceback):
        if kind is Refused:
            self.failed += 1
            return True
        return False


def check(amount):
    if amount % 5 == 0:
        raise Refused(amount)
    return amount


def nested(depth, amount):
    if depth == 0:
        return check(amount)
    return nested(depth - 1, amount)


def never_raises(rounds):
    total = 0
    for i in range(rounds):
        try:
            total += i
        except ValueError:
            total = 0
        finally:
            total ^= 1
    return total


def caught_nearby(rounds):
    refused = 0
    for i in range(rounds):
        try:
            check(i)
        except KeyError:
            raise
        except Refused as error:
            refused += error.amount & 1
    return refused


def caught_far(rounds):
    caught = 0
    for i in range(rounds):
        try:
            nested(8, i)
        except Refused:
            caught += 1
    return caught


def from_builtins(rounds):
    numbers = {}
    misses = 0
    for i in range(rounds):
        try:
            numbers[i & 255] += 1
        except KeyError:
            misses += 1
            numbers[i & 255] = 0
        try:
            int("x" if i & 3 == 0 else "7")
        except ValueError:
            misses += 1
    return misses


def chained(rounds):
    causes = 0
    for i in range(rounds):
        try:
            try:
                check(i * 5)
            except Refused as error:
                raise LookupError("lost") from error
        except LookupError as error:
            causes += isinstance(error.__cause__, Refused)
    return causes


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1_500_000
    print(never_raises(rounds))
    print(caught_nearby(rounds))
    print(caught_far(rounds // 4))
    print(from_builtins(rounds // 2))
    print(chained(rounds // 8))
    guard = Guard()
    for i in range(rounds // 2):
        with guard:
            check(i)
    print(guard.entered, guard.failed)


if __name__ == "__main__":
    main()
