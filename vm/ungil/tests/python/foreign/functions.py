"""Functions of the C library: conversions of arguments and results, `errno`, flags of parameters, structures by value."""

import ctypes
import ctypes.util
from ctypes import *

libc = CDLL(None, use_errno=True)
print(libc.abs(-3), libc["labs"](c_long(-2**40)) != 0, CDLL("libc.so.6").toupper(ord("a")))
print(ctypes.util.find_library("c"), ctypes.util.find_library("no such library"))


def shown(text):
    try:
        return repr(eval(text))
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def show(*texts):
    for text in texts:
        print(text, "->", shown(text))


class Wrapped:
    def __init__(self, value):
        self._as_parameter_ = value


strlen, strtol, sqrt, qsort = libc.strlen, libc.strtol, CDLL("libm.so.6").sqrt, libc.qsort
show("strlen(b'hello')", "strlen('x')", "strlen.argtypes, strlen.restype", "strlen(1.5)", "strlen(b'a', [])", "strlen(Wrapped(b'four'))",
     "libc.abs(2**70)", "libc.abs(Wrapped(Wrapped(-4)))", "libc.abs(c_int(-5))", "libc.abs(None)", "libc.abs(Wrapped(object()))")
strlen.argtypes = [c_char_p]
strlen.restype = c_size_t
show("strlen(b'hello')", "strlen('x')", "strlen()", "strlen(b'a', b'b')", "strlen(create_string_buffer(b'abc'))", "strlen(Wrapped(b'abc'))",
     "strlen(5.0)", "strlen(byref(c_int()))", "setattr(strlen, 'argtypes', 3)", "setattr(strlen, 'argtypes', [3])", "setattr(strlen, 'restype', 3)",
     "setattr(strlen, 'errcheck', 3)", "strlen.errcheck", "strlen(c_char_p(b'xyz'))")
sqrt.argtypes, sqrt.restype = [c_double], c_double
show("sqrt(2)", "sqrt(2.25)", "sqrt('x')", "sqrt(c_double(16))", "sqrt(c_int(16))")
libc.wcslen.argtypes, libc.wcslen.restype = [c_wchar_p], c_size_t
libc.toupper.argtypes, libc.toupper.restype = [c_int], c_char
libc.strchr.argtypes, libc.strchr.restype = [c_char_p, c_char], c_char_p
show("libc.wcslen('w\u00efde')", "libc.toupper(97)", "libc.strchr(b'abcdef', b'd')", "libc.strchr(b'abcdef', b'x')", "libc.strchr(b'abc', 'd')")
# The result is an address in what was made for the argument.
libc.wcsstr.argtypes, libc.wcsstr.restype = [c_wchar_p, c_wchar_p], c_wchar_p
print(libc.wcsstr("in a haystack", "hay"))
end = c_char_p()
strtol.argtypes = [c_char_p, POINTER(c_char_p), c_int]
strtol.restype = c_long
print(strtol(b"123abc", byref(end), 10), end.value, strtol(b"ff", None, 16))


# Results by class, by callable, checked
class Checked(c_int):
    @classmethod
    def _check_retval_(cls, value):
        return "checked", value.value


libc.abs.restype = Checked
print(libc.abs(-8))
libc.abs.restype = lambda n: n + 1000
print(libc.abs(-8))
libc.abs.restype = None
print(libc.abs(-8))
libc.abs.restype = c_int
libc.abs.errcheck = lambda result, function, args: (result, function is libc.abs, args)
print(libc.abs(-9))
libc.abs.errcheck = lambda result, function, args: args
print(libc.abs(-9))

# errno
set_errno(0)
libc.open.argtypes = [c_char_p, c_int]
print(libc.open(b"/no/such/file", 0), get_errno(), set_errno(7), get_errno())


# Structures by value
class Div(Structure):
    _fields_ = [("quot", c_int), ("rem", c_int)]


class LongDiv(Structure):
    _fields_ = [("quot", c_long), ("rem", c_long)]


libc.div.restype, libc.ldiv.restype = Div, LongDiv
libc.ldiv.argtypes = [c_long, c_long]
d, l = libc.div(17, 5), libc.ldiv(2**40 + 1, 2**20)
print(d.quot, d.rem, l.quot, l.rem)


class InAddr(Structure):
    _fields_ = [("address", c_uint32)]


libc.inet_ntoa.argtypes, libc.inet_ntoa.restype = [InAddr], c_char_p
print(libc.inet_ntoa(InAddr(0x0100007F)), shown("libc.inet_ntoa(5)"))

# Flags of parameters
proto = CFUNCTYPE(c_long, c_char_p, POINTER(c_char_p), c_int)
convert = proto(("strtol", libc), ((1, "text"), (2, "end"), (1, "base", 10)))
show("convert(b'42rest')", "convert(text=b'2a', base=16)", "convert()", "convert(b'1', 2, 3, 4)", "convert(b'7', nothing=1)",
     "proto(('strtol', libc), ((1, 'text'),))", "bool(proto(('strtol', libc), ((2, 'text'), (2, 'end'), (1, 'base'))))", "proto(('strtol', libc), 5)",
     "proto(('strtol', libc), ((1, 2), (2, 'end'), (1, 'base')))", "proto(('strtol', libc), ((8, 'text'), (6, 'end'), (1, 'base')))")
print(libc.snprintf(None, 0, b"%d %s %.2f", c_int(5), b"text", c_double(1.5)))
out = create_string_buffer(40)
libc.snprintf(out, c_size_t(40), b"%d %s %.2f %ld", c_int(5), b"text", c_double(1.5), c_long(-2**40))
print(out.value)

# Function pointers
prototype = CFUNCTYPE(c_int, c_int)
f = prototype(("abs", libc))
g = prototype(cast(f, c_void_p).value)
print(f(-1), g(-2), bool(f), bool(prototype()), CFUNCTYPE(c_int, c_int) is prototype)
show("prototype('x')", "prototype(1, 2)", "prototype(('no_such_function', 3))", "prototype((3, libc))", "ctypes._CFuncPtr()", "CFUNCTYPE(c_int, 3)",
     "type('X', (ctypes._CFuncPtr,), {})", "CFUNCTYPE(c_int, nothing=1)", "c_int.in_dll(libc, 3)", "CDLL('no such library')",
     "CDLL(None).no_such_function is None" if False else "hasattr(libc, 'no_such_function')")
print(bool(c_void_p.in_dll(libc, "stdout")), type(CDLL(None)._handle), PyDLL(None).abs(-6))
assert any("libc.so" in name for name in ctypes.util.dllist())
