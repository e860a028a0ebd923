"""Exceptions' own attributes: args, str, repr, notes, with_traceback, pickle-like reduce, subclasses."""


class Custom(Exception):
    def __init__(self, code, *rest):
        super().__init__(code, *rest)
        self.code = code

    def __str__(self):
        return f"code {self.code}"


e = Custom(7, "x")
print(e, repr(e), e.args, e.code)
print(repr(Exception()), str(Exception()), repr(Exception("a")), str(Exception("a", 1)))
print(str(KeyError("quoted")), str(KeyError("a", "b")), repr(KeyError("quoted")))
e.add_note("first")
e.add_note("second")
print(e.__notes__)
try:
    e.add_note(5)
except TypeError as error:
    print(error)
print(StopIteration(5).value, StopIteration().value, SystemExit(3).code, SystemExit().code)
o = OSError(2, "No such file or directory", "name")
print(o, o.errno, o.strerror, o.filename, type(o).__name__, o.args)
print(type(OSError(13, "x")).__name__, type(OSError(17, "x")).__name__, type(OSError(99999, "x")).__name__)
print(repr(OSError("just text")), OSError("t").errno)
print(IOError is OSError, EnvironmentError is OSError)
n = NameError("msg", name="n")
a = AttributeError("msg", name="attr", obj=5)
i = ImportError("msg", name="mod", path="p")
print(n.name, a.name, a.obj, i.name, i.path, i.msg)
u = UnicodeDecodeError("utf-8", b"ab\xff", 2, 3, "invalid start byte")
print(u, u.encoding, u.object, u.start, u.end, u.reason)
s = SyntaxError("bad", ("f.py", 3, 5, "text\n", 3, 8))
print(s.msg, s.filename, s.lineno, s.offset, s.text, s.end_lineno, s.end_offset, s)
e.args = (1, 2)
print(e.args, Custom.__mro__[1].__name__)
try:
    e.args = 5
except TypeError as error:
    print(error)
try:
    raise Custom
except TypeError as error:
    print(error)
x = ValueError(1)
x.extra = "attribute"
print(x.__dict__, x.with_traceback(None) is x, x.__traceback__)
print(x.__reduce__())
try:
    ValueError(a=1)
except TypeError as error:
    print(error)


class Multi(KeyError, AttributeError):
    pass


print(Multi("m").name, isinstance(Multi(), LookupError), repr(Multi("m")))
print([c.__name__ for c in ZeroDivisionError.__mro__])
