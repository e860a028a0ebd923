//! Hashing and comparing keys as far as it goes without Python. Used by dicts and sets, under their locks.

use super::table::Entry;
use crate::objects::bytes::PyBytes;
use crate::objects::str::PyStr;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::cmp::Ordering;

/// The hash of a string.
#[inline(always)]
pub(crate) fn str_hash(cx: &Cx, key: Ref<'_>) -> i64 {
    debug_assert!(key.downcast::<PyStr>(cx).is_some());
    // SAFETY: callers pass strings.
    unsafe { key.cast_unchecked::<PyStr>() }.hash(cx)
}

/// `hash(key)`, with a shorter way for tuples.
///
/// # Errors
/// `TypeError` ("cannot use 'x' as a dict key (...)") if the key is not hashable, or what `__hash__` raises.
#[inline]
pub(crate) fn key_hash(cx: &mut Cx, key: Ref<'_>) -> R<i64> {
    hash_for(cx, key, "dict key")
}

/// As [`key_hash`] for other uses than as a "dict key".
///
/// # Errors
/// As [`key_hash`].
#[inline]
pub(crate) fn hash_for(cx: &mut Cx, key: Ref<'_>, role: &str) -> R<i64> {
    if let Some(hash) = crate::objects::hash::known_hash(cx, key) {
        return Ok(hash);
    }
    hash_slow(cx, key, role)
}

fn hash_slow(cx: &mut Cx, key: Ref<'_>, role: &str) -> R<i64> {
    let hash = match key.downcast::<PyTuple>(cx) {
        Some(tuple) if cx.is_exactly(key, Builtin::Tuple) => tuple.hash(cx),
        _ if cx.class_of(key).same_special(cx, cx.builtin(Builtin::Object), Special::Hash) => {
            return Ok(crate::objects::hash::hash_address(key));
        }
        _ => cx.hash(key),
    };
    match hash {
        Err(err) if cx.is_exactly(err.exception(), Builtin::TypeError) => {
            let name = cx.type_name(key);
            let reason = cx.str_string(err.exception())?;
            Err(cx.type_error(format!("cannot use '{name}' as a {role} ({reason})")))
        }
        result => result,
    }
}

/// Whether an entry's key has the text of `key`, an exact string. The hashes are equal.
#[inline]
pub(super) fn same_text(cx: &Cx, entry: &Entry, key: Ref<'_>) -> bool {
    // SAFETY: the caller holds the dict's lock, so the entry keeps its key alive.
    let stored = unsafe { Ref::from_value(entry.key.peek()) };
    crate::objects::str::equal_if_both_str(cx, stored, key).unwrap_or(false)
}

/// Tuples within each other that are looked into.
const DEEPEST: u32 = 4;

/// Whether two keys of equal hash are equal, if that can be told without running Python. Bounded work.
#[inline]
pub(crate) fn quick_equal(cx: &Cx, a: Value, b: Value) -> Option<bool> {
    if a == b {
        return Some(true);
    }
    if !a.is_ptr() && !b.is_ptr() {
        return Some(immediates_equal(a, b));
    }
    // SAFETY: the caller keeps both alive.
    let (a, b) = unsafe { (Ref::from_value(a), Ref::from_value(b)) };
    let exact = |v, which| cx.is_exactly(v, which);
    match (exact(a, Builtin::Str), exact(b, Builtin::Str)) {
        (true, true) => return crate::objects::str::equal_if_both_str(cx, a, b),
        (true, false) if !b.value().is_ptr() => return Some(false),
        (false, true) if !a.value().is_ptr() => return Some(false),
        _ => {}
    }
    quick_equal_others(cx, a, b, DEEPEST)
}

/// As [`quick_equal`] where one of them at least is an object, and strings have been looked at. Apart, so that what looks for
/// immediates and strings stays small.
#[inline(never)]
fn quick_equal_others(cx: &Cx, a: Ref<'_>, b: Ref<'_>, depth: u32) -> Option<bool> {
    let both = |which| cx.is_exactly(a, which) && cx.is_exactly(b, which);
    if both(Builtin::Str) {
        return crate::objects::str::equal_if_both_str(cx, a, b);
    }
    if both(Builtin::Tuple) {
        return match depth {
            0 => None,
            _ => quick_equal_tuples(cx, a.downcast(cx)?, b.downcast(cx)?, depth - 1),
        };
    }
    if both(Builtin::Bytes) {
        let (a, b): (&PyBytes, &PyBytes) = (a.downcast(cx)?, b.downcast(cx)?);
        return Some(a.as_bytes() == b.as_bytes());
    }
    // Large ints, with each other and with floats.
    if let Some(ordering) = crate::objects::int::compare_exact(a, b) {
        return Some(ordering == Some(Ordering::Equal));
    }
    match depth > 0 && compares_as_tuple(cx, a) && compares_as_tuple(cx, b) {
        // SAFETY: the classes say that they are tuples.
        true => unsafe { quick_equal_tuples(cx, a.cast_unchecked(), b.cast_unchecked(), depth - 1) },
        false => None,
    }
}

/// Whether `v` is a tuple whose class, as that of a named tuple, has the `__eq__` of `tuple`.
fn compares_as_tuple(cx: &Cx, v: Ref<'_>) -> bool {
    let class = cx.class_of(v);
    class.has_layout::<PyTuple>() && class.same_special(cx, cx.builtin(Builtin::Tuple), Special::Eq)
}

/// As [`quick_equal`] for short tuples of simple items.
fn quick_equal_tuples(cx: &Cx, a: &PyTuple, b: &PyTuple, depth: u32) -> Option<bool> {
    const LONGEST: usize = 16;
    let (a, b) = (a.items(), b.items());
    if a.len() != b.len() {
        return Some(false);
    }
    if a.len() > LONGEST {
        return None;
    }
    for (&x, &y) in a.iter().zip(b) {
        let equal = match x.is(y) {
            true => true,
            false if !x.value().is_ptr() && !y.value().is_ptr() => immediates_equal(x.value(), y.value()),
            false => quick_equal_others(cx, x, y, depth)?,
        };
        if !equal {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether two different words that are no references are equal as Python objects.
#[inline]
pub(crate) fn immediates_equal(a: Value, b: Value) -> bool {
    let int = |v: Value| v.as_int().or_else(|| v.as_bool().map(i64::from));
    match (int(a), int(b), a.as_float(), b.as_float()) {
        (Some(x), Some(y), ..) => x == y,
        // Immediate ints are exact as floats.
        (Some(x), None, _, Some(y)) | (None, Some(x), Some(y), _) => x as f64 == y,
        (None, None, Some(x), Some(y)) => x == y,
        _ => false,
    }
}
