"""repr and ascii of strings: quotes, escapes, unprintable and wide characters."""

for s in (
    "plain", "it's", 'say "hi"', "both ' and \"", "tab\tnl\ncr\r", "nul\0", "bell\a\b\f\v", "\x1b\x7f\x80\x9f", "\xa0\xad", "é", "日本", "🎉",
    "\u200b\u2028", "\ud800", "\U000e0001", "back\\slash", "", "\ufeff", "\u0300", "ÿ", "\U0010ffff",
):
    print(repr(s), ascii(s))
print(["a'b", "\n"], ("é",), {"k\t": "\\"}, f"{'x'!r} {'é'!a}")
print(repr(b"it's \x00 \xff \" \n"), repr(bytearray(b"'")), ascii(["é"]))
print("".isprintable(), "a b".isprintable(), "\n".isprintable(), "é".isprintable(), "\u200b".isprintable(), "🎉".isprintable())
