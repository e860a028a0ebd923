"""Augmented assignment: in place where the type can, and the target evaluated once."""

x = 5
x += 2
x -= 1
x *= 7
print(x)
x //= 4
x **= 2
x %= 37
print(x)
x <<= 3
x |= 5
x &= 0xFE
x ^= 3
x >>= 1
print(x)
x /= 4
print(x)

a = b = [1]
a += [2]
a *= 2
print(a, b, a is b)
t = u = (1,)
t += (2,)
print(t, u)
s = w = {1, 2, 3}
s -= {1}
s |= {9}
s &= {2, 9}
s ^= {2, 7}
print(sorted(s), s is w)
d = e = {"a": 1}
d |= {"b": 2}
print(d, e is d)


def trace(label, value):
    print("eval", label)
    return value


items = [0, 10, 20]
trace("list", items)[trace("index", 1)] += trace("value", 5)
print(items)


class Holder:
    count = 1


h = Holder()
h.count += 1
print(h.count, Holder.count)

pair = ([1], 2)
try:
    pair[0] += [9]
except TypeError as error:
    print(error)
print(pair)


class Loud:
    def __iadd__(self, other):
        print("iadd", other)
        return "replaced"


loud = Loud()
loud += 1
print(loud)
text = "a"
text *= 3
text += "b"
text %= ()
print(text)
m = [[1, 2], [3]]
m[0][1:] += [5, 6]
print(m)
