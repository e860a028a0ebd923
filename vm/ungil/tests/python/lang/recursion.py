"""Deep recursion: the limit, RecursionError, and calls working again afterwards."""

import sys


def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


print(down(500))


def forever():
    return forever()


try:
    forever()
except RecursionError as error:
    print(error)
print(down(500))
sys.setrecursionlimit(20000)
print(sys.getrecursionlimit(), down(15000))
sys.setrecursionlimit(1000)


class Endless:
    def __getattr__(self, name):
        return getattr(self, name + "x")

    def __repr__(self):
        return repr(self)

    def __eq__(self, other):
        return self == other


for action in (lambda: Endless().a, lambda: repr(Endless()), lambda: Endless() == 1):
    try:
        action()
    except RecursionError as error:
        print(str(error).startswith("maximum recursion depth exceeded"))


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


print(even(400))
caught = 0


def unwinding(n):
    global caught
    try:
        unwinding(n + 1)
    except RecursionError:
        caught += 1
        raise


try:
    unwinding(0)
except RecursionError:
    print(caught > 500)
try:
    sys.setrecursionlimit(0)
except ValueError as error:
    print(error)


def generators(n):
    yield n
    if n:
        yield from generators(n - 1)


print(sum(1 for _ in generators(300)))
nested = []
for _ in range(100000):
    nested = [nested]
del nested
print("deep list freed")
