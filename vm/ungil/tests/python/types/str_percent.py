"""The % operator on strings: all conversions, flags, mappings, errors."""

print("%s %r %a %d %i %u %o %x %X %e %E %f %F %g %G %c %%" % ("s", "r", "é", 1, 2, 3, 8, 255, 255, 1.5, 1.5, 2.5, 2.5, 0.5, 1e20, "c"))
print("%5s|%-5s|%05d|%+d|% d|%#x|%#o|%.3f|%10.2f|%-10.2f|%.2s|%5.1s|" % ("a", "b", 42, 1, 2, 255, 8, 3.14159, 2.5, 2.5, "abc", "xyz"))
print("%*d|%-*d|%.*f|%*.*f" % (5, 42, 5, 42, 2, 3.14159, 8, 3, 2.71828), "%(a)s %(b)05d %(a)r" % {"a": "x", "b": 7}, "%s" % (1,), "%s" % [1, 2], "%s" % None)
print("no args" % (), "%s %s" % ("a", "b"), "%s" % {"k": 1}, "%(k)s" % {"k": (1, 2)}, "100%%", "100%%" % ())
print("%c%c%c" % (65, "é", 0x1F389), "%r" % "it's", "%.0f %.0f" % (0.5, 1.5), "%s" % 1.0, "%d" % -3.7, "%x" % 2**70, "%5d%%" % 50, "%+.2e" % 12345.678, "%#.3g" % 1.0, "%hd" % 1)
for template, value in (
    ("%d", "a"), ("%d", None), ("%s %s", "a"), ("%s", (1, 2)), ("%z", 1), ("%", 1), ("%(a)s", 5), ("%(a)s", {}), ("%(a", {}), ("%c", "ab"), ("%c", -1), ("%c", 1.5),
    ("%x", 1.5), ("%f", "a"), ("%*d", ("a", 1)), ("%d %d", (1,)), ("none", 5), ("none", (5,)), ("%.*f", (1.5, 1)), ("%5", 1), ("%o", "8"), ("%e", 1j), ("%s%", 1), ("%*s", 5),
):
    try:
        print(repr(template), "->", template % value)
    except Exception as error:
        print(repr(template), type(error).__name__, error)
print("none" % [], "none" % {"a": 1}, b"%d %s %b %a %x" % (1, b"x", b"y", "é", 255), bytearray(b"%5d") % 3)
for template, value in ((b"%s", "text"), (b"%d", b"1"), (b"%b", 1), (b"%c", 256)):
    try:
        print(template % value)
    except Exception as error:
        print(type(error).__name__, error)
