"""with: enter and exit order, suppression, several managers, targets, and return inside."""


class Manager:
    def __init__(self, name, suppress=False):
        self.name = name
        self.suppress = suppress

    def __enter__(self):
        print("enter", self.name)
        return self.name.upper()

    def __exit__(self, kind, value, traceback):
        print("exit", self.name, kind and kind.__name__, value, traceback is not None)
        return self.suppress


with Manager("a") as a, Manager("b") as b:
    print(a, b)
with (
    Manager("c") as c,
    Manager("d"),
):
    print(c)

with Manager("e", suppress=True):
    raise ValueError("suppressed")
try:
    with Manager("f"), Manager("g"):
        raise KeyError("out")
except KeyError as error:
    print("caught", error)


def returns():
    with Manager("h"):
        return "value"


print(returns())
for i in range(2):
    with Manager(str(i)):
        if i == 0:
            continue
        break


class Pair:
    def __enter__(self):
        return (1, [2, 3])

    def __exit__(self, *args):
        pass


with Pair() as (x, [y, z]):
    print(x, y, z)
box = {}
with Pair() as box["key"]:
    pass
print(box)

try:
    with 5:
        pass
except TypeError as error:
    print(error)


class NoExit:
    def __enter__(self):
        print("never")


try:
    with NoExit():
        pass
except TypeError as error:
    print(error)


class RaisesInExit:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        raise RuntimeError("from exit")


try:
    with RaisesInExit():
        raise ValueError("body")
except RuntimeError as error:
    print(error, repr(error.__context__))


class OnInstance:
    pass


thing = OnInstance()
thing.__enter__ = lambda: 1
thing.__exit__ = lambda *a: None
try:
    with thing:
        pass
except TypeError as error:
    print(error)
