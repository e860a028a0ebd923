//! `int(...)`: the constructor and the conversions behind it.

use super::num::Int;
use super::text::{self, Unreadable};
use super::{new_int, new_int_of, to_exact, view};
use crate::objects::bytes::{PyByteArray, PyBytes};
use crate::objects::construct::class_argument;
use crate::objects::str::PyStr;
use crate::objects::{buffer, float};
use crate::prelude::*;

/// `int.__new__(cls, x, base)` with the window of a `($cls, *args, **kwargs)` native.
pub(super) fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    let (v, base) = arguments(cx, a)?;
    let made = match (v, base) {
        (None, None) => cx.int(0),
        (None, Some(_)) => return Err(cx.type_error("int() missing string argument")),
        (Some(v), None) => int_of(cx, v)?,
        (Some(v), Some(base)) => int_in_base(cx, v, base)?,
    };
    of_class(cx, class, made)
}

/// The argument and the base.
fn arguments<'a>(cx: &mut Cx, a: Args<'a>) -> R<(Option<Ref<'a>>, Option<Obj>)> {
    let args = a.varargs(cx, 1);
    let named = a.varkw(cx, 2).map(|kw| kw.items(cx)).unwrap_or_default();
    let given = args.len() + named.len();
    if given > 2 {
        let message = match named.is_empty() {
            true => format!("int expected at most 2 arguments, got {given}"),
            false => format!("int() takes at most 2 arguments ({given} given)"),
        };
        return Err(cx.type_error(message));
    }
    let mut base = args.get(1).map(|v| v.own(cx));
    for (key, v) in named {
        let name = cx.text_of(key.r());
        if name != "base" {
            return Err(cx.type_error(format!("int() got an unexpected keyword argument '{name}'")));
        }
        base = Some(v);
    }
    Ok((args.first().copied(), base))
}

/// An exact int as an instance of the class.
pub(super) fn of_class(cx: &mut Cx, class: &PyType, made: Obj) -> R {
    if std::ptr::eq(class, cx.builtin(Builtin::Int)) {
        return Ok(made);
    }
    let n = view(cx, made.r()).map_or(Int::Word(0), |n| n.to_int());
    new_int_of(cx, class, n)
}

/// `int(v)`.
///
/// # Errors
/// `TypeError`, `ValueError`, `OverflowError`, or what the methods of `v` raise.
#[inline]
pub fn int_of(cx: &mut Cx, v: Ref<'_>) -> R {
    if v.value().is_int() {
        return Ok(v.own(cx));
    }
    if let Some(x) = v.value().as_float() {
        return from_float(cx, x);
    }
    if cx.is_exactly(v, Builtin::Str)
        && let Some(s) = v.downcast::<PyStr>(cx)
    {
        return from_str(cx, s, 10);
    }
    int_of_slow(cx, v)
}

#[inline(never)]
fn int_of_slow(cx: &mut Cx, v: Ref<'_>) -> R {
    if let Some(made) = from_methods(cx, v)? {
        return Ok(made);
    }
    if let Some(s) = v.downcast::<PyStr>(cx) {
        return from_str(cx, s, 10);
    }
    if buffer::is_bytes_like(cx, v) {
        let bytes = buffer::bytes_of(cx, v)?.into_owned();
        return from_bytes_text(cx, &bytes, 10);
    }
    let name = cx.type_name(v);
    Err(cx.type_error(format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{name}'"
    )))
}

/// By `__int__`, else by `__index__`; `None` if there is neither.
fn from_methods(cx: &mut Cx, v: Ref<'_>) -> R<Option<Obj>> {
    if let Some(result) = cx.try_special(Special::Int, v, &[])? {
        return check_int(cx, result).map(Some);
    }
    match cx.class_of(v).special(cx, Special::Index) {
        Some(_) => {
            let index = cx.index(v)?;
            Ok(Some(to_exact(cx, index)))
        }
        None => Ok(None),
    }
}

