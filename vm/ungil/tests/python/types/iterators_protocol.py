"""Iterators of builtin types: exhaustion, copies, __length_hint__, iter of iter, concurrency of iteration."""

for thing in ([1, 2], (1, 2), "äb", b"ab", {1: 2}, {1}, range(2), bytearray(b"a"), {1: 2}.items(), enumerate([1]), zip([1]), map(str, [1]), reversed([1]), iter(int, 0), (x for x in [1])):
    it = iter(thing)
    print(type(it).__name__, iter(it) is it, hasattr(it, "__next__"), list(it) != [] or "empty", list(it))
l = [1, 2, 3]
i, j = iter(l), iter(l)
print(next(i), next(j), next(i))
l.clear()
print(list(i), list(j))
l.append(9)
print(list(i))


class Two:
    """Gives its iterator a new start each time."""

    def __iter__(self):
        return iter([1, 2])


t = Two()
print([(a, b) for a in t for b in t])


class Broken:
    def __iter__(self):
        return self

    def __next__(self):
        raise ValueError("broken")


try:
    list(Broken())
except ValueError as error:
    print(error)


class Resumes:
    """Goes on after StopIteration, which an iterator should not."""

    n = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        if self.n % 3 == 0:
            raise StopIteration
        return self.n


r = Resumes()
print(list(r), list(r))


class NoNext:
    def __iter__(self):
        return object()


try:
    for _ in NoNext():
        pass
except TypeError as error:
    print(error)


class OldStyle:
    def __getitem__(self, i):
        if i == 3:
            raise StopIteration
        return i


print(list(OldStyle()), type(iter(OldStyle())).__name__)


class Reversible:
    def __reversed__(self):
        return "not checked"


print(reversed(Reversible()))
calls = []
it = iter(lambda: calls.append(1) or len(calls), 3)
print(list(it), len(calls))
a = iter([1, 2, 3])
print(2 in a, list(a))
x, y = iter("ab")
print(x, y, *iter("cd"), [*iter("ef")], max(iter([1, 5])), sorted(iter("ba")))
