"""Methods and attributes of the built-in types, called with everything."""

import _random
import collections
import contextvars
import functools
import io
import itertools
import re
import sys
import types
import typing
import weakref
from array import array

import _calls
from _calls import Calls, Plain


def frame():
    return sys._getframe()


def caught():
    try:
        raise ValueError("text")
    except ValueError as error:
        return error


def cell():
    value = 1
    return (lambda: value).__closure__[0]


def started():
    made = _calls.generator()
    next(made)
    return made




def temporary_class():
    return type("Temporary", (Plain,), {"__slots__": ("slot",)})


class Slots:
    __slots__ = ("slot", "other")


INSTANCES = [
    lambda: 5, lambda: 10**30, lambda: True, lambda: 1.5, lambda: 2j, lambda: "some text", lambda: "",
    lambda: "\ud800x\U0001f600", lambda: b"bytes", lambda: bytearray(b"array"), lambda: [1, "a", None], _calls.self_list,
    lambda: (1, "a"), lambda: {"a": 1, "b": [2]}, lambda: {1, "a"}, lambda: frozenset({1, 2}), lambda: range(1, 9, 2),
    lambda: slice(1, 5, 2), lambda: memoryview(bytearray(b"view")), lambda: memoryview(b"view")[::-1],
    _calls.generator, started, lambda: raising_iterator(), lambda: len, lambda: [].append, lambda: Plain().method,
    lambda: types.FunctionType((lambda a, b=1, *c, d=2, **e: a).__code__, {}, "f"), lambda: types.ModuleType("m"),
    temporary_class, lambda: property(lambda self: 1), lambda: classmethod(len), lambda: staticmethod(len),
    object, Plain, Slots, lambda: super(Plain, Plain()), lambda: enumerate("ab"), lambda: zip("ab", "cd"),
    lambda: map(str, [1, 2]), lambda: filter(None, [1, 2]), lambda: reversed([1, 2]), lambda: reversed("ab"),
    lambda: iter([1, 2]), lambda: iter((1, 2)), lambda: iter("ab"), lambda: iter("\xe9"), lambda: iter(b"ab"),
    lambda: iter(bytearray(b"ab")), lambda: iter({1: 2}), lambda: iter({1: 2}.values()), lambda: iter({1: 2}.items()),
    lambda: reversed({1: 2}), lambda: iter({1}), lambda: iter(range(3)), lambda: iter(range(10**30)),
    lambda: iter(memoryview(b"ab")), lambda: iter(lambda: 1, 2), lambda: {1: 2}.keys(), lambda: {1: 2}.values(),
    lambda: {1: 2}.items(), lambda: types.MappingProxyType({1: 2}), lambda: types.SimpleNamespace(a=1), caught,
    lambda: OSError(1, "text", "file"), lambda: UnicodeDecodeError("utf-8", b"ab", 0, 1, "why"),
    lambda: UnicodeEncodeError("utf-8", "ab", 0, 1, "why"), lambda: SyntaxError("text", ("f", 1, 2, "t")),
    lambda: ExceptionGroup("group", [ValueError(1), TypeError(2)]), lambda: StopIteration(1), lambda: KeyError(1),
    lambda: ImportError("x", name="n"), lambda: NameError("x", name="n"), lambda: AttributeError("x", obj=1),
    lambda: caught().__traceback__, frame, lambda: frame.__code__, cell, lambda: weakref.ref(Slots),
    lambda: weakref.proxy(Plain), lambda: list[int], lambda: int | str, lambda: typing.TypeVar("T"),
    lambda: typing.ParamSpec("P"), lambda: typing.TypeVarTuple("Ts"), lambda: re.compile("(a)(?P<n>b)?"),
    lambda: re.match("(a)(b)?", "ab"), lambda: re.compile(b"a").scanner(b"aa"),
    lambda: collections.deque([1, 2], 5), lambda: collections.defaultdict(list, a=1),
    lambda: collections.OrderedDict(a=1, b=2), lambda: array("i", [1, 2, 3]), lambda: array("d"),
    lambda: _random.Random(1), lambda: io.BytesIO(b"some\nbytes"), lambda: io.StringIO("some\ntext"),
    lambda: io.BufferedReader(io.BytesIO(b"bytes")), lambda: io.BufferedWriter(io.BytesIO()),
    lambda: io.BufferedRandom(io.BytesIO(b"ab")), lambda: io.TextIOWrapper(io.BytesIO(b"text\n")),
    lambda: io.FileIO("/dev/null", "r+"), lambda: contextvars.Context(), lambda: contextvars.ContextVar("v"),
    lambda: contextvars.ContextVar("v").set(1), lambda: itertools.chain([1], [2]), lambda: itertools.tee([1, 2])[0],
    lambda: itertools.groupby([1, 1, 2]), lambda: functools.partial(len, []), lambda: functools.reduce,
    lambda: vars(Slots)["slot"], lambda: int.__add__, lambda: (1).__add__, lambda: str.join,
    lambda: types.FunctionType.__code__, lambda: sys.flags, lambda: Plain.__dict__["__weakref__"], lambda: dict.fromkeys,
    lambda: Ellipsis, lambda: None, lambda: NotImplemented,
]


def raising_iterator():
    yield 1
    raise KeyError("end")


calls = Calls()
for make in INSTANCES:
    seen = set()
    for kind in type(make()).__mro__:
        if kind is object and type(make()) is not object:
            continue
        if kind in (Plain, Slots) or kind in seen:
            continue
        seen.add(kind)
        calls.methods(kind, make, f"{type(make()).__name__}:{kind.__name__}")
calls.finish()
