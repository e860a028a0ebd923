"""memoryview over bytes and bytearray: reading, writing, slices, casting, release, errors."""

m = memoryview(b"abcdef")
print(m[0], m[-1], bytes(m[1:3]), m[::2].tolist(), len(m), m.nbytes, m.itemsize, m.format, m.readonly, m.ndim, m.shape, m.contiguous)
print(m == b"abcdef", m == memoryview(b"abcdef"), m != b"x", hash(m) == hash(b"abcdef"), m.tobytes(), m.hex(), list(m), 97 in m, m.obj)
try:
    m[0] = 1
except TypeError as error:
    print(error)
data = bytearray(b"abcdef")
w = memoryview(data)
w[0] = 65
w[1:3] = b"BC"
print(data)
part = w[3:]
part[0] = 68
print(data, part.tobytes())
for action in (
    lambda: w.__setitem__(0, 256),
    lambda: w.__setitem__(0, "x"),
    lambda: w.__setitem__(slice(0, 2), b"xyz"),
    lambda: w[100],
    lambda: memoryview("text"),
    lambda: memoryview(5),
    lambda: hash(w),
    lambda: w["a"],
):
    try:
        print(action())
    except (ValueError, TypeError, IndexError) as error:
        print(type(error).__name__, error)
c = memoryview(bytearray(8)).cast("I")
c[0] = 1
c[1] = 2**32 - 1
print(c.tolist(), c.itemsize, len(c), c.format, c.cast("B").tolist())
with memoryview(b"xy") as v:
    print(v[0])
try:
    v[0]
except ValueError as error:
    print(error)
print(memoryview(b"ab")[::-1].tobytes(), b"".join([memoryview(b"a"), b"b"]), bytes(memoryview(b"")), repr(m).startswith("<memory at 0x"))
