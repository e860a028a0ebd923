//! The constructors of `bytes` and `bytearray`: from text, counts, buffers and iterables of ints.

use super::PyBytes;
use super::change::reserved;
use crate::objects::buffer::{bytes_of, contents_of, is_bytes_like};
use crate::objects::str::PyStr;
use crate::objects::str::methods::encoding_argument;
use crate::prelude::*;

/// How messages of the two constructors differ.
pub(crate) struct Wording {
    pub name: &'static str,
    pub range: &'static str,
}

pub(super) const BYTES: Wording = Wording { name: "bytes", range: "bytes must be in range(0, 256)" };
pub(super) const BYTEARRAY: Wording = Wording { name: "bytearray", range: "byte must be in range(0, 256)" };

/// What the arguments `source`, `encoding` and `errors` from place `i` on ask for.
///
/// # Errors
/// `TypeError`, `ValueError`, `OverflowError`, `MemoryError` with CPython's wording, and what runs on the way raises.
pub(super) fn contents(cx: &mut Cx, a: Args<'_>, i: usize, wording: &Wording) -> R<Vec<u8>> {
    let (source, encoding, errors) = (a.opt(i), a.opt(i + 1), a.opt(i + 2));
    let name = wording.name;
    if encoding.is_some() || errors.is_some() {
        let default = encoding.is_none();
        let encoding = encoding_argument(cx, encoding, &format!("{name}() argument 'encoding'"), "utf-8")?;
        let errors = encoding_argument(cx, errors, &format!("{name}() argument 'errors'"), "strict")?;
        let Some(text) = source.filter(|v| v.downcast::<PyStr>(cx).is_some()) else {
            let what = if default { "errors" } else { "encoding" };
            return Err(cx.type_error(format!("{what} without a string argument")));
        };
        if default {
            return Err(cx.type_error("string argument without an encoding"));
        }
        let encoded = crate::objects::codec::encode(cx, text, &encoding, &errors)?;
        return Ok(bytes_of(cx, encoded.r())?.into_owned());
    }
    match source {
        None => Ok(Vec::new()),
        Some(v) => from_value(cx, v, wording),
    }
}

fn from_value(cx: &mut Cx, v: Ref<'_>, wording: &Wording) -> R<Vec<u8>> {
    if v.downcast::<PyStr>(cx).is_some() {
        return Err(cx.type_error("string argument without an encoding"));
    }
    if cx.class_of(v).special(cx, Special::Index).is_some() {
        let count = cx.index_isize(v, Builtin::OverflowError);
        if let Some(n) = cx.catch(count, Builtin::TypeError)? {
            let Ok(n) = usize::try_from(n) else { return Err(cx.value_error("negative count")) };
            let mut out = reserved(cx, n)?;
            out.resize(n, 0);
            return Ok(out);
        }
    }
    if is_bytes_like(cx, v) {
        return Ok(contents_of(cx, v)?.into_owned());
    }
    from_iterable(cx, v, wording)
}

fn from_iterable(cx: &mut Cx, v: Ref<'_>, wording: &Wording) -> R<Vec<u8>> {
    let class = cx.class_of(v);
    let is_iterable = class.special(cx, Special::Iter).is_some_and(|m| !m.value().is_none())
        || class.special(cx, Special::GetItem).is_some();
    if !is_iterable {
        let (found, name) = (cx.type_name(v), wording.name);
        return Err(cx.type_error(format!("cannot convert '{found}' object to {name}")));
    }
    ints(cx, v, wording.range)
}

/// The bytes of an iterable of ints.
///
/// # Errors
/// `ValueError` with the message `range`, `TypeError`, or what iterating raises.
pub(crate) fn ints(cx: &mut Cx, iterable: Ref<'_>, range: &str) -> R<Vec<u8>> {
    let mut out = Vec::new();
    // What is no int may run Python, which may change the sequence under way.
    if let Some(items) =
        cx.items_if_sequence(iterable).filter(|items| items.iter().all(|v| v.value().is_int()))
    {
        out = reserved(cx, items.len())?;
        for item in items {
            out.push(byte(cx, item.r(), range)?);
        }
        return Ok(out);
    }
    cx.for_each(iterable, |cx, item| {
        let b = byte(cx, item.r(), range)?;
        if out.try_reserve(1).is_err() {
            return Err(cx.memory_error());
        }
        out.push(b);
        Ok(true)
    })?;
    Ok(out)
}

#[inline]
fn byte(cx: &mut Cx, v: Ref<'_>, range: &str) -> R<u8> {
    let index = cx.index(v)?;
    match crate::objects::int::to_i64(cx, index.r()).map(u8::try_from) {
        Some(Ok(b)) => Ok(b),
        _ => Err(cx.value_error(range)),
    }
}

/// `bytes(v)` for one argument, as `PyBytes_FromObject` and `__bytes__` make it: an exact object is given back.
///
/// # Errors
/// As the constructor.
pub(crate) fn from_object(cx: &mut Cx, v: Ref<'_>) -> R {
    if cx.is_exactly(v, Builtin::Bytes) {
        return Ok(v.own(cx));
    }
    if let Some(method) = cx.class_of(v).special(cx, Special::Bytes) {
        let result = cx.call_special(method, v, &[])?;
        if result.downcast::<PyBytes>(cx).is_some() {
            return Ok(result);
        }
        let name = cx.type_name(result.r());
        return Err(cx.type_error(format!("__bytes__ returned non-bytes (type {name})")));
    }
    let contents = from_value(cx, v, &BYTES)?;
    super::try_new_bytes(cx, &contents)
}

/// `bytearray(v)` for one argument.
///
/// # Errors
/// As the constructor.
pub(crate) fn bytearray_from(cx: &mut Cx, v: Ref<'_>) -> R {
    let contents = from_value(cx, v, &BYTEARRAY)?;
    Ok(super::new_bytearray(cx, contents))
}
