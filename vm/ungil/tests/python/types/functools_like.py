"""functools, itertools, operator and collections as programs use them every day."""

import collections
import functools
import itertools
import operator


@functools.lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(80), fib.cache_info())


@functools.wraps(fib)
def wrapped():
    pass


print(wrapped.__name__, functools.reduce(operator.add, [1, 2, 3], 10), functools.partial(int, base=2)("101"))


@functools.total_ordering
class V:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    def __lt__(self, other):
        return self.n < other.n


print(V(1) <= V(2), V(3) > V(2), sorted([3, 1, 2], key=functools.cmp_to_key(lambda a, b: b - a)))


class Lazy:
    @functools.cached_property
    def value(self):
        print("computed")
        return 5

    @functools.singledispatchmethod
    def show(self, arg):
        return "any"

    @show.register
    def _(self, arg: int):
        return "int"


lazy = Lazy()
print(lazy.value, lazy.value, lazy.show(1), lazy.show("x"))
print(list(itertools.chain([1], "ab")), list(itertools.islice(itertools.count(5, 2), 3)), list(itertools.product("ab", [1, 2])), list(itertools.permutations([1, 2, 3], 2)), list(itertools.combinations("abc", 2)))
print(list(itertools.accumulate([1, 2, 3])), [(k, list(g)) for k, g in itertools.groupby("aabba")], list(itertools.zip_longest("ab", [1], fillvalue=0)), list(itertools.takewhile(lambda x: x < 3, range(9))), list(itertools.batched("abcde", 2)), list(itertools.pairwise("abc")), list(itertools.repeat(1, 2)), list(itertools.starmap(pow, [(2, 3)])))
a, b = itertools.tee([1, 2])
print(list(a), list(b), operator.itemgetter(1, 0)("ab"), operator.attrgetter("real")(5), operator.methodcaller("upper")("x"))
Point = collections.namedtuple("Point", "x y")
p = Point(1, y=2)
print(p, p.x, p._replace(x=5), p._asdict(), Point._fields, p == (1, 2))
c = collections.Counter("abracadabra")
print(c.most_common(2), c["z"], c + collections.Counter("a"))
d = collections.defaultdict(list)
d["k"].append(1)
print(d, dict(d), collections.OrderedDict(a=1), collections.deque([1, 2, 3], maxlen=2), collections.ChainMap({"a": 1}, {"b": 2})["b"])
q = collections.deque()
q.append(1)
q.appendleft(0)
q.rotate(1)
print(q, q.pop(), q.popleft(), len(q))
