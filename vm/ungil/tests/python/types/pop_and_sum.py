"""What `list.pop` leaves behind at all sizes and indices, and what `sum` makes of items of several kinds."""


class Number:
    def __init__(self, n):
        self.n = n

    def __radd__(self, other):
        return ("radd", other, self.n)


class Counted:
    alive = 0

    def __init__(self):
        Counted.alive += 1

    def __del__(self):
        Counted.alive -= 1


# Down to nothing and up again, from the end, the beginning and the middle.
for pick in (lambda n: -1, lambda n: 0, lambda n: n // 2, lambda n: n - 1, lambda n: -n):
    for size in (1, 2, 3, 8, 9, 17, 100):
        items = [str(i) * 2 for i in range(size)]
        model = list(items)
        order = []
        while items:
            at = pick(len(items))
            order.append(items.pop(at) if at != -1 else items.pop())
            del model[at]
            assert items == model, (size, at)
        items.append("again")
        print(size, order[:3], order[-1], items)

for at in (1, -2, 5, 10**30, "x", 1.0):
    items = ["only"]
    try:
        print(items.pop(at))
    except (IndexError, TypeError, OverflowError) as e:
        print(type(e).__name__, e, items)
try:
    [].pop()
except IndexError as e:
    print(e)
print([5, 6, 7].pop(True), [5, 6, 7].pop(False))

# What has left belongs to who took it.
objects = [Counted() for _ in range(20)]
while objects:
    objects.pop()
    objects.pop(0)
    print(Counted.alive, end=" ")
print()

print(sum([]), sum(()), sum([1, 2, 3]), sum((1, 2, 3), 10), sum([True, False, True]), sum([1, 2, True, 4]))
print(sum([1, 2, 0.5, 3]), sum([0.1] * 10), sum([1, 2], 0.5), sum([1, 2, 3j]))
print(sum(list(range(4095))), sum(list(range(4096))), sum(tuple(range(4097))), sum(list(range(20000)), -1))
big = 2**46
print(sum([big] * 5), sum([big] * 4096) == big * 4096, sum([big] * 10000) == big * 10000)
print(sum([1, 2**70, 3]), sum([-big] * 8192 + [2**80]), sum([1, 2], 2**80))
print(sum([1, 2, Number(3)]), sum([[1], [2]], []))
for bad in ([1, "x"], [1, None, 2]):
    try:
        sum(bad)
    except TypeError as e:
        print(e)
