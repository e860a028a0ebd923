"""Simple C types: values, conversions, sizes, the other order of bytes, messages."""

import ctypes
from ctypes import *


def shown(text):
    try:
        return repr(eval(text))
    except Exception as e:
        return f"{type(e).__name__}: {e}"


for name in ["byte", "ubyte", "short", "ushort", "int", "uint", "long", "ulong", "longlong", "ulonglong", "float",
             "double", "longdouble", "bool", "char", "wchar", "char_p", "wchar_p", "void_p", "size_t", "ssize_t",
             "float_complex", "double_complex", "longdouble_complex", "int8", "uint16", "int32", "uint64", "time_t"]:
    kind = getattr(ctypes, "c_" + name)
    print(name, kind.__name__, kind._type_, sizeof(kind), alignment(kind), memoryview(kind()).format)

for text in [
    "c_int(5), c_int(-5), c_int()", "c_int(2**40 + 7)", "c_ubyte(-1), c_byte(200), c_short(70000)",
    "c_longlong(2**64 + 5)", "c_ulong(-1)", "c_int('x')", "c_int(1.5)", "c_int(None)", "c_int(1, 2)", "c_int(True)",
    "c_float(1/3), c_double(1/3), c_longdouble(1/3)", "c_float('x')", "c_double(7)", "c_longdouble(1e-310)",
    "c_float_complex(1+2j), c_double_complex(3), c_longdouble_complex(-1j)", "c_double_complex('x')",
    "c_char(b'x'), c_char(65), c_char(bytearray(b'q')), c_char()", "c_char(b'ab')", "c_char('a')", "c_char(256)",
    "c_char(-1)", "c_wchar('\u20ac'), c_wchar('\U0001f600'), c_wchar()", "c_wchar('ab')", "c_wchar(5)", "c_wchar(b'a')",
    "c_bool(5), c_bool([]), c_bool('')", "c_char_p(b'abc').value, c_char_p().value", "c_char_p('x')",
    "c_wchar_p('a\u20acb').value, c_wchar_p(None).value", "c_wchar_p(b'x')", "c_void_p(5), c_void_p(), c_void_p(-1)",
    "c_void_p('x')", "py_object([1, 2]), py_object()", "py_object().value", "py_object((1,)).value",
    "hash(c_int())", "c_int(1) == c_int(1)", "bool(c_int()), bool(c_int(3)), bool(c_double(0.0)), bool(c_char_p())",
    "c_int.from_param(3), c_double.from_param(2), c_char.from_param(b'x'), c_ubyte.from_param(7)",
    "c_int.from_param('x')", "c_int.from_param(c_long(3))", "c_int.from_param(c_int(3))",
    "c_char_p.from_param(5)", "c_wchar_p.from_param(b'x')", "c_void_p.from_param(1.5)", "c_void_p.from_param(None)",
    "c_int.__ctype_be__(1).value, bytes(c_int.__ctype_be__(1)), bytes(c_int.__ctype_le__(1))",
    "bytes(c_double.__ctype_be__(1.0)), c_short.__ctype_be__(-2)", "c_int.__ctype_be__.__ctype_le__ is c_int",
    "c_int.from_buffer_copy(b'\\1\\0\\0\\0')", "c_int.from_buffer_copy(b'\\1\\0\\0\\0', 1)", "c_int.from_buffer(b'1234')",
    "c_int.from_buffer(bytearray(3))", "c_int.from_buffer(bytearray(8), -1)", "c_short.from_buffer(bytearray(b'abcd'), 2)",
    "c_int.from_address('x')", "sizeof(3)", "alignment('x')", "addressof(3)", "byref(3)", "resize(3, 1)",
    "resize(c_int(), 2)", "c_int * -1", "c_int * 1.5", "c_int * 'x'", "3 * c_int", "ctypes._SimpleCData()",
    "type('X', (ctypes._SimpleCData,), {})", "type('X', (ctypes._SimpleCData,), {'_type_': '!'})",
    "type('X', (ctypes._SimpleCData,), {'_type_': 'ii'})", "type('X', (ctypes._SimpleCData,), {'_type_': 3})",
    "c_int.__mro__", "type(c_int).__mro__", "type(c_int), type(Structure), type(Union), type(Array)",
]:
    print(text.encode("ascii", "backslashreplace").decode(), "->", shown(text))


class Number(c_int):
    pass


n = Number(7)
n.note = "attributes"
print(n.value, n.note, type((Number * 2)()[0]).__name__, Number.from_param(n) is n)
x = c_int(1)
x.value = 99
try:
    del x.value
except TypeError as e:
    print(e)
print(x, x._b_base_, x._b_needsfree_, x._objects)
buffer = bytearray(8)
view = c_int.from_buffer(buffer, 4)
view.value = 0x01020304
print(buffer)
try:
    buffer.append(1)
except BufferError as e:
    print("BufferError")
copy = c_int.from_address(addressof(x))
copy.value = 3
print(x, copy._b_needsfree_)
# Numbers that are subnormal or special as doubles keep their value as long doubles.
for v in [5e-324, 1.7976931348623157e308, float("inf"), -0.0, 2.2250738585072014e-308]:
    assert c_longdouble(v).value == v, v
print(c_longdouble(float("nan")), bytes(c_longdouble(-1.5))[:10].hex())
