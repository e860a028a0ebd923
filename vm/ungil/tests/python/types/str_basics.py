"""Strings: indexing, slicing, concatenation, repetition, iteration, comparison, membership."""

s = "hello wörld"
print(s[0], s[-1], s[1:4], s[:5], s[6:], s[::-1], s[::2], s[-5:-1], s[100:], s[5:1], s[10:0:-3], len(s))
print("a" + "b", "ab" * 3, 3 * "ab", "x" * 0, "x" * -1, "" + "", "a" "b")
print("ell" in s, "z" in s, "" in s, "wö" in s, "a" < "b", "a" < "B", "abc" < "abd", "ab" < "abc", "Z" < "a" < "é" < "日" < "🎉")
print(list("añ🎉"), [ord(c) for c in "aé日🎉"], chr(97), chr(0x1F389), chr(0x10FFFF) == "\U0010ffff")
for action in (
    lambda: s[100],
    lambda: s["x"],
    lambda: s[1.0],
    lambda: s + 1,
    lambda: 1 + s,
    lambda: s * "x",
    lambda: s * 1.5,
    lambda: 1 in s,
    lambda: ord("ab"),
    lambda: ord(""),
    lambda: chr(-1),
    lambda: chr(0x110000),
    lambda: chr("a"),
    lambda: s < 1,
    lambda: str(1, 2),
    lambda: str(b"x", "utf-8", "strict", 1),
    lambda: s[::0],
    lambda: hash([]) ,
    lambda: "a" - "b",
    lambda: -"a",
):
    try:
        print(action())
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        print(type(error).__name__, error)
try:
    s[0] = "x"
except TypeError as error:
    print(error)
try:
    del s[0]
except TypeError as error:
    print(error)
print(str(), str(5), str(b"bytes"), str(b"bytes", "ascii"), str("s"), str(object="kw"), str([1, "a"]), str(None))
print(min("hello"), max("hello"), sorted("hello"), "".join(reversed("abc")), s.__len__(), s.__contains__("h"), s.__getitem__(slice(0, 2)))
print("a\0b" == "a\0b", len("a\0b"), "abc"[1:1], "abc"[True], "é" == "e\u0301", "ß" == "ss")
mixed = "aé日🎉" * 3
print(mixed[3], mixed[-1], mixed[2:9:2], mixed.index("日"), mixed.count("é"), mixed[::-1])
text = ""
for i in range(20):
    text += chr(97 + i) if i % 3 else "é"
print(text, len(text))
class MyStr(str):
    pass
m = MyStr("x")
print(m + "y", type(m + "y").__name__, type(m[:]).__name__, m == "x", {m: 1}["x"], type(str(m)).__name__)
