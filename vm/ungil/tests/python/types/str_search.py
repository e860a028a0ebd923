"""find, index, count, startswith, endswith, in, replace, and their start and end arguments."""

s = "abracadabra"
print(s.find("abra"), s.find("abra", 1), s.rfind("abra"), s.find("x"), s.find(""), s.rfind(""), s.find("", 20), s.find("a", -3), s.find("a", 2, 5), s.rfind("a", 0, -1))
print(s.index("cad"), s.rindex("a"), s.count("a"), s.count("ab"), s.count(""), s.count("a", 1, -1), "aaaa".count("aa"), s.count("zz"))
for action in (lambda: s.index("x"), lambda: s.rindex("x"), lambda: s.find(1), lambda: s.count(), lambda: s.find("a", "b"), lambda: s.startswith(1), lambda: s.endswith(["a"]), lambda: s.replace("a"), lambda: s.replace(1, "a"), lambda: s.find("a", None, None, None)):
    try:
        print(action())
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
print(s.startswith("abra"), s.startswith("bra", 1), s.endswith("bra"), s.endswith("cad", 0, 7), s.startswith(("x", "a")), s.endswith(()), s.startswith(""), s.startswith("", 20), s.endswith("", 11))
print(s.replace("a", "A"), s.replace("a", "", 2), s.replace("", "-"), s.replace("", "-", 3), s.replace("abra", "x"), s.replace("z", "y"), "".replace("", "x"), s.replace("a", "b", 0), s.replace("a", "é", count=1), s.replace("bra", "🎉"))
print(s.removeprefix("abra"), s.removesuffix("bra"), s.removeprefix("x"), s.removesuffix(""), "aa".removeprefix("a"))
print(s.partition("c"), s.rpartition("a"), s.partition("zz"), s.rpartition("zz"), "a=b=c".partition("="), "a=b=c".rpartition("="))
try:
    s.partition("")
except ValueError as error:
    print(error)
long = "a" * 1000 + "b"
print(long.find("ab"), long.find("aab"), long.rfind("a"), ("ab" * 500).count("ba"), long.find("b" * 5), ("é" * 100 + "x").find("éx"))
print("日本語日本".find("本", 2), "日本語日本".count("日"), "aé🎉é".rfind("é"), "🎉" in "a🎉", "x🎉y".partition("🎉"))
