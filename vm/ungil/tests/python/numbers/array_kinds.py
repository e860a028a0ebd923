"""array: kinds of items, slices, buffers, pickles, messages."""
import array as module

A = module.array


def show(f):
    try:
        print(repr(f()))
    except Exception as error:
        print(type(error).__name__, error)


for c in "bBwhHiIlLqQfd":
    a = A(c)
    print(c, a, a.itemsize, len(a))
for arguments in [(), ("z",), (1,), ("ii",), ("i", 5), ("i", "x"), ("w", "h\U0001F600llo"), ("w", b"x"), ("b", b"ab"),
                  ("i", b"abcd"), ("i", b"abc"), ("i", bytearray(4)), ("i", (1, 2, 3)), ("i", A("b", [1, 2])),
                  ("i", A("w", "a")), ("w", A("i", [1])), ("i", [1], 2), ("d", [1, 2.5]), ("f", [0.1]), ("i", iter([1, 2]))]:
    show(lambda: A(*arguments))
for c, v in [("b", 128), ("b", -129), ("b", 40000), ("B", 256), ("B", -1), ("h", 32768), ("H", 65536), ("H", -1),
             ("i", 2**31), ("I", 2**32), ("I", -1), ("l", 2**63), ("L", 2**64), ("L", -1), ("q", 2**63), ("Q", 2**64),
             ("Q", -1), ("b", "x"), ("b", 1.5), ("f", "x"), ("w", 1), ("w", "ab"), ("I", 1.5), ("f", 1e39), ("b", 2**70)]:
    show(lambda: A(c, [v]))
a = A("i", range(10))
for key in (2, -1, 10, -11, "x", slice(2, 5), slice(None, None, -2), slice(5, 2)):
    show(lambda: a[key])


def assigned(key, value):
    b = A("i", range(10))
    b[key] = value
    return b


def deleted(key):
    b = A("i", range(10))
    del b[key]
    return b


for key, value in [(0, 5), (-1, 6), (10, 1), (0, "x"), ("x", 1), (slice(1, 3), A("i", [9, 9, 9])), (slice(1, 3), [1]),
                   (slice(1, 3), A("b", [1])), (slice(None, None, 2), A("i", [7] * 5)),
                   (slice(None, None, 2), A("i", [7])), (slice(5, 2), A("i", [1])), (slice(0, 0), A("i", []))]:
    show(lambda: assigned(key, value))
for key in (0, -1, 10, slice(2, 5), slice(None, None, 2), slice(None, None, -3), slice(5, 2), "x"):
    show(lambda: deleted(key))
show(lambda: a + A("i", [1]))
show(lambda: a + [1])
show(lambda: a + A("b"))
show(lambda: 3 * A("i", [1, 2]))
show(lambda: A("i", [1]) * -1)
show(lambda: A("i", [1]) * "x")
show(lambda: A("i", [1]) * 2**62)
show(lambda: A("i", [1, 2]) == A("d", [1, 2]))
show(lambda: A("i", [1, 2]) < A("i", [1]))
show(lambda: A("i", [1]) < [1])
show(lambda: A("d", [float("nan")]) == A("d", [float("nan")]))
show(lambda: (5 in a, "x" in a, a.count(3), a.index(3), a.index(9, -1)))
show(lambda: a.index(3, 4))
b = A("i", [1, 2, 3, 2])
b.remove(2)
show(lambda: b.remove(9))
show(lambda: (b.pop(), b.pop(0)))
show(lambda: b.pop(5))
show(lambda: b.pop("x"))
show(lambda: (b.pop(), b.pop()))
for f in (lambda: b.append("x"), lambda: b.insert(0, 5), lambda: b.insert(-1, 6), lambda: b.insert(100, 7), b.reverse,
          lambda: b.extend([1, 2]), lambda: b.extend(A("b")), lambda: b.extend(5), lambda: b.extend(["x"]),
          lambda: b.extend(b), lambda: b.__iadd__([1])):
    show(f)
    print(b)
b = A("h", [1, 258])
b.byteswap()
for f in (b.tobytes, lambda: b.frombytes(b"\x01\x02"), lambda: b.frombytes(b"\x01"), lambda: b.frombytes("x"),
          lambda: b.fromlist([1, 2]), lambda: b.fromlist((1,)), lambda: b.fromlist([1, "x"]), b.tolist, b.tounicode,
          lambda: b.fromunicode("x"), lambda: A("w", "ab").tounicode(), lambda: setattr(b, "typecode", "i")):
    show(f)
    print(b)
m = memoryview(b)
print(m.format, m.itemsize, m.shape, m.readonly, m.nbytes, m.tolist())
m[0] = 77
for f in (lambda: b.append(1), lambda: b.pop(), b.clear, lambda: b.__imul__(2), lambda: b.__delitem__(0),
          lambda: b.__setitem__(slice(0, 1), A("h", [5])), b.reverse, lambda: b.frombytes(b"")):
    show(f)
    print(b)
m.release()
show(lambda: b.append(1))
show(lambda: a.__copy__())
show(lambda: a.__reduce_ex__(2))
show(lambda: a.__reduce_ex__(3)[1:])
show(lambda: A("f", [1]).__reduce_ex__(4)[1])
for arguments in [(A, "i", 8, b"\x01\0\0\0"), (A, "h", 8, b"\x01\0\0\0"), (A, "d", 16, b"\0" * 8), (A, "i", 99, b""),
                  (A, "z", 8, b""), (int, "i", 8, b""), (A, "i", 8, "x"), (A, "i", 9, b"\0\0\0\x05"), (A, "i", 8, b"\0"),
                  (A, "i", 13, b"\0" * 7 + b"\1"), (A, "w", 20, b"a\0\0\0")]:
    show(lambda: module._array_reconstructor(*arguments))
it = iter(a)
print(type(it), next(it), it.__reduce__()[1:])
it.__setstate__(8)
print(list(it), it.__reduce__()[1])


class S(A):
    def __init__(self, *a):
        self.x = 1


s = S("i", [1, 2])
print(s, s.x, s.__reduce_ex__(2)[1:], type(s + s), type(s[:1]))
print(A("d", [1.5, float("inf")]), A("f", [1.1]), A("w", "a'b"), A("B", b"\x00\xff"))
print(list(reversed(a)), max(a), sum(a), b"".join([A("B", b"ab")]), bytes(A("h", [1])), A[int])
match A("i", [1, 2]):
    case [x, y]:
        print(x, y)


class File:
    def __init__(self, data):
        self.data = data

    def read(self, n):
        return self.data[:n]

    def write(self, data):
        print("write", bytes(data))


for data, n in ((b"abcdef", 2), (b"abc", 2), (b"ab", 2), ("x", 1), (b"", -1)):
    show(lambda: b.fromfile(File(data), n))
show(lambda: b.tofile(File(b"")))
show(lambda: hash(a))
