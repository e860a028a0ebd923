//! Arguments of constructors that take `($cls, *args, **kwargs)`, checked by hand with CPython's messages, and small
//! tables that several types share.

use crate::prelude::*;

/// The class that a constructor was called for.
pub(crate) fn class_argument(cx: &Cx, a: Args<'_>) -> &'static PyType {
    match PyType::from_ref(a.get(0), cx) {
        Some(class) => class,
        None => ungil_gc::fatal("a constructor was called without a class"),
    }
}

/// Whether there are keyword arguments in the window of a `($cls, *args, **kwargs)` native.
pub(crate) fn has_keywords(cx: &Cx, a: Args<'_>) -> bool {
    a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty())
}

/// Refuses keyword arguments, unless a subclass with an `__init__` of its own may want them.
///
/// # Errors
/// `TypeError` ("x() takes no keyword arguments").
pub(crate) fn no_keywords(cx: &mut Cx, a: Args<'_>, which: Builtin, name: &str) -> R<()> {
    let class = class_argument(cx, a);
    let base = cx.builtin(which);
    if has_keywords(cx, a) && (std::ptr::eq(class, base) || class.same_special(cx, base, Special::Init)) {
        return Err(cx.type_error(format!("{name}() takes no keyword arguments")));
    }
    Ok(())
}

/// The positional arguments, of which there must be between `min` and `max`.
///
/// # Errors
/// `TypeError` ("x expected at most 1 argument, got 2").
pub(crate) fn positional<'a>(
    cx: &mut Cx,
    a: Args<'a>,
    name: &str,
    min: usize,
    max: usize,
) -> R<&'a [Ref<'a>]> {
    let args = a.varargs(cx, 1);
    check_count(cx, args.len(), name, min, max)?;
    Ok(args)
}

/// Checks a number of positional arguments.
///
/// # Errors
/// As [`positional`].
pub(crate) fn check_count(cx: &mut Cx, got: usize, name: &str, min: usize, max: usize) -> R<()> {
    let (bound, word) = match got {
        n if n < min => (min, "at least "),
        n if n > max => (max, "at most "),
        _ => return Ok(()),
    };
    let word = if min == max { "" } else { word };
    let plural = if bound == 1 { "" } else { "s" };
    Err(cx.type_error(format!("{name} expected {word}{bound} argument{plural}, got {got}")))
}

/// `class(*args)` for an exact built-in type of this folder's containers and iterators, the short way: neither a tuple of
/// arguments nor an object that `__init__` fills afterwards is made. `None` for other types. The caller has found
/// that `class` is the built-in type itself.
pub(crate) fn quick_call(cx: &mut Cx, which: Builtin, args: &[Ref<'_>]) -> Option<R> {
    use crate::objects::{dict, enumerate, filter, list, map, range, set, tuple, zip};
    Some(match (which, args) {
        (Builtin::Range, _) => range::range_of(cx, args),
        (Builtin::List, []) => Ok(cx.list(Vec::new())),
        (Builtin::List, [v]) => list::list_from(cx, *v),
        (Builtin::Tuple, []) => Ok(tuple::empty_tuple(cx)),
        (Builtin::Tuple, [v]) => tuple::tuple_from(cx, *v),
        (Builtin::Dict, []) => Ok(dict::PyDict::new(cx)),
        (Builtin::Dict, [v]) => dict::dict_from(cx, *v),
        (Builtin::Set, []) => Ok(set::PySet::new(cx)),
        (Builtin::Set, [v]) => set::set_from(cx, *v),
        (Builtin::Enumerate, [v]) => enumerate::enumerate_of(cx, *v),
        (Builtin::Zip, _) => zip::zip_of(cx, args),
        (Builtin::Map, [_, _, ..]) => map::map_of(cx, args),
        (Builtin::Filter, [f, v]) => filter::filter_of(cx, *f, *v),
        _ => return None,
    })
}

/// The six comparison methods from one function that also takes the operator.
macro_rules! comparisons {
    ($f:path) => {
        [
            (Special::Lt, Full(|cx, a| $f(cx, a, CompareOp::Lt))),
            (Special::Le, Full(|cx, a| $f(cx, a, CompareOp::Le))),
            (Special::Eq, Full(|cx, a| $f(cx, a, CompareOp::Eq))),
            (Special::Ne, Full(|cx, a| $f(cx, a, CompareOp::Ne))),
            (Special::Gt, Full(|cx, a| $f(cx, a, CompareOp::Gt))),
            (Special::Ge, Full(|cx, a| $f(cx, a, CompareOp::Ge))),
        ]
    };
}
pub(crate) use comparisons;
