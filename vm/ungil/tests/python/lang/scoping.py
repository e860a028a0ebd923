"""Which scope a name is looked up in: local, enclosing, global, builtin; class bodies are skipped."""

x = "global"


def reads_global():
    return x


def shadows():
    x = "local"

    def inner():
        return x

    return inner()


def assigns_global():
    global x, made_here
    x = "changed"
    made_here = 1


class Body:
    x = "class"
    seen = x

    def method(self):
        return x

    listed = [x for _ in range(1)]
    first = [y for y in x]


print(reads_global(), shadows())
print(Body.seen, Body().method(), Body.listed, Body.first)
assigns_global()
print(x, made_here, Body().method())

len_before = len
len = lambda thing: "shadowed"
print(len([1]))
del len
print(len([1]), len is len_before)


def class_in_function():
    y = "function"

    class Inner:
        before = y
        y = "class"
        after = y

        def get(self):
            return y

    return Inner.after, Inner().get()


try:
    print(class_in_function())
except NameError as error:
    print(type(error).__name__, error)


class UsesGlobalFirst:
    before = x
    x = 5
    after = x


print(UsesGlobalFirst.before, UsesGlobalFirst.after, x)


def reads_both():
    return sorted(locals()), "x" in globals()


print(reads_both())
