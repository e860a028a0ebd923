"""Cooperative multiple inheritance and mixins, builtin bases among them."""


class Logged:
    def __init__(self, *, log, **kwargs):
        self.log = log
        self.log.append(f"Logged {type(self).__name__}")
        super().__init__(**kwargs)

    def save(self):
        self.log.append("Logged.save")
        return super().save()


class Timed:
    def __init__(self, *, when=0, **kwargs):
        self.when = when
        super().__init__(**kwargs)

    def save(self):
        self.log.append("Timed.save")
        return super().save()


class Model:
    def __init__(self, name):
        self.name = name

    def save(self):
        return f"saved {self.name} at {self.when}"


class Document(Logged, Timed, Model):
    pass


log = []
d = Document(log=log, name="doc", when=5)
print(d.save(), log)
print([c.__name__ for c in Document.__mro__])


class UpperKeys:
    def __setitem__(self, key, value):
        super().__setitem__(key.upper(), value)


class Counting:
    count = 0

    def __getitem__(self, key):
        self.count += 1
        return super().__getitem__(key)


class Table(UpperKeys, Counting, dict):
    pass


t = Table()
t["a"] = 1
print(t, t["A"], t.count, isinstance(t, dict), len(t))


class Stack(list):
    push = list.append

    @property
    def top(self):
        return self[-1]


s = Stack([1])
s.push(2)
print(s, s.top, s + [3], type(s + [3]).__name__, type(s[:]).__name__, s == [1, 2])


class A:
    x = "A"


class B(A):
    pass


class C(A):
    x = "C"


class D(B, C):
    pass


print(D.x, D().x)
try:
    Document(log=[], name="n", wrong=1)
except TypeError as error:
    print(error)


class MyError(KeyError, ValueError):
    pass


try:
    raise MyError("both")
except ValueError as error:
    print(repr(error), isinstance(error, LookupError))
