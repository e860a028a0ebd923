"""Containers that are changed while they are walked, compared, searched, sorted or printed."""


def show(f):
    try:
        print(repr(f()))
    except BaseException as e:
        print(type(e).__name__, e)


def grow_dict():
    d = {1: 1}
    for k in d:
        d[k + 1] = 1


def swap_keys():
    d = {1: 1, 2: 2}
    for k in d:
        del d[k]
        d[k + 5] = 1


def grow_set():
    s = {1}
    for k in s:
        s.add(k + 1)


def replace_values():
    d = {i: i for i in range(5)}
    for k in d:
        d[k] = -k
    return d


def grow_list():
    l = [1]
    for x in l:
        if x < 10:
            l.append(x + 1)
    return l


def shrink_list():
    l = list(range(10))
    for x in l:
        l.remove(x)
    return l


def sort_and_append():
    l = [3, 2, 1]

    def key(x):
        l.append(x)
        return x

    try:
        l.sort(key=key)
    finally:
        print(l)


def sort_looks_empty():
    l = [3, 2, 1]
    l.sort(key=lambda x: (print(l), x)[1])
    return l


def sort_fails():
    class Odd:
        def __init__(self, v):
            self.v = v

        def __lt__(self, other):
            if self.v == 2:
                raise ValueError("two")
            return self.v < other.v

        def __repr__(self):
            return f"Odd({self.v})"

    l = [Odd(v) for v in (5, 3, 2, 4)]
    try:
        l.sort()
    finally:
        print(sorted(x.v for x in l))


for f in [grow_dict, swap_keys, grow_set, replace_values, grow_list, shrink_list, sort_and_append, sort_looks_empty]:
    print(f.__name__)
    show(f)
show(sort_fails)


class Key:
    """Equal to any other key, and clears a dict or set when it is asked."""

    victim = None

    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return 7

    def __eq__(self, other):
        if Key.victim is not None:
            victim, Key.victim = Key.victim, None
            victim.clear()
        return self.name == other.name

    def __repr__(self):
        return self.name


a, b = Key("a"), Key("b")
d = {a: 1, b: 2}
Key.victim = d
print(d.get(Key("b")), d)
d = {a: 1, b: 2}
Key.victim = d
d[Key("b")] = 3
print(d)
d = {a: 1, b: 2}
Key.victim = d
print(d.pop(Key("b"), "gone"), d)
s = {a, b}
Key.victim = s
s.add(Key("b"))
print(s)
s = {a, b}
Key.victim = s
print(Key("b") in s, s)
l = [a, b]
Key.victim = l
print(Key("b") in l, l)
l = [a, b]
Key.victim = l
show(lambda: l.index(Key("b")))
l = [a, b]
Key.victim = l
show(lambda: l.remove(Key("b")))
l, m = [a, b], [Key("a"), Key("b")]
Key.victim = l
print(l == m, l)

many = {Key(str(i)): i for i in range(50)}
print(len(many), many[Key("37")], Key("99") in many, [k.name for k in many][:5])
for i in range(0, 50, 2):
    del many[Key(str(i))]
print(len(many), sorted(many.values()))
same = {Key(str(i)) for i in range(50)}
same -= {Key(str(i)) for i in range(0, 50, 3)}
print(len(same), sorted(int(k.name) for k in same))

l = [1]
l.append(l)
d = {1: l}
d["d"] = d
t = (l, d)
l.append(t)
print(l, d, t, sep="\n")
print(d.keys(), d.values(), d.items(), sep="\n")


class Walk:
    def __init__(self, log):
        self.log = log

    def __iter__(self):
        for i in range(3):
            self.log.append(i)
            yield i
        raise RuntimeError("end")


log = []
target = [9]
show(lambda: target.extend(Walk(log)))
print(target, log)
target = [9]
show(lambda: target.__setitem__(slice(0, 0), Walk(log)))
print(target, log)
target = {9}
show(lambda: target.update(Walk(log)))
print(sorted(target))


class Index:
    def __init__(self, l):
        self.l = l

    def __index__(self):
        self.l.clear()
        return 1


l = [1, 2, 3]
show(lambda: l[Index(l)])
l = [1, 2, 3]
print(l[0 : Index(l)], l)
l = [1, 2, 3]
l[Index(l) :] = [7, 8]
print(l)
l = [1, 2, 3]
l.insert(Index(l), 5)
print(l)
l = [1, 2, 3]
show(lambda: l.pop(Index(l)))
l = [1, 2, 3]
del l[: Index(l) : 2]
print(l)
