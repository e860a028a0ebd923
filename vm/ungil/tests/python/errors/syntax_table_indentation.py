"""Indentation, tabs, line continuation, encodings and characters that belong to no token."""

SOURCES = [
    "  x = 1",
    "x = 1\n  y = 2",
    "if x:\n    a\n  b",
    "if x:\n    a\n      b",
    "if x:\n\ta\n        b",
    "if x:\n        a\n\tb",
    "if x:\n    a\n\tb",
    "def f():\n    '''doc'''\n   x = 1",
    "class C:\n\n\n",
    "for x in y:\n# only a comment\nz",
    "x = \\",
    "x = \\ 1",
    "x = 1 \\\n",
    "x = (\n1 +\n",
    "x = (1,\n     2,\n     3",
    "x = [1,\ny = 2",
    "f(1,\n  g(2,\n  3)\nz = 1",
    "x = (1]\n",
    "x = {1: (2}\n",
    "a = ]",
    "'''never\nclosed\n",
    "x = '''\n\n",
    "x = 'open\ny = 1",
    "x = \"open",
    "f'''{\n",
    "f'{a\n}'",
    "f'{a:\n}'",
    "x = 5€",
    "x = “quoted”",
    "x = 1\u00a0+ 2",
    "x\u200b = 1",
    "é = 1; ° = 2",
    "x = 1 ?",
    "$x",
    "x = `1`",
    "a!",
    "!a",
    "0x",
    "1_000_",
    "0_7",
    "00001",
    "012",
    "1.2.3",
    "1e+",
    "0b",
    "0b12",
    "0o9",
    "0xfg",
    "1abc",
    "0.5f",
    "10l",
    "\x00",
    "x = 1\x0c\ny = 2",
    "\ufeffx = 1",
    "pass\n    \n\t\n  pass",
    "if 1:\n    if 2:\n        x\n     y",
]
for source in SOURCES:
    try:
        compile(source, "<s>", "exec")
        print(f"{source!r}: fine")
    except (SyntaxError, ValueError) as error:
        if isinstance(error, SyntaxError):
            print(f"{source!r}: {type(error).__name__} {error.msg} | {error.lineno}:{error.offset}-{error.end_lineno}:{error.end_offset} {error.text!r}")
        else:
            print(f"{source!r}: {type(error).__name__} {error}")
