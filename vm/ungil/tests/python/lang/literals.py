"""Literals: numbers, strings with prefixes and escapes, joined strings, displays."""

print(0xFF, 0o17, 0b101, 1_000_000, 0x_f_f, 00, 1e3, 1_0.0_1, .5, 5., 1e-2, 3j, 1.5J, 0xdeadBEEF)
print('a"b', "a'b", 'a\'b', "tab\tend", "a\
b", "\x41\101\u0042\U00000043\N{LATIN SMALL LETTER D}", repr("\0\a\b\f\v\r\n\\"))
print(r"\n\t\"", b"bytes\x00\xff\'", rb"\x00", Rb'q', B"x", u"old", R"a\b")
print("""triple "quoted" 'text'
second line""", '''x'y"z''')
print("one" 'two' """three""", b"a" b"b", ("in "
      "parentheses"))
print(len("\
"), len(r"\\"))
print([], (), {}, (1,), [1, ], {1: 2, }, {1, }, (1, 2), ((1)), [[]], {"a": {}})
print(10**20, -5, +5, ~5, - -5, -2**2, (-2)**2, 2**-1, 2**3**2)
print(1 if 1 else 0, [1,2][1], (1).real, 1 .real, 1.0.is_integer(), "%d" % 3)
print(True, False, None, ..., Ellipsis is ..., NotImplemented)
print(0.1 + 0.2, 1e400, -1e400, 1e-400, 123456789012345678901234567890)
print(int is type(1), type(1.0), type(1j), type(""), type(b""), type(...))
print("é", "日本", "🎉", len("🎉"), ascii("é日🎉"), "e\u0301")
π = 3
print(π, ℌ := 1, H)
if 1: print("one line"); print("two")
x = 5; y = (
    x +
    1
); print(y)
