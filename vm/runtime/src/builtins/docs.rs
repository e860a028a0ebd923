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
    ("bin", "An integer in binary notation with the prefix 0b."),
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
    ("hex", "An integer in hexadecimal notation with the prefix 0x."),
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
    ("oct", "An integer in octal notation with the prefix 0o."),
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

/// The documentation of a native of `builtins`.
pub fn of(def: &NativeDef) -> Option<&'static str> {
    DOCS.iter().find(|(name, _)| *name == def.name).map(|(_, text)| *text)
}
