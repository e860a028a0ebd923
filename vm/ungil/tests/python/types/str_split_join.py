"""split, rsplit, splitlines, join, strip and their arguments."""

print("a b  c ".split(), " a b ".split(" "), "".split(), "".split(","), "a,b,,c".split(","), "a,b,c".split(",", 1), "a,b,c".rsplit(",", 1), "a--b--c".split("--"))
print("  a  b  c ".split(None, 1), "  a  b  c ".rsplit(None, 1), "a b c".split(maxsplit=0), "  x ".split(maxsplit=0), "a\tb\nc\u00a0d\u2003e".split(), "abc".split("abc"), "aXbXc".rsplit("X"))
print("a\nb\r\nc\rd\x0be\x1cf\x85g\u2028h".splitlines(), "a\nb\n".splitlines(True), "\n".splitlines(), "".splitlines(), "x".splitlines(keepends=True), "\n\na".splitlines())
print(",".join(["a", "b"]), "".join("abc"), "-".join([]), "x".join(["only"]), ", ".join(str(i) for i in range(3)), "é".join("ab"), "".join(["a", "é", "🎉"]))
for action in (
    lambda: "a".split(""),
    lambda: "a".split(1),
    lambda: ",".join([1]),
    lambda: ",".join(["a", None]),
    lambda: ",".join(5),
    lambda: "".join(),
    lambda: "a".strip(1),
    lambda: "a".split(",", "x"),
    lambda: "a".split(sep=",", limit=1),
):
    try:
        print(action())
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
print(repr(" \t x \n".strip()), repr(" x ".lstrip()), repr(" x ".rstrip()), "xxaxx".strip("x"), "abcba".strip("ab"), "abc".strip(""), "  ".strip() == "", "xyzabc".lstrip("zyx"), "éaé".strip("é"), repr("\u3000a\u3000".strip()), "abc".rstrip("bc"))
print("a".center(5) + "|", "a".center(4, "*"), "ab".center(5, "*"), "a".ljust(4, "."), "a".rjust(4, "."), "abc".center(2), "42".zfill(5), "-42".zfill(5), "+1".zfill(4), "".zfill(2), "é".zfill(3), "x".rjust(3, "🎉"))
for action in (lambda: "a".center(5, "ab"), lambda: "a".ljust("x"), lambda: "a".center(5, "")):
    try:
        action()
    except TypeError as error:
        print(error)
print("a\tb\tccc\td".expandtabs(), "\t|".expandtabs(4), "ab\tc".expandtabs(0), "a\n\tb".expandtabs(2))
