"""The order in which parts of expressions and statements are evaluated."""


def e(label, value=0):
    print(label, end=" ")
    return value


def line():
    print()


class Spy:
    def __getitem__(self, key):
        print("getitem", end=" ")
        return 0

    def __setitem__(self, key, value):
        print("setitem", end=" ")

    def __setattr__(self, name, value):
        print("setattr", end=" ")

    def __call__(self, *args, **kwargs):
        print("call", end=" ")
        return self


spy = Spy()
e("a", 1) + e("b", 2) * e("c", 3), line()
{e("k1"): e("v1"), e("k2"): e("v2")}, line()
e("f", spy)(e("x"), *[e("y")], k=e("z")), line()
e("target", spy)[e("key")] = e("value")
line()
e("t1", spy)[e("i1")] = e("t2", spy).attr = e("value")
line()
e("aug", spy)[e("key")] += e("value")
line()
e("body") if e("condition", True) else e("other"), line()
[e("element") for _ in e("source", [1, 2]) if e("filter", True)], line()
{e("k"): e("v") for _ in range(2)}, line()
e("x", 2) ** e("y", 2), line()
e("slice", "abc")[e("low", 0) : e("high", 2) : e("step", 1)], line()
print(e("p1"), e("p2"))
a, e("store", spy)[0] = e("rhs", (1, 2))
line()


@e("decorator", lambda c: c)
class C(e("base", object), metaclass=e("meta", type)):
    e("body")


line()


@e("decorator", lambda f: f)
def f(a=e("default"), *, k=e("keyword default")) -> e("annotation is lazy"):
    pass


line()
assert e("test", True), e("never")
line()
del e("del", {0: 1})[e("key", 0)]
line()
e("left", 1) < e("middle", 0) < e("never", 1), line()
f"{e('one')}{e('two'):{e('spec', '>3')}}", line()
lambda: e("never")
