"""bytes: making, indexing, methods, comparison with str, errors."""

b = b"hello world"
print(b[0], b[-1], b[1:4], b[::-1], len(b), list(b[:3]), b + b"!", b * 2, b"lo" in b, 104 in b, b.hex(), b.hex(" ", 2), b.hex("-", -4))
print(bytes(), bytes(3), bytes([1, 2, 255]), bytes(b"x"), bytes("é", "utf-8"), bytes(bytearray(b"a")), bytes(range(3)), bytes.fromhex("48 65 6C"), bytes(memoryview(b"mv")))
for action in (
    lambda: bytes("text"),
    lambda: bytes(-1),
    lambda: bytes([256]),
    lambda: bytes(["a"]),
    lambda: bytes(1.5),
    lambda: bytes("a", 5),
    lambda: b[100],
    lambda: b + "text",
    lambda: "text" + b,
    lambda: b.find("x"),
    lambda: b.split("x"),
    lambda: b"".join(["a"]),
    lambda: bytes.fromhex("4g"),
    lambda: bytes.fromhex("123"),
    lambda: "x" in b,
    lambda: 256 in b,
    lambda: b < "x",
    lambda: b.replace("a", b"b"),
    lambda: b["a"],
    lambda: b.decode("ascii", 5),
):
    try:
        print(action())
    except (TypeError, ValueError, IndexError) as error:
        print(type(error).__name__, error)
print(b == "hello world", b == bytearray(b), b < b"i", hash(b) == hash(bytes(b)), b"a" < b"b", bool(b""))
print(b.upper(), b.title(), b.capitalize(), b.swapcase(), b.find(b"o"), b.rfind(b"o"), b.find(111), b.count(b"l"), b.count(108), b.index(b"w"))
print(b.split(), b.split(b"o"), b.rsplit(b"o", 1), b.partition(b" "), b.splitlines(), b"a\nb\r\n".splitlines(True), b" x ".strip(), b"xxa".lstrip(b"x"), b.replace(b"l", b"L", 1))
print(b.startswith(b"he"), b.endswith((b"x", b"d")), b.removeprefix(b"hel"), b.removesuffix(b"ld"), b"-".join([b"a", bytearray(b"b")]), b"ab".center(6, b"*"), b"7".zfill(3), b"a".ljust(3) + b"|", b"\ta".expandtabs(2))
print(b"abc".isalpha(), b"12".isdigit(), b"a1".isalnum(), b" ".isspace(), b"A".isupper(), b"Ab".istitle(), b"\x80".isascii(), b"abc".translate(bytes.maketrans(b"ab", b"xy")), b"abc".translate(None, b"b"))
print(repr(b"\x00\t\n\r\\'\"\x7f\x80"), str(b"x"), b"%d" % 5, b"\xc3\xa9".decode(), [*b"ab"], sorted(b"cab"), max(b"ab"), sum(b"\x01\x02"))
try:
    b[0] = 1
except TypeError as error:
    print(error)


class HasBytes:
    def __bytes__(self):
        return b"custom"


print(bytes(HasBytes()))
