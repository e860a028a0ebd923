"""Arrays, structures, unions and pointers: layout, access, what they keep alive, messages."""

import ctypes
import gc
import pickle
import warnings
import weakref
from ctypes import *


def shown(text):
    try:
        return repr(eval(text))
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def show(*texts):
    for text in texts:
        print(text, "->", shown(text))


# Arrays
a = (c_int * 5)(1, 2, 3)
show("list(a)", "len(a)", "a[1], a[-1]", "a[5]", "a[1:4]", "a[::-1]", "a[::2]", "a['x']", "(c_int * 2)(1, 2, 3)",
     "a.__setitem__(0, 'x')", "a.__setitem__(9, 1)", "a.__delitem__(0)", "a.__setitem__(slice(0, 2), [1])",
     "c_int * 5 is c_int * 5", "(c_int * 5).__name__, (c_int * 2 * 3).__name__", "sizeof(a)", "memoryview(a).cast('B').tolist()", "memoryview(a).tolist()",
     "memoryview((c_short * 2 * 3)()).shape", "3 in a", "c_int.__class__((c_int * 2).__name__, (), {})")
a[0:2] = (10, 20)
a[4] = 50
print(list(a), bytes(a)[:8])
m = (c_int * 2 * 2)((1, 2), (3, 4))
m[1][0] = 30
print([list(row) for row in m], m[1]._b_base_ is m)
s = create_string_buffer(b"hello", 10)
print(s.value, s.raw, s[0], s[1:3], s[::-2])
s.value = b"ab"
print(s.value, s.raw)
s.raw = b"0123456789"
print(s.value)
u = create_unicode_buffer("h\u00e9llo \U0001f600")
print(u.value == "h\u00e9llo \U0001f600", len(u), u[1] == "\u00e9", u[0:3] == "h\u00e9l")
show("setattr(s, 'value', b'x' * 11)", "setattr(s, 'value', 'x')", "setattr(u, 'value', b'x')", "setattr(s, 'raw', 'x')",
     "type('X', (Array,), {})", "type('X', (Array,), {'_length_': 3})", "type('X', (Array,), {'_length_': -1, '_type_': c_int})",
     "type('X', (Array,), {'_length_': 'x', '_type_': c_int})", "Array()")


# Structures
class Point(Structure):
    _fields_ = [("x", c_int), ("y", c_int)]


class Mixed(Structure):
    _fields_ = [("c", c_char), ("d", c_double), ("s", c_short), ("p", Point), ("a", c_int * 3), ("name", c_char * 4)]


class More(Point):
    _fields_ = [("z", c_longlong)]


p = Point(1, y=2)
q = Mixed(b"x", 1.5, 3, (4, 5), (6, 7, 8), b"ab")
r = More(1, 2, 3)
show("p.x, p.y", "q.c, q.d, q.s, q.p.x, q.p.y, list(q.a), q.name", "sizeof(Mixed), alignment(Mixed), sizeof(More)",
     "Point.x, Mixed.a, More.z", "[getattr(Mixed, n).offset for n, t in Mixed._fields_]", "r.x, r.y, r.z",
     "Point(1, 2, 3)", "Point(1, x=2)", "Point(z=3).z", "Point('x')", "setattr(p, 'x', None)", "setattr(q, 'p', 3)",
     "setattr(q, 'p', (1, 2, 3))", "setattr(q, 'name', b'12345')", "setattr(q, 'name', 'x')", "delattr(p, 'x')",
     "setattr(Point, '_fields_', [])", "memoryview(Mixed()).format", "memoryview(p).nbytes", "Structure()",
     "type('X', (Structure,), {'_fields_': 3})", "type('X', (Structure,), {'_fields_': [('a', 3)]})",
     "type('X', (Structure,), {'_fields_': [('a',)]})", "type('X', (Structure,), {'_fields_': [(3, c_int)]})",
     "Point.x.__get__(3)", "Point.x.__get__(p)", "Point.x.name, Point.x.type, Point.y.byte_offset, Point.y.bit_size",
     "p == Point(1, 2)", "hash(p)", "Point.from_buffer_copy(bytes(range(8))).y", "bytes(p)")
q.p.x = 40
q.a[2] = 80
print(q.p.x, q.a[2], q.p._b_base_ is q)


class Packed(Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("c", c_char), ("i", c_int), ("d", c_double)]


class Aligned(Structure):
    _align_ = 32
    _fields_ = [("c", c_char)]


class Bits(Structure):
    _fields_ = [("a", c_int, 3), ("b", c_uint, 5), ("c", c_ubyte, 2), ("d", c_longlong, 40), ("e", c_uint16, 1)]


class Big(BigEndianStructure):
    _fields_ = [("i", c_int), ("h", c_short), ("b", c_uint16, 4), ("c", c_uint16, 12)]


