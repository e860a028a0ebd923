"""Stars in calls: several, mixed with keywords, evaluation order, errors."""


def show(*args, **kwargs):
    print(args, kwargs)


show(*[1, 2], 3, *(4,), *"ab")
show(**{"a": 1}, b=2, **{"c": 3})
show(1, *[2], k=3, *[4], **{"z": 5})
show(*range(3), **dict(x=1))
show(*{}, *(i for i in "xy"))


def order(name, value):
    print(name, end=" ")
    return value


show(order("a", 1), *order("b", [2]), k=order("c", 3), **order("d", {"e": 4}))


def f(a, b=2, *args, c, d=4, **kw):
    return a, b, args, c, d, kw


print(f(1, c=3), f(1, 5, 6, 7, c=3, x=9), f(*[1], **{"c": 2}))
for call in (
    lambda: f(*5),
    lambda: f(**5),
    lambda: f(*[1], 2, *None),
    lambda: f(**{1: 2}),
    lambda: f(1, c=1, **{"c": 2}),
    lambda: f(1, **{"a": 2}),
    lambda: f(**{"c": 1}, **{"c": 2}),
    lambda: show(**[("a", 1)]),
):
    try:
        print(call())
    except TypeError as error:
        print(error)


class Mapping:
    def keys(self):
        return ["p", "q"]

    def __getitem__(self, key):
        return key * 2


show(**Mapping())
print(max(*[1, 5, 3]), print(*"abc", sep="-", end="!\n"))
print([*(1, 2), 3, *{4: 5}], (*[1], *[2]), {*[1], *(1,)}, {**{"a": 1}, "a": 2})
x = *"ab", 3
print(x)


def returns():
    return 1, *[2, 3]


def yields():
    yield *[1], 2


print(returns(), list(yields()))


class Sub:
    def __getitem__(self, key):
        return key


print(Sub()[*[1, 2], 3], Sub()[1:2, *"a"])
