"""Shifts and bitwise operators on positive, negative and huge ints."""

for a in (0b1100, -0b1100, 2**70 + 5, -(2**70) - 5):
    for b in (0b1010, -0b1010, 2**65):
        print(a & b, a | b, a ^ b)
    print(~a, a << 3, a >> 3, a >> 100, a << 70)
print(1 << 64, -1 << 64, -1 >> 1000, 5 >> 10**9, 0 << 10**9, 1 >> 0)
print((255).bit_length(), (-256).bit_length(), (0).bit_length(), (255).bit_count(), (-7).bit_count(), (2**200 - 1).bit_count())
print((1024).to_bytes(2, "big"), (1024).to_bytes(4, "little"), (-5).to_bytes(3, "big", signed=True), (0).to_bytes(0), (5).to_bytes())
print(int.from_bytes(b"\x01\x02"), int.from_bytes(b"\x01\x02", "little"), int.from_bytes(b"\xff\xfe", signed=True), int.from_bytes([1, 2, 3]))
for action in (
    lambda: (256).to_bytes(1),
    lambda: (-1).to_bytes(1),
    lambda: (1).to_bytes(-1),
    lambda: (1).to_bytes(1, "middle"),
    lambda: int.from_bytes("text"),
    lambda: int.from_bytes([256]),
    lambda: 1 & 1.0,
    lambda: 1.0 << 1,
):
    try:
        print(action())
    except (OverflowError, ValueError, TypeError) as error:
        print(type(error).__name__, error)
print(True & False, True | False, True ^ True, True & 1, type(True & True).__name__, type(True & 1).__name__, True << 3)
print((6).numerator, (6).denominator, (6).real, (6).imag, (6).conjugate(), (6).is_integer(), (6).as_integer_ratio())
mask = (1 << 128) - 1
print((-1) & mask == mask, (~0 & mask) >> 120, (mask ^ (mask >> 1)) == 1 << 127)
n = 0
for i in range(0, 300, 7):
    n |= 1 << i
print(n, hex(n)[-10:])