class Either(Union):
    _fields_ = [("i", c_int), ("f", c_float), ("b", c_ubyte * 4)]


class Outer(Structure):
    _anonymous_ = ["u"]
    _fields_ = [("kind", c_int), ("u", Either)]


bits = Bits(-1, 31, 2, -5, 1)
print(sizeof(Packed), Packed.d.offset, sizeof(Aligned), alignment(Aligned))
print(sizeof(Bits), bits.a, bits.b, bits.c, bits.d, bits.e, [getattr(Bits, f[0]).bit_offset for f in Bits._fields_])
bits.a, bits.b = 9, 33
print(bits.a, bits.b, bits.c, bits.d, Bits.a, Bits.d.size)
big = Big(1, 2, 3, 0x456)
print(bytes(big), big.i, big.h, big.b, big.c)
e = Either(f=1.0)
print(hex(e.i), list(e.b), sizeof(Either))
o = Outer(7)
o.f = 2.0
print(o.kind, hex(o.i), Outer.f, Outer.u.is_anonymous)
show("type('X', (Structure,), {'_fields_': [('a', c_double, 3)]})", "type('X', (Structure,), {'_fields_': [('a', c_int, 33)]})",
     "type('X', (Structure,), {'_fields_': [('a', c_int, 0)]})", "type('X', (Structure,), {'_pack_': -1, '_layout_': 'ms', '_fields_': []})",
     "type('X', (Structure,), {'_anonymous_': ['q'], '_fields_': [('a', c_int)]})")


class Node(Structure):
    pass


Node._fields_ = [("value", c_int), ("next", POINTER(Node))]
last = Node(3)
node = Node(1, pointer(Node(2, pointer(last))))
gc.collect()
print(node.value, node.next.contents.value, node.next[0].next[0].value, bool(last.next))

# Pointers
i = c_int(42)
pi = pointer(i)
show("pi.contents, pi[0], bool(pi)", "POINTER(c_int) is type(pi), type(pi).__name__, type(pi)._type_", "pi.contents is i",
     "POINTER(c_int)().contents", "POINTER(c_int)()[0]", "bool(POINTER(c_int)())", "pi['x']", "POINTER(c_int)('x')",
     "POINTER(c_int)(c_long(3)).contents", "setattr(pi, 'contents', 3)", "pointer(3)", "POINTER(None)", "pi[0:1]", "pi[:]", "pi[::-1]",
     "c_int.__pointer_type__", "Structure.__pointer_type__", "ctypes._Pointer()", "pi.__delitem__(0)", "memoryview(pi).format")
pi[0] = 43
pi.contents = other = c_int(5)
print(i, pi[0])
row = (c_int * 4)(1, 2, 3, 4)
pr = cast(row, POINTER(c_int))
print(pr[0:4], pr[3], pr[3:0:-1], cast(s, c_char_p).value, cast(0, c_void_p).value)
show("cast(3, 4)", "cast(row, c_int)", "cast('x', c_int)")
text = cast(create_string_buffer(b"text"), POINTER(c_char))
print(text[:4], text[0], text[3:0:-1])
print(string_at(text, 2), string_at(b"abc"), wstring_at("wide"), wstring_at("wide", 2))
memset(s, ord("z"), 3)
memmove(byref(s, 1), b"MM", 2)
print(s.raw)
v = memoryview_at(s, 4)
v[0] = 65
print(s[0], bytes(v), memoryview_at(s, 2, True).readonly)

# What is kept alive
print(c_char_p(b"abc")._objects, pi._objects, (c_char_p * 2)(b"x", b"y")._objects, list(row._objects.values()) == [row])
print(pr._objects is row._objects, sorted(map(str, (POINTER(c_int) * 1)(pi)._objects)))


class Holder(Structure):
    _fields_ = [("text", c_char_p), ("object", py_object)]


class Thing:
    pass


thing = Thing()
alive = weakref.ref(thing)
h = Holder(b"kept", thing)
del thing
gc.collect()
print(alive() is h.object, h.text, sorted(h._objects))
h.object = None
del h
gc.collect()
print(alive())

# Sizes change, parts stay
grown = (c_int * 2)(1, 2)
part = memoryview(grown)
resize(grown, 400)
print(sizeof(grown), grown[1], bytes(part), len(grown))
show("resize(grown, 4)", "resize(c_int.from_address(addressof(i)), 8)")
print(pickle.loads(pickle.dumps(c_int(9))).value)
show("pickle.dumps(pi)")
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")

    class Old(Structure):
        _pack_ = 2
        _fields_ = [("c", c_char), ("i", c_int)]

print(sizeof(Old), [str(w.category.__name__) for w in seen])
