//! Arguments of constructors that take `($cls, *args, **kwargs)`, checked by hand with CPython's messages, and small
//! tables that several types share.

use crate::prelude::*;

/// The class that a constructor was called for.
pub fn class_argument(cx: &Cx, a: Args<'_>) -> &'static PyType {
    match PyType::from_ref(a.get(0), cx) {
        Some(class) => class,
        None => ungil_gc::fatal("a constructor was called without a class"),
    }
}

/// Whether there are keyword arguments in the window of a `($cls, *args, **kwargs)` native.
pub fn has_keywords(cx: &Cx, a: Args<'_>) -> bool {
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

/// The positional arguments of a native type's constructor, of which there must be between `min` and `max`; keywords are
/// refused unless a subclass with an `__init__` of its own may want them.
///
/// # Errors
/// `TypeError`.
pub fn positional_only<'a>(cx: &mut Cx, a: Args<'a>, name: &str, min: usize, max: usize) -> R<&'a [Ref<'a>]> {
    let class = class_argument(cx, a);
    let own_init = class.is_heap() && !class.same_special(cx, cx.builtin(Builtin::Object), Special::Init);
    if has_keywords(cx, a) && !own_init {
        return Err(cx.type_error(format!("{name}() takes no keyword arguments")));
    }
    positional(cx, a, name, min, max)
}

/// The positional arguments, of which there must be between `min` and `max`.
///
/// # Errors
/// `TypeError` ("x expected at most 1 argument, got 2").
pub fn positional<'a>(cx: &mut Cx, a: Args<'a>, name: &str, min: usize, max: usize) -> R<&'a [Ref<'a>]> {
    let args = a.varargs(cx, 1);
    check_count(cx, args.len(), name, min, max)?;
    Ok(args)
}

/// Checks a number of positional arguments.
///
/// # Errors
/// As [`positional`].
pub fn check_count(cx: &mut Cx, got: usize, name: &str, min: usize, max: usize) -> R<()> {
    let (bound, word) = match got {
        n if n < min => (min, "at least "),
        n if n > max => (max, "at most "),
        _ => return Ok(()),
    };
    let word = if min == max { "" } else { word };
    let plural = if bound == 1 { "" } else { "s" };
    Err(cx.type_error(format!("{name} expected {word}{bound} argument{plural}, got {got}")))
}

/// `class(*args)` for exact built-in types of containers and iterators, the short way: neither a tuple of arguments nor
/// an object that `__init__` fills afterwards is made. `None` for other classes, and for arguments that are an error.
#[inline]
pub(crate) fn quick_call(cx: &mut Cx, class: &'static PyType, args: Args<'_>) -> Option<R> {
    // Classes of native modules and those made by Python have a number above all others.
    if class.builtin >= Builtin::COUNT {
        return class.quick.get().and_then(|quick| quick(cx, class, args));
    }
    if args.len() > 4 {
        return None;
    }
    quick_call_builtin(cx, class.builtin as u32, args)
}

fn quick_call_builtin(cx: &mut Cx, which: u32, args: Args<'_>) -> Option<R> {
    use crate::objects::{
        bytes, dict, enumerate, filter, float, int, list, map, range, set, str, tuple, weakref, zip,
    };
    const INT: u32 = Builtin::Int as u32;
    const BOOL: u32 = Builtin::Bool as u32;
    const FLOAT: u32 = Builtin::Float as u32;
    const RANGE: u32 = Builtin::Range as u32;
    const LIST: u32 = Builtin::List as u32;
    const TUPLE: u32 = Builtin::Tuple as u32;
    const DICT: u32 = Builtin::Dict as u32;
    const SET: u32 = Builtin::Set as u32;
    const ENUMERATE: u32 = Builtin::Enumerate as u32;
    const ZIP: u32 = Builtin::Zip as u32;
    const MAP: u32 = Builtin::Map as u32;
    const FILTER: u32 = Builtin::Filter as u32;
    const STR: u32 = Builtin::Str as u32;
    const BYTES: u32 = Builtin::Bytes as u32;
    const BYTEARRAY: u32 = Builtin::ByteArray as u32;
    const WEAK_REF: u32 = Builtin::WeakRef as u32;
    let args = args.refs();
    Some(match (which, args) {
        (INT, []) => Ok(cx.int(0)),
        (INT, [v]) => int::int_of(cx, *v),
        (BOOL, [v]) => cx.truth(*v).map(|b| cx.bool(b)),
        (FLOAT, [v]) => float::float_of(cx, *v),
        (RANGE, _) => range::range_of(cx, args),
        (STR, [v]) => cx.to_str(*v),
        (STR, [v, encoding]) => return str::decode_plainly(cx, *v, Some(*encoding), None),
        (STR, [v, encoding, errors]) => return str::decode_plainly(cx, *v, Some(*encoding), Some(*errors)),
        (STR, []) => Ok(str::empty_str(cx)),
        (STR, [_, _, _, _, ..]) => Err(check_count(cx, args.len(), "str", 0, 3).err()?),
        (BYTES, []) => Ok(bytes::empty_bytes(cx)),
        (BYTES, [v]) => bytes::from_object(cx, *v),
        (BYTEARRAY, []) => Ok(bytes::new_bytearray(cx, Vec::new())),
        (BYTEARRAY, [v]) => bytes::bytearray_from(cx, *v),
        (BYTEARRAY, [_, _, _, _, ..]) => {
            let n = args.len();
            Err(cx.type_error(format!("bytearray() takes at most 3 arguments ({n} given)")))
        }
        (LIST, []) => Ok(cx.list(Vec::new())),
        (LIST, [v]) => list::list_from(cx, *v),
        (TUPLE, []) => Ok(tuple::empty_tuple(cx)),
        (TUPLE, [v]) => tuple::tuple_from(cx, *v),
        (DICT, []) => Ok(dict::PyDict::new(cx)),
        (DICT, [v]) => dict::dict_from(cx, *v),
        (SET, []) => Ok(set::PySet::new(cx)),
        (SET, [v]) => set::set_from(cx, *v),
        (ENUMERATE, [v]) => enumerate::enumerate_of(cx, *v),
        (ZIP, _) => zip::zip_of(cx, args),
        (MAP, [_, _, ..]) => map::map_of(cx, args),
        (WEAK_REF, [target]) => weakref::reference(cx, *target, None),
        (WEAK_REF, [target, callback]) => weakref::reference(cx, *target, Some(*callback)),
        (FILTER, [f, v]) => filter::filter_of(cx, *f, *v),
        _ => return None,
    })
}

/// The setter of an attribute that CPython keeps in a read-only member.
///
/// # Errors
/// `AttributeError`, always.
pub fn readonly(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.error(Builtin::AttributeError, "readonly attribute"))
}

/// The six comparison methods from one function that also takes the operator.
#[macro_export]
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
pub use crate::comparisons;
