//! Comparisons that need no Python.
//!
//! What exact instances of built-in types say is known here without a search for special methods. `None` means that only
//! the long way can tell. Called before it by `ops/compare.rs` and by the interpreter. Locks nothing: lists are looked
//! into only while they are exclusively the thread's.

use super::CompareOp;
use crate::class::Builtin;
use crate::names::Special;
use crate::objects::bytes::PyBytes;
use crate::objects::dict::key::quick_equal;
use crate::objects::int;
use crate::objects::list::PyList;
use crate::objects::set::PySet;
use crate::objects::str::{self, PyStr};
use crate::objects::tuple::PyTuple;
use crate::{Cx, Ref, RefExt, Value};

const STR: u32 = Builtin::Str as u32;
const BYTES: u32 = Builtin::Bytes as u32;
const TUPLE: u32 = Builtin::Tuple as u32;
const LIST: u32 = Builtin::List as u32;
const SET: u32 = Builtin::Set as u32;
const FROZEN_SET: u32 = Builtin::FrozenSet as u32;

/// `a op b`.
#[inline]
pub fn compare(cx: &Cx, op: CompareOp, a: Ref<'_>, b: Ref<'_>) -> Option<bool> {
    match (a.header(), b.header()) {
        (Some(x), Some(y)) if x.shape_id() == STR && y.shape_id() == STR => {
            // SAFETY: exact strings.
            let (x, y) = unsafe { (a.cast_unchecked::<PyStr>(), b.cast_unchecked::<PyStr>()) };
            Some(match op {
                CompareOp::Eq => x.same_text(y),
                CompareOp::Ne => !x.same_text(y),
                _ => op.holds(str::compare(x, y)),
            })
        }
        (Some(x), Some(y)) => compare_objects(cx, op, a, b, (x.shape_id(), y.shape_id())),
        (None, None) => match int::compare_small(a.value(), b.value()) {
            Some(order) => Some(op.holds_if_any(order)),
            None => by_identity(op, a, b),
        },
        _ => compare_mixed(cx, op, a, b),
    }
}

/// The result where nothing but identity counts; an order is an error.
#[inline]
fn by_identity(op: CompareOp, a: Ref<'_>, b: Ref<'_>) -> Option<bool> {
    match op {
        CompareOp::Eq => Some(a.is(b)),
        CompareOp::Ne => Some(!a.is(b)),
        _ => None,
    }
}

/// An immediate and an object.
fn compare_mixed(cx: &Cx, op: CompareOp, a: Ref<'_>, b: Ref<'_>) -> Option<bool> {
    if let Some(order) = int::compare_exact(a, b) {
        return Some(op.holds_if_any(order));
    }
    let object = if a.value().is_ptr() { a } else { b };
    let id = object.header()?.shape_id();
    let unrelated = matches!(id, STR | TUPLE | LIST) || has_default_equality(cx, object, op);
    if unrelated { by_identity(op, a, b) } else { None }
}

/// Whether `==` and `!=` of the object are those of `object`.
fn has_default_equality(cx: &Cx, v: Ref<'_>, op: CompareOp) -> bool {
    let (class, object) = (cx.class_of(v), cx.builtin(Builtin::Object));
    class.same_special(cx, object, Special::Eq)
        && (op == CompareOp::Eq || class.same_special(cx, object, Special::Ne))
}

fn is_exclusive(cx: &Cx, v: Ref<'_>) -> bool {
    v.header().is_some_and(|h| cx.is_exclusive(h))
}

fn compare_objects(cx: &Cx, op: CompareOp, a: Ref<'_>, b: Ref<'_>, ids: (u32, u32)) -> Option<bool> {
    match ids {
        (TUPLE, TUPLE) => {
            // SAFETY: exact tuples; references are words.
            let (x, y) = unsafe { (a.cast_unchecked::<PyTuple>(), b.cast_unchecked::<PyTuple>()) };
            let words = |t: &PyTuple| (t.items().as_ptr().cast::<Value>(), t.len());
            compare_items(cx, op, words(x), words(y))
        }
        (LIST, LIST) if is_exclusive(cx, a) && is_exclusive(cx, b) => {
            // SAFETY: exact lists.
            let (x, y) = unsafe { (a.cast_unchecked::<PyList>(), b.cast_unchecked::<PyList>()) };
            compare_items(cx, op, (x.items_unlocked(), x.len()), (y.items_unlocked(), y.len()))
        }
        (BYTES, BYTES) => {
            // SAFETY: exact bytes.
            let (x, y) = unsafe { (a.cast_unchecked::<PyBytes>(), b.cast_unchecked::<PyBytes>()) };
            Some(op.holds(x.as_bytes().cmp(y.as_bytes())))
        }
        (SET | FROZEN_SET, SET | FROZEN_SET) => {
            // SAFETY: exact sets.
            let (x, y) = unsafe { (a.cast_unchecked::<PySet>(), b.cast_unchecked::<PySet>()) };
            x.compare_quick(cx, op, y)
        }
        (STR | TUPLE | LIST, STR | TUPLE | LIST) if ids.0 != ids.1 => by_identity(op, a, b),
        // Unless that is to be warned of.
        (BYTES, STR) | (STR, BYTES) if cx.vm.config.bytes_warning == 0 => by_identity(op, a, b),
        _ => {
            if let Some(order) = int::compare_exact(a, b) {
                return Some(op.holds_if_any(order));
            }
            let plain = matches!(op, CompareOp::Eq | CompareOp::Ne)
                && has_default_equality(cx, a, op)
                && has_default_equality(cx, b, op);
            if plain { by_identity(op, a, b) } else { None }
        }
    }
}

/// Whether they are two exact tuples or two exact lists.
#[inline]
pub fn are_sequences(a: Ref<'_>, b: Ref<'_>) -> bool {
    let id = |v: Ref<'_>| v.header().map(|h| h.shape_id());
    id(a) == id(b) && matches!(id(a), Some(TUPLE | LIST))
}

/// Compares sequences item by item, as far as the items need no Python. They are not looked into deeper than tuples of
/// simple items.
fn compare_items(
    cx: &Cx,
    op: CompareOp,
    (x, x_len): (*const Value, usize),
    (y, y_len): (*const Value, usize),
) -> Option<bool> {
    if x_len != y_len && matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return Some(op == CompareOp::Ne);
    }
    for i in 0..x_len.min(y_len) {
        // SAFETY: within both; nothing here changes them.
        let (a, b) = unsafe { (*x.add(i), *y.add(i)) };
        if a == b || quick_equal(cx, a, b)? {
            continue;
        }
        return match op {
            CompareOp::Eq => Some(false),
            CompareOp::Ne => Some(true),
            _ => order_flat(op, a, b),
        };
    }
    Some(op.holds(x_len.cmp(&y_len)))
}

/// `a op b` of numbers and strings.
fn order_flat(op: CompareOp, a: Value, b: Value) -> Option<bool> {
    // SAFETY: the caller keeps both alive.
    let (a, b) = unsafe { (Ref::from_value(a), Ref::from_value(b)) };
    let exact = |v: Ref<'_>| v.header().is_some_and(|h| h.shape_id() == STR);
    if exact(a) && exact(b) {
        // SAFETY: exact strings.
        let order = unsafe { str::compare(a.cast_unchecked(), b.cast_unchecked()) };
        return Some(op.holds(order));
    }
    int::compare_exact(a, b).map(|order| op.holds_if_any(order))
}
