"""Long sequences of operations on lists, dicts and sets, each compared with a simple model."""


class Random:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        return (self.state >> 33) % n


def keys(r, kind):
    n = r.below(60)
    match kind:
        case "int":
            return n - 20
        case "wide":
            return n << 32
        case "str":
            return "k" * (n % 3) + str(n)
        case "tuple":
            return n, str(n % 7)
        case "float":
            return n / 4
        case _:
            return [n, str(n), n / 2, (n, n), None, frozenset((n, n % 5))][n % 6]


def dicts(kind, seed):
    r = Random(seed)
    d, pairs = {}, []

    def position(key):
        for i, (k, _) in enumerate(pairs):
            if k == key:
                return i
        return None

    for step in range(3000):
        key, op = keys(r, kind), r.below(12)
        at = position(key)
        if op < 5:
            d[key] = step
            if at is None:
                pairs.append((key, step))
            else:
                pairs[at] = pairs[at][0], step
        elif op < 8:
            got = d.pop(key, "missing")
            assert got == ("missing" if at is None else pairs.pop(at)[1])
        elif op == 8:
            got = d.setdefault(key, step)
            if at is None:
                pairs.append((key, step))
                assert got == step
            else:
                assert got == pairs[at][1]
        elif op == 9 and pairs:
            assert d.popitem() == pairs.pop()
        elif op == 10:
            d = d.copy()
        else:
            assert (key in d) == (at is not None)
            assert d.get(key) == (None if at is None else pairs[at][1])
        if step % 50 == 0:
            assert list(d.items()) == pairs, (kind, step)
            assert list(reversed(d)) == [k for k, _ in pairs][::-1]
            assert len(d) == len(pairs)
        if step % 1000 == 999:
            d.clear()
            pairs.clear()
    return len(d)


def sets(kind, seed):
    r = Random(seed)
    s, model = set(), []
    for step in range(3000):
        key, op = keys(r, kind), r.below(10)
        if op < 5:
            s.add(key)
            if key not in model:
                model.append(key)
        elif op < 8:
            s.discard(key)
            if key in model:
                model.remove(key)
        elif op == 8 and model:
            model.remove(s.pop())
        else:
            assert (key in s) == (key in model)
        if step % 50 == 0:
            assert len(s) == len(model)
            assert all(k in s for k in model)
            assert s == set(model) == frozenset(model)
            assert hash(frozenset(s)) == hash(frozenset(model[::-1]))
            other = {keys(r, kind) for _ in range(20)}
            assert all((k in s & other) == (k in model and k in other) for k in s | other)
            assert all((k in s - other) == (k in model and k not in other) for k in s | other)
            assert (s ^ other) == (s | other) - (s & other)
            assert s & other <= s <= s | other and s.isdisjoint(other - s)
    return len(s) == len(model)


def lists(seed):
    r = Random(seed)
    l = []
    model = ()
    for step in range(3000):
        op, n = r.below(14), len(model)
        i, j, v = r.below(40) - 20, r.below(40) - 20, r.below(100)
        if op < 4:
            l.append(v)
            model += (v,)
        elif op == 4 and n:
            assert l.pop() == model[-1]
            model = model[:-1]
        elif op == 5 and -n <= i < n:
            assert l.pop(i) == model[i]
            i %= n
            model = model[:i] + model[i + 1 :]
        elif op == 6:
            l.insert(i, v)
            model = model[:i] + (v,) + model[i:]
        elif op == 7:
            l[i:j] = (v,) * (v % 4)
            start, stop, _ = slice(i, j).indices(n)
            model = model[:start] + (v,) * (v % 4) + model[max(start, stop) :]
        elif op == 8:
            step_ = r.below(7) - 3 or 2
            gone = set(range(*slice(i, j, step_).indices(n)))
            del l[i:j:step_]
            model = tuple(x for k, x in enumerate(model) if k not in gone)
        elif op == 9:
            l.reverse()
            model = model[::-1]
        elif op == 10:
            assert l.count(v) == model.count(v)
            if v in model:
                assert l.index(v) == model.index(v)
                l.remove(v)
                k = model.index(v)
                model = model[:k] + model[k + 1 :]
        elif op == 11 and n < 60:
            l *= v % 3
            model *= v % 3
        elif op == 12:
            step_ = r.below(7) - 3 or 1
            assert tuple(l[i:j:step_]) == model[i:j:step_]
        elif op == 13:
            l += model[:5]
            model += model[:5]
        assert tuple(l) == model and len(l) == len(model), (step, op)
        if n > 200:
            del l[50:]
            model = model[:50]
    return len(l), sum(l)


for kind in ["int", "wide", "str", "tuple", "float", "mixed"]:
    print(kind, dicts(kind, 11), sets(kind, 12))
print(lists(5), lists(6))

big = {i: -i for i in range(100_000)}
assert all(big[i] == -i for i in range(0, 100_000, 7)) and len(big) == 100_000
for i in range(0, 100_000, 3):
    del big[i]
assert len(big) == 66_666 and 3 not in big and big[4] == -4 and sum(big) == sum(i for i in range(100_000) if i % 3)
big = set(range(100_000)) | {str(i) for i in range(10_000)}
assert len(big) == 110_000 and "77" in big and 99_999 in big and -1 not in big
print("done")
