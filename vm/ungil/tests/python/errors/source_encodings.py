"""Sources in other encodings, sources that declare wrong ones, and what the tokenizer says of some rare mistakes."""


def show(source):
    try:
        exec(compile(source, "source.py", "exec"), {})
    except SyntaxError as error:
        print(type(error).__name__, error.msg, error.lineno, error.offset, ascii(error.text), error.end_offset)


show("# coding: cp1251\nprint('\u0430\u0431')".encode("cp1251"))
show("# coding: cp437\nprint('\u252c\u00f3', ".encode("cp437"))
show("# vim: set fileencoding=koi8-r :\nprint(ascii('\u0430'))".encode("koi8-r"))
show(b"# coding=latin\n(aaaaaaaaa\naaaaaa\xb5")
show(b"\xef\xbb\xbf#coding: utf8\nprint(1)")
show(b"\xef\xbb\xbf#coding: utf-8\nprint(1)")
show("from __future__ import barry_as_FLUFL\nprint(1 <> 2, '!=')")
show("from __future__ import barry_as_FLUFL\n1 != 2")
show("1 <> 2")
show("\\\nif x:\n    y = 1\n  \\\n  foo = 1\n")
show("if 1:\n    \\\n  print('continued')\n")
show('"\\\n"(1 for c in I,\\\n\\')
show('"a" + f(4, x for x in y)')
show("1 + f(4, x for x in y)")
show("[\nx for x\nin range(3)\nof x\n]\n")
