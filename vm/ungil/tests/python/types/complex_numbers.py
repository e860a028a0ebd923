"""Complex numbers: arithmetic, text in and out, comparison, errors."""

z, w = 3 + 4j, 1 - 2j
print(z + w, z - w, z * w, z / w, z**2, z**-1, z**0, abs(z), -z, +z, ~1)
print(z.real, z.imag, z.conjugate(), z == 3 + 4j, 3 + 0j == 3, z != w, bool(0j), hash(3 + 0j) == hash(3))
print(complex(1, 2), complex("1+2j"), complex(" -3.5j "), complex("1e5"), complex("(1-1j)"), complex(), complex("inf+nanj"), complex(real=1, imag=2), complex("j"), complex("-j"))
print(repr(1j), repr(-1j), repr(1 + 0j), complex(-0.0, 1), complex(0, -0.0), complex(float("inf"), float("nan")), 1e20j, str(0j))
print(1 + 2j + 1, 2 * 1j, 1j**2, 1j * 1j, (1 + 2j) / 2, 5 - 1j, 1.5 + 1j)
for action in (
    lambda: z < w,
    lambda: z // w,
    lambda: z % w,
    lambda: divmod(z, w),
    lambda: int(z),
    lambda: float(z),
    lambda: z / 0,
    lambda: complex("1 + 2j"),
    lambda: complex("abc"),
    lambda: complex("1", 2),
    lambda: complex(1, "2"),
    lambda: complex([]),
    lambda: 0j**-1,
    lambda: round(z),
    lambda: pow(z, 2, 3),
    lambda: [1].__getitem__(1j),
):
    try:
        print(action())
    except (TypeError, ValueError, ArithmeticError) as error:
        print(type(error).__name__, error)
print(f"{z} {z:.2f} {z:+.1e} {z:g} {z:>12}|{1j:f} {z:,}", "%s %r" % (z, w), format(z, ""))
print(sum([1j, 2, 3.5]), complex.from_number(3), z.__getnewargs__(), [z, w].index(3 + 4j), {1j: "k"}[1j])
print((1 + 2j) * float("inf"), abs(complex("inf+nanj")), -0j, complex(1e308, 1e308) * 10)
