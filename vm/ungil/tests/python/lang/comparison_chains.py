"""Chained comparisons evaluate each operand once and stop at the first that fails."""


def f(name, value):
    print(name, end=" ")
    return value


print(f("a", 1) < f("b", 2) < f("c", 3))
print(f("a", 1) < f("b", 0) < f("c", 3))
print(f("a", 1) == f("b", 1) != f("c", 1) in f("d", [1]))
print(1 < 2 > 1 < 5, 1 < 3 < 2, not 1 < 2 < 3)
print(1 in [1] == True, (1 in [1]) == True)
print(None is None is None, True is not None is not False)
print(3 > 2 == 2, (3 > 2) == 2)


class Odd:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return self.value

    def __repr__(self):
        return f"Odd({self.value!r})"


print(Odd([]) < 1, Odd("yes") < 1 < 2, Odd("") < 1 < 2)
print("x" in "xyz" in ["xyz"], "q" not in "xyz" not in ["q"])
a = b = [1]
print(a is b, a is not b, a is [1], a == [1])
if 0 < len(a) < 2:
    print("one")
while not 5 > a[-1] > 3:
    a.append(a[-1] + 1)
print(a)
