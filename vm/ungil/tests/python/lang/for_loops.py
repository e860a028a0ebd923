"""for over iterables, targets of all kinds, else, and changes of the list while looping."""

for i in range(3):
    print(i, end=" ")
else:
    print("end", i)

for a, (b, *c) in [(1, (2, 3, 4)), (5, "xy")]:
    print(a, b, c)

for i in []:
    pass
print(i)

for x in "abc":
    if x == "b":
        break
else:
    print("never")
print(x)

numbers = [1, 2, 3, 4]
for n in numbers:
    if n % 2:
        numbers.append(n * 10)
    if len(numbers) > 8:
        break
print(numbers)
numbers = [1, 2, 3, 4]
for n in numbers:
    numbers.remove(n)
print(numbers)

d = {}
for d["key"] in range(3):
    pass
print(d)


class Target:
    pass


t = Target()
lst = [0]
for t.attr, lst[0] in zip("pq", [7, 8]):
    print(t.attr, lst)


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


print(list(Countdown(3)))


class BySubscript:
    def __getitem__(self, index):
        if index > 2:
            raise IndexError
        return index * index


print([v for v in BySubscript()], 4 in BySubscript(), 5 in BySubscript())
for i in 1, 2, *[3, 4]:
    print(i, end=",")
print()
for i in range(3):
    for j in range(3):
        if j == 1:
            continue
        if i == 1:
            break
        print(i, j)
try:
    for _ in 5:
        pass
except TypeError as error:
    print(error)
