//! Arguments that methods of text, bytes and their kin share: `start` and `end`, counts, strings.

use super::PyStr;
use crate::prelude::*;

/// A string argument, for `what` as CPython's messages have it ("find() argument 1").
///
/// # Errors
/// `TypeError` ("find() argument 1 must be str, not int").
#[inline]
pub fn expect_str<'a>(cx: &mut Cx, v: Ref<'a>, what: &str) -> R<&'a PyStr> {
    match v.downcast::<PyStr>(cx) {
        Some(s) => Ok(s),
        None => Err(wrong_type(cx, v, what, "str")),
    }
}

/// The error of [`expect_str`] for any wanted type.
#[cold]
pub fn wrong_type(cx: &mut Cx, v: Ref<'_>, what: &str, wanted: &str) -> Err {
    // Where the argument is named, CPython calls `None` by its own name.
    let name = if v.value().is_none() && !what.is_empty() { "None".into() } else { cx.type_name(v) };
    let space = if what.is_empty() { "" } else { " " };
    cx.type_error(format!("{what}{space}must be {wanted}, not {name}"))
}

/// A bound of a slice, clamped to what a machine word holds.
///
/// # Errors
/// `TypeError` ("slice indices must be integers or None or have an __index__ method").
fn bound(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    if let Some(i) = v.value().as_int() {
        return Ok(i as isize);
    }
    if !cx.is_instance_of(v, Builtin::Int) && cx.class_of(v).special(cx, Special::Index).is_none() {
        return Err(cx.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    cx.index_clamped(v)
}

/// `start` and `end` at places `i` and `i + 1` as positions in a sequence of length `len`. `end` is at most `len`; a
/// `start` beyond it finds nothing, not even an empty sequence.
///
/// # Errors
/// `TypeError`.
#[inline]
pub fn bounds(cx: &mut Cx, a: Args<'_>, i: usize, len: usize) -> R<(usize, usize)> {
    let start = match a.opt_not_none(i) {
        None => 0,
        Some(v) => from_end(bound(cx, v)?, len),
    };
    let end = match a.opt_not_none(i + 1) {
        None => len,
        Some(v) => from_end(bound(cx, v)?, len).min(len),
    };
    Ok((start, end))
}

/// `start` and `end` arguments before the length is known.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    start: isize,
    end: isize,
}

impl Bounds {
    /// As [`bounds`].
    pub fn within(self, len: usize) -> (usize, usize) {
        (from_end(self.start, len), from_end(self.end, len).min(len))
    }
}

/// As [`bounds`] for a sequence whose length may change while the arguments are evaluated.
///
/// # Errors
/// `TypeError`.
pub fn bounds_later(cx: &mut Cx, a: Args<'_>, i: usize) -> R<Bounds> {
    let start = a.opt_not_none(i).map_or(Ok(0), |v| bound(cx, v))?;
    let end = a.opt_not_none(i + 1).map_or(Ok(isize::MAX), |v| bound(cx, v))?;
    Ok(Bounds { start, end })
}

/// A position that may count from the end.
#[inline]
fn from_end(i: isize, len: usize) -> usize {
    if i >= 0 { i as usize } else { len.saturating_sub(i.unsigned_abs()) }
}

/// A `Py_ssize_t` argument.
///
/// # Errors
/// `TypeError`, `OverflowError`.
#[inline]
pub fn ssize(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    if let Some(i) = v.value().as_int() {
        return Ok(i as isize);
    }
    let index = cx.index(v)?;
    match crate::objects::int::to_i64(cx, index.r()) {
        Some(i) => Ok(i as isize),
        None => Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// An optional count at place `i`: none or a negative one means all.
///
/// # Errors
/// As [`ssize`].
#[inline]
pub fn limit(cx: &mut Cx, a: Args<'_>, i: usize) -> R<usize> {
    match a.opt(i) {
        None => Ok(usize::MAX),
        Some(v) => Ok(usize::try_from(ssize(cx, v)?).unwrap_or(usize::MAX)),
    }
}

/// A C `int` argument.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn c_int(cx: &mut Cx, v: Ref<'_>) -> R<i32> {
    let index = cx.index(v)?;
    match crate::objects::int::to_i64(cx, index.r()).map(i32::try_from) {
        Some(Ok(i)) => Ok(i),
        _ => Err(cx.overflow_error("Python int too large to convert to C int")),
    }
}

/// Owned values as borrowed ones.
#[inline]
pub fn refs(items: &[Obj]) -> &[Ref<'_>] {
    // SAFETY: both are transparent words, and the owners outlive the references.
    unsafe { std::slice::from_raw_parts(items.as_ptr().cast(), items.len()) }
}

/// As [`expect_str`] where `None` would have been right as well.
///
/// # Errors
/// `TypeError` ("must be str or None, not int").
pub fn expect_str_or_none<'a>(cx: &mut Cx, v: Ref<'a>) -> R<&'a PyStr> {
    match v.downcast::<PyStr>(cx) {
        Some(s) => Ok(s),
        None => Err(wrong_type(cx, v, "", "str or None")),
    }
}
