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
    let (bound, word) = match args.len() {
        n if n < min => (min, "at least "),
        n if n > max => (max, "at most "),
        _ => return Ok(args),
    };
    let word = if min == max { "" } else { word };
    let plural = if bound == 1 { "" } else { "s" };
    let got = args.len();
    Err(cx.type_error(format!("{name} expected {word}{bound} argument{plural}, got {got}")))
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
