"""bytearray: changes in place, slices, and the buffer's lock while a memoryview is there."""

a = bytearray(b"hello")
a[0] = 72
a[1:3] = b"EY!"
print(a, len(a))
a.append(33)
a.extend(b"xyz")
a.extend([1, 2])
a += b"end"
a.insert(0, 62)
print(a)
print(a.pop(), a.pop(0), a.remove(33), a)
del a[0], a[2:4]
print(a, a[::2], a[-1], a == bytes(a), a.find(b"x"))
a[::2] = b"-" * len(a[::2])
print(a)
a.reverse()
print(a)
a.clear()
print(a, bool(a))
a[:] = b"abc"
a *= 2
print(a, a * 2, a + b"x", type(a + b"x").__name__, type(b"x" + a).__name__, a.copy() is a, bytearray(3), bytearray("é", "utf-8"), bytearray([1, 2]))
for action in (
    lambda: a.append(256),
    lambda: a.append("x"),
    lambda: a.extend("text"),
    lambda: a.extend([1, 256]),
    lambda: a.__setitem__(0, 300),
    lambda: a.__setitem__(100, 1),
    lambda: a.__setitem__(slice(0, 4, 2), b"xyz"),
    lambda: a.__setitem__(slice(0, 1), "text"),
    lambda: a.remove(200),
    lambda: bytearray().pop(),
    lambda: a.pop(100),
    lambda: hash(a),
    lambda: bytearray(-1),
    lambda: a.insert("x", 1),
):
    try:
        print(action())
    except (TypeError, ValueError, IndexError) as error:
        print(type(error).__name__, error)
print(a)
view = memoryview(a)
view[0] = 90
print(a, view[0], view[1:3].tobytes(), len(view), view.tolist(), bytes(view))
try:
    a.append(1)
except BufferError as error:
    print(error)
view.release()
a.append(1)
print(a, bytearray(b"a b").split(), bytearray(b"Ab").upper(), bytearray.fromhex("ff00"), a.hex())
