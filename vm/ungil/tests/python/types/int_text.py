"""Ints from and to text: bases, underscores, whitespace, hex/oct/bin, limits, formatting."""

print(int("42"), int("  -17\n"), int("1_000"), int("ff", 16), int("0xff", 16), int("0b101", 0), int("z", 36), int("-0o17", 8), int("+5"))
print(int(b"12"), int(bytearray(b"7")), int("٣٤"), int("0", 0), int("00", 0), int(3.99), int(-3.99), int(1e20), int(True), int())
for text, *base in (
    ("",), ("4 2",), ("0x1f",), ("1__0",), ("_1",), ("1_",), ("9", 8), ("1", 1), ("1", 37), ("010", 0), ("abc",), ("1.5",), ("-",), (" - 1",), ("é",), ("1\0",), (b"x",),
):
    try:
        print(int(text, *base))
    except ValueError as error:
        print(error)
for value in (float("nan"), float("inf"), None, 1j):
    try:
        print(int(value))
    except (ValueError, OverflowError, TypeError) as error:
        print(type(error).__name__, error)
try:
    int(5, 10)
except TypeError as error:
    print(error)
print(hex(255), hex(-255), oct(8), bin(-5), hex(2**70), bin(0), oct(-0))
for spec in ("d", "5d", "<5d", "^7d", "05d", "+d", " d", "x", "X", "#x", "#X", "o", "#o", "b", "#010b", ",", "_", "_x", "_b", "c", "e", ".2f", "%", "n", "*>6", "=+6", "#06x", "-d", "g"):
    print(spec, "|" + format(1234 if spec != "c" else 65, spec) + "|", "|" + format(-1234 if spec != "c" else 0x1F389, spec) + "|")
for spec in ("s", ".3d", "q", "5.2d", ",c", "_,d", "z", "+c"):
    try:
        print(format(5, spec))
    except ValueError as error:
        print(spec, error)
print(format(10**25, ","), format(2**70, "_x"), format(True, "d"), format(True), f"{10**20:e}", f"{-5:08,}", f"{1234567:015,}")
print(str(10**50), repr(-(10**25)), "%d %5d|%-5d|%05d %x %X %o %#x %+d % d %i" % (1, 2, 3, 4, 255, 255, 8, 255, 5, 6, 7))
print("%d" % 3.9, "%d" % True, "%c%c" % (65, "b"), "%.3d" % 5, "%10.4d|" % 42, "%x" % -255, "%d" % 10**20)
import sys

print(sys.get_int_max_str_digits())
try:
    str(10**5000)
except ValueError as error:
    print(error)
try:
    int("1" * 5000)
except ValueError as error:
    print(error)
print(len(hex(10**5000)), len(str(10**4299)))
