"""Case: upper, lower, title, capitalize, swapcase, casefold, and the is... tests, with Unicode."""

for s in ("hello World", "ÀÉÎ àéî", "straße", "ŉ ǰ", "ΑΣ ας", "ǅ ǆ", "İstanbul", "ıi", "ﬁne", "они", "they're 3rd", "", "123", "日本"):
    print(s.upper(), s.lower(), s.title(), s.capitalize(), s.swapcase(), s.casefold(), sep="|")
    print("  ", [f() for f in (s.isupper, s.islower, s.istitle, s.isalpha, s.isalnum, s.isspace, s.isidentifier, s.isascii)])
for s in ("123", "²", "½", "٣", "Ⅷ", "一", "12a", "", "1.5", "-1"):
    print(repr(s), s.isdigit(), s.isdecimal(), s.isnumeric(), s.isalnum())
for s in (" ", "\t\n", "\u00a0", "\u200b", "\u3000", "\x1c", "", "a "):
    print(repr(s), s.isspace())
for s in ("abc", "_x1", "1x", "é", "日本", "a b", "", "class", "x·", "℘"):
    print(s, s.isidentifier())
print("ABC".translate({65: "x", 66: None, 67: 0x64}), "hello".translate(str.maketrans("el", "ip")), "hello".translate(str.maketrans("el", "ip", "o")), str.maketrans({"a": "b", 99: None}))
for action in (lambda: str.maketrans("ab", "c"), lambda: str.maketrans({"ab": 1}), lambda: str.maketrans(5), lambda: "a".translate({97: 0x110000})):
    try:
        action()
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
print("ß".upper().lower(), "ς".upper(), "Σ".lower(), "ΑΣ".lower(), "ΑΣΑ".lower(), "ﬀ".upper(), len("ΐ".upper()))