/// What `__int__` gave, as an exact int.
fn check_int(cx: &mut Cx, result: Obj) -> R {
    if cx.is_exactly(result.r(), Builtin::Int) {
        return Ok(result);
    }
    let got = cx.type_name(result.r());
    if view(cx, result.r()).is_none() {
        return Err(cx.type_error(format!("__int__ returned non-int (type {got})")));
    }
    let message = format!(
        "__int__ returned non-int (type {got}).  The ability to return an instance of a strict subclass of int is \
         deprecated, and may not be supported in a future version of Python."
    );
    crate::traceback::warn(cx, Builtin::DeprecationWarning, &message)?;
    Ok(to_exact(cx, result))
}

/// `int(v, base)`.
fn int_in_base(cx: &mut Cx, v: Ref<'_>, base: Obj) -> R {
    let base = cx.index_clamped(base.r())?;
    if base != 0 && !(2..=36).contains(&base) {
        return Err(cx.value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    if let Some(s) = v.downcast::<PyStr>(cx) {
        return from_str(cx, s, base as u32);
    }
    if v.downcast::<PyBytes>(cx).is_some() || v.downcast::<PyByteArray>(cx).is_some() {
        let bytes = buffer::bytes_of(cx, v)?.into_owned();
        return from_bytes_text(cx, &bytes, base as u32);
    }
    Err(cx.type_error("int() can't convert non-string with explicit base"))
}

/// Reads a string.
fn from_str(cx: &mut Cx, s: &PyStr, base: u32) -> R {
    let parsed = match s.is_ascii() {
        true => from_ascii(cx, s.as_bytes(), base),
        false => from_ascii(cx, &text::ascii_digits(s.as_bytes()), base),
    };
    match parsed? {
        Ok(n) => Ok(new_int(cx, n)),
        Err(why) => Err(unreadable(cx, why, base, ref_of(s))),
    }
}

/// The number that a text in ASCII is, or why it is none.
fn from_ascii(cx: &mut Cx, text: &[u8], base: u32) -> R<Result<Int, Unreadable>> {
    let digits = match text::digits(text, base, text::max_digits(cx)) {
        Ok(digits) => digits,
        Err(why) => return Ok(Err(why)),
    };
    match super::pylong::read(cx, &digits)? {
        Some(n) => Ok(Ok(n)),
        None => Ok(Ok(digits.to_int())),
    }
}

fn from_bytes_text(cx: &mut Cx, bytes: &[u8], base: u32) -> R {
    match from_ascii(cx, bytes, base)? {
        Ok(n) => Ok(new_int(cx, n)),
        Err(why) => {
            let shown = crate::objects::bytes::new_bytes(cx, bytes);
            Err(unreadable(cx, why, base, shown.r()))
        }
    }
}

#[cold]
fn unreadable(cx: &mut Cx, why: Unreadable, base: u32, v: Ref<'_>) -> Err {
    match why {
        Unreadable::TooLong(digits) => text::too_long_to_read(cx, digits),
        Unreadable::Invalid => match cx.repr_string(v) {
            // As much as CPython shows.
            Ok(shown) => {
                let shown: String = shown.chars().take(200).collect();
                cx.value_error(format!("invalid literal for int() with base {base}: {shown}"))
            }
            Err(err) => err,
        },
    }
}

/// The whole part of a float.
///
/// # Errors
/// `ValueError` ("cannot convert float NaN to integer"), `OverflowError`.
pub fn from_float(cx: &mut Cx, x: f64) -> R {
    if x.is_finite() {
        return Ok(new_int(cx, super::num::from_f64(x)));
    }
    Err(match x.is_nan() {
        true => cx.value_error("cannot convert float NaN to integer"),
        false => cx.overflow_error("cannot convert float infinity to integer"),
    })
}

/// `float.__int__` and its kin for floats of any class.
pub(crate) fn from_float_object(cx: &mut Cx, a: Args<'_>, round: fn(f64) -> f64) -> R {
    let x = float::value_of(cx, a.get(0)).unwrap_or_default();
    from_float(cx, round(x))
}
