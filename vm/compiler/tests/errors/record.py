"""Records what CPython says about the sources in sources.txt: `python3.14 -W ignore record.py > expected.txt`.

Each line of sources.txt is a mode and a string literal; the line of the same number in expected.txt is the exception,
its place (line, offset, end line, end offset) and its message as a string literal, or `ok`.
"""

import ast
import pathlib

for line in pathlib.Path(__file__).with_name("sources.txt").read_text().splitlines():
    mode, literal = line.split(" ", 1)
    try:
        compile(ast.literal_eval(literal), "<source>", mode, 0, True)
    except SyntaxError as e:
        place = (e.lineno, e.offset, e.end_lineno, e.end_offset)
        print(type(e).__name__, *place, ascii(e.msg))
    else:
        print("ok")
