def f(a, b, c):
    x = a + b * c - 3
    x //= 2
    x <<= a
    y = -x ** 2 + ~b
    y += 1
    z = a @ b % 7 & 255
    return x, y, z, (1 + 2) * 3, "a" * 3, not a, a if b else c
