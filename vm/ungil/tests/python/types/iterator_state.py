"""Length hints, pickling state and exhaustion of the iterators of built-in types."""
def length_hint(it):
    return it.__length_hint__()


def state(it):
    return it.__reduce__()[1:]


for make in [
    lambda: iter([1, 2, 3]),
    lambda: reversed([1, 2, 3]),
    lambda: iter((1, 2, 3)),
    lambda: reversed((1, 2, 3)),
    lambda: iter(range(1, 10, 3)),
    lambda: iter({1: "a", 2: "b", 3: "c"}),
    lambda: iter({1: "a", 2: "b", 3: "c"}.values()),
    lambda: iter({1: "a", 2: "b", 3: "c"}.items()),
    lambda: reversed({1: "a", 2: "b", 3: "c"}),
    lambda: reversed({1: "a", 2: "b", 3: "c"}.values()),
    lambda: reversed({1: "a", 2: "b", 3: "c"}.items()),
    lambda: iter({1, 2, 3}),
]:
    it = make()
    print(type(it).__name__, length_hint(it), state(it), next(it), length_hint(it), state(it))
    print(list(it), list(it), length_hint(it), state(it), iter(it) is it)
    copy = make()
    if hasattr(copy, "__setstate__"):
        copy.__setstate__(1)
        print(list(copy))
        copy = make()
        copy.__setstate__(-5)
        print(list(copy))
        copy = make()
        copy.__setstate__(50)
        print(list(copy))


class Seq:
    def __getitem__(self, i):
        if i > 2:
            raise IndexError
        return i * 10

    def __len__(self):
        return 3


it = iter(Seq())
print(type(it).__name__, length_hint(it), next(it), length_hint(it), list(it), length_hint(it), state(it))
it = reversed(Seq())
print(type(it).__name__, length_hint(it), next(it), length_hint(it), list(it), length_hint(it), list(it))
count = iter([1, 2, 3, 4])
it = iter(lambda: next(count), 3)
print(type(it).__name__, list(it), list(it), list(count), state(it))
it = enumerate("ab", 2**49 - 1)
print(list(it), next(enumerate([5], -1)), list(enumerate("x", 2**70)), list(enumerate(iterable="y", start=3)))
it = enumerate([7, 8])
next(it)
print(state(it)[0][1], list(it), list(zip()), list(zip("ab")), list(zip("abc", range(2), "xyz")))
print(list(zip("ab", "cd", strict=True)), list(map(pow, [2, 3], [3, 2])), list(map(str, [])), list(map(None.__class__, [])))
print(list(filter(None, [0, 1, "", "a"])), list(filter(bool, [0, 1])), list(filter(lambda x: x > 1, [1, 2, 3])))
z = zip([1], [2], strict=True)
print(z.__reduce__()[2], len(zip([1]).__reduce__()), map(len, [], strict=True).__reduce__()[2])
z.__setstate__(0)
print(len(z.__reduce__()))

l = [1, 2]
it = iter(l)
print(list(it))
l.append(3)
print(list(it), next(it, "end"))
l = [1, 2, 3]
it = reversed(l)
next(it)
l.clear()
print(list(it))


class Sub(list):
    def __iter__(self):
        return iter("sub")


print(list(Sub([1])), [*Sub([1])], tuple(Sub([1])), set(Sub([1])) == set("sub"), sorted(Sub([1])))
