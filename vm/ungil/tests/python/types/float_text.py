"""Floats to and from text: shortest repr, special values, parsing, hex, formatting."""

for x in (0.1, 0.1 + 0.2, 1e16, 1e15, 123456789012345680.0, 1e22, 1e23, 1.5e-5, 0.0001, 0.00001, 1 / 3, -0.0, 1e100, 5e-324, 1.7976931348623157e308, 2.5, 100.0, 9007199254740993.0, 1e-7, 123.456):
    print(repr(x), str(x), end="; ")
print()
print(float("1.5"), float("  -2.5e3\n"), float("inf"), float("-Infinity"), float("nan"), float("1_000.5"), float(".5"), float("5."), float("1e-400"), float("1e400"), float(b"2.5"), float("+1"), float("٣.٥"), float())
for text in ("", "abc", "1.5.2", "1e", "0x1p3", "1__0", "--1", "1 2", "infinit", "e5", "_1.5"):
    try:
        print(float(text))
    except ValueError as error:
        print(error)
print((0.1).hex(), (1.0).hex(), (-2.5).hex(), float.fromhex("0x1.8p1"), float.fromhex("-0x.8"), (5e-324).hex(), float("inf").hex())
for spec in ("", "f", ".0f", ".2f", "10.3f", "<10.3f", "^10.2f", "010.2f", "+.1f", "e", ".2e", "E", "g", ".3g", "G", "%", ".1%", "n", ",", ",.2f", "_.1f", "*^12.1f", "#.0f", "#g", ".10", "z.0f", "=10", ".0e"):
    print(spec, [format(x, spec) for x in (1234.5678, -0.000012345, 0.0, 1e20)])
for x in ("inf", "-inf", "nan"):
    print(f"{float(x)} {float(x):f} {float(x):F} {float(x):8.2f}| {float(x):+} {float(x):08} {float(x):%} {float(x):e}")
for spec in ("d", "s", "x", "c", "b", ".f", "q"):
    try:
        print(format(1.5, spec))
    except ValueError as error:
        print(spec, error)
print("%f %.2f %e %g %G %10.1f|%-10.1f|%+.1f %05.1f %r %s %.3s %a" % (1.5, 2.345, 12345.678, 0.0001, 1e-10, 2.25, 2.25, 1.0, 3.14159, 0.1, 0.1, 1.23456, 0.5))
print(f"{0.5:.0f} {1.5:.0f} {2.5:.0f} {0.125:.2f} {2.675:.2f} {1e15:.1f} {123456789.123456789:.10f} {-0.4:.0f} {1e300:.3g}")
print(f"{1e5:g} {1e6:g} {1e-4:g} {1e-5:g} {100000.5:g} {1234567.0:g} {1.0:.3} {1e16:.17g} {0.1:.20f}")
