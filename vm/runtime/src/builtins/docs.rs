//! What the functions of `builtins` say about themselves in `__doc__`.

use crate::prelude::*;

const DOCS: &[(&str, &str)] = &[
    ("__build_class__", "Makes a class of the function that runs its body; class statements call it."),
    ("__import__", "Imports a module; import statements call it. importlib.import_module() is for programs."),
    ("abs", "The absolute value of a number."),
    ("aiter", "An asynchronous iterator over an asynchronous iterable."),
    ("all", "Whether all items of an iterable are true; so it is if there are none."),
    (
        "anext",
        "An awaitable for the next item of an asynchronous iterator, or the default if it is exhausted.",
    ),
    ("any", "Whether any item of an iterable is true; none is if there are none."),
    ("ascii", "The repr of an object with all characters that are not ASCII escaped."),
    ("bin", "An integer in binary notation with the prefix 0b.\n\n>>> bin(10)\n'0b1010'"),
    ("breakpoint", "Calls sys.breakpointhook(), which starts a debugger unless it is told otherwise."),
    ("callable", "Whether an object can be called; instances can if their class has __call__()."),
    ("chr", "The character with a code point, from 0 to 0x10ffff."),
    ("compile", "Makes a code object, which exec() or eval() can run, or a syntax tree of a source."),
    ("delattr", "Deletes an attribute: delattr(x, 'y') is del x.y."),
    ("dir", "Names of attributes of an object; without one, the names in the current scope."),
    ("divmod", "The quotient x // y and the remainder x % y."),
    ("eval", "Runs an expression, or the code of one, with these globals and locals."),
    ("exec", "Runs statements, or the code of such, with these globals and locals."),
    ("format", "An object as text in the format that format_spec says, by its __format__()."),
    (
        "getattr",
        "An attribute by its name: getattr(x, 'y') is x.y; the default, if given, where there is none.",
    ),
    ("globals", "The dictionary of the module that the calling code belongs to."),
    ("hasattr", "Whether an object has an attribute of that name: whether getattr() finds one."),
    ("hash", "The hash of an object: equal objects have equal ones, the converse need not hold."),
    ("hex", "An integer in hexadecimal notation with the prefix 0x.\n\n>>> hex(255)\n'0xff'"),
    ("id", "The identity of an object: no two objects that exist at the same time share it."),
    ("input", "Reads a line from standard input, without its newline, after writing the prompt."),
    ("isinstance", "Whether an object is an instance of a class, or of one of a tuple or union of classes."),
    ("issubclass", "Whether a class derives from another, or from one of a tuple or union of classes."),
    ("iter", "An iterator over an object; with a sentinel, one that calls the object until it returns that."),
    ("len", "The number of items in a container."),
    ("locals", "A dictionary of the variables of the calling scope as they are now."),
    (
        "max",
        "max(iterable, *[, default=obj, key=func]) -> value\nmax(arg1, arg2, *args, *[, key=func]) -> value\n\nThe largest item of an iterable, or the largest of several arguments.",
    ),
    (
        "min",
        "min(iterable, *[, default=obj, key=func]) -> value\nmin(arg1, arg2, *args, *[, key=func]) -> value\n\nThe smallest item of an iterable, or the smallest of several arguments.",
    ),
    ("next", "The next item of an iterator; the default, if given, once it is exhausted."),
    ("oct", "An integer in octal notation with the prefix 0o.\n\n>>> oct(64)\n'0o100'"),
    ("ord", "The code point of a character."),
    ("pow", "base to the power of exp; with a third argument, modulo that."),
    (
        "print",
        "Writes values to a stream, sys.stdout by default, with a separator between and an end behind them.",
    ),
    ("repr", "An object as text that, where possible, eval() would make the same object of."),
    ("round", "A number rounded to so many digits behind the point; without ndigits, an integer."),
    ("setattr", "Sets an attribute: setattr(x, 'y', v) is x.y = v."),
    (
        "sorted",
        "A new list of the items of an iterable in ascending order, stable; by key and reversed if wanted.",
    ),
    ("sum", "The sum of a start value and the items of an iterable."),
    ("vars", "The __dict__ of an object; without one, what locals() returns."),
];

/// What methods of built-in types say about themselves, by type and name.
const METHODS: &[(Builtin, &str, &str)] = &[
    (Builtin::Bytes, "hex", HEX),
    (Builtin::ByteArray, "hex", HEX),
    (Builtin::MemoryView, "hex", HEX),
    (
        Builtin::Float,
        "as_integer_ratio",
        "Numerator and denominator of the fraction that the number is, in lowest terms.\n\n>>> (0.75).as_integer_ratio()\n(3, 4)",
    ),
    (
        Builtin::Float,
        "fromhex",
        "The number of a text in hexadecimal notation.\n\n>>> float.fromhex('0x1.8p1')\n3.0",
    ),
    (Builtin::Float, "hex", "The number in hexadecimal notation.\n\n>>> (1.5).hex()\n'0x1.8000000000000p+0'"),
    (
        Builtin::Int,
        "as_integer_ratio",
        "The number and 1: what it is as a fraction.\n\n>>> (10).as_integer_ratio()\n(10, 1)",
    ),
    (
        Builtin::Int,
        "bit_count",
        "How many ones the number has in binary notation.\n\n>>> (13).bit_count()\n3",
    ),
    (
        Builtin::Int,
        "bit_length",
        "How many digits the number needs in binary notation.\n\n>>> (37).bit_length()\n6",
    ),
];

const HEX: &str = "The bytes as hexadecimal digits, with a separator between groups if wanted.\n\n>>> bytes([1, 171]).hex('-')\n'01-ab'";

/// What special methods implement: the expression that calls them.
const SPECIALS: &[(&str, &str)] = &[
    ("__contains__", "key in self"),
    ("__delitem__", "del self[key]"),
    ("__getitem__", "self[key]"),
    ("__iter__", "iter(self)"),
    ("__len__", "len(self)"),
    ("__next__", "next(self)"),
    ("__repr__", "repr(self)"),
    ("__setitem__", "self[key] = value"),
];

/// The documentation of a method or special method of a type.
pub fn of_method(cx: &Cx, owner: &PyType, def: &NativeDef) -> Option<String> {
    let is_own = |which: &Builtin| std::ptr::eq(cx.builtin(*which), owner);
    if let Some((_, _, text)) = METHODS.iter().find(|(which, name, _)| *name == def.name && is_own(which)) {
        return Some((*text).to_owned());
    }
    let found = SPECIALS.iter().find(|(name, _)| *name == def.name);
    found.map(|(_, expression)| format!("Implement {expression}."))
}

/// What attributes of native types are: the type's full name, the attribute, the text.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    ("_io.FileIO", "closed", "True if the file is closed"),
    ("complex", "imag", "the imaginary part of a complex number"),
    ("complex", "real", "the real part of a complex number"),
];

/// The documentation of an attribute of a native type.
pub fn of_attribute(owner: &PyType, name: &str) -> Option<&'static str> {
    let found = ATTRIBUTES.iter().find(|(class, attr, _)| *attr == name && *class == owner.tp_name());
    found.map(|(_, _, text)| *text)
}

/// The documentation of a native of `builtins`.
pub fn of(def: &NativeDef) -> Option<&'static str> {
    DOCS.iter().find(|(name, _)| *name == def.name).map(|(_, text)| *text)
}
