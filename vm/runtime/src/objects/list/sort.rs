//! `list.sort`.
//!
//! If the keys are all ints, all numbers, all strings, or tuples of such alike, comparing runs no Python, and the list
//! is sorted in place in one lock hold, so that no other thread sees it half sorted. Otherwise, as in CPython, the items
//! are taken out of the list meanwhile, and a change to the empty list is an error.

use super::{PyList, Storage, merge};
use crate::objects::dict::key::immediates_equal;
use crate::objects::int;
use crate::objects::str::{self, PyStr};
use crate::objects::sync::locked;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::cmp::Ordering;

/// `list.sort(*, key=None, reverse=False)`.
pub(super) fn method(cx: &mut Cx, a: Args<'_>) -> R {
    let reverse = match a.opt(2) {
        Some(v) => cx.truth(v)?,
        None => false,
    };
    sort(cx, a.this(), a.opt_not_none(1), reverse)?;
    Ok(cx.none())
}

/// Sorts a list.
///
/// # Errors
/// What a comparison or the key function raises; `ValueError` ("list modified during sort").
pub(crate) fn sort(cx: &mut Cx, list: &PyList, key: Option<Ref<'_>>, reverse: bool) -> R<()> {
    if key.is_none() && sort_in_place(cx, list, reverse) {
        return Ok(());
    }
    let mut storage = locked(cx, &list.h, || list.begin_sort());
    storage.leave_readers(cx);
    let result = match key {
        Some(key) => sort_by_key(cx, storage.words_mut(), key, reverse),
        None => sort_words(cx, storage.words_mut(), reverse),
    };
    // The end of a key may run Python, which may change the list: that must be noticed too.
    cx.run_pending();
    let (modified, rest) = locked(cx, &list.h, || list.end_sort(storage));
    drop(rest);
    result?;
    if modified { Err(cx.value_error("list modified during sort")) } else { Ok(()) }
}

/// Sorts without running Python if the items allow that.
fn sort_in_place(cx: &Cx, list: &PyList, reverse: bool) -> bool {
    locked(cx, &list.h, || {
        let words = list.words_locked();
        let kind = Kind::of_all(cx, &*words);
        if kind == Kind::Any {
            return false;
        }
        if cx.is_exclusive(&list.h) {
            in_direction(words, reverse, |words| kind.sort(words, |&v| v));
            return true;
        }
        // Who reads without the lock finds the list empty, and waits for the lock.
        let mut storage = list.take_storage();
        storage.leave_readers(cx);
        in_direction(storage.words_mut(), reverse, |words| kind.sort(words, |&v| v));
        list.put_storage(storage);
        true
    })
}

/// Sorts in descending order by sorting the reversed slice, so that equal items keep their order.
fn in_direction<T, U>(items: &mut [T], reverse: bool, sort: impl FnOnce(&mut [T]) -> U) -> U {
    if !reverse {
        return sort(items);
    }
    items.reverse();
    let result = sort(items);
    items.reverse();
    result
}

/// A marker for the items of a list that is being sorted: any change of the list replaces it.
fn sorting_marker() -> *mut Slot {
    std::ptr::dangling_mut()
}

impl PyList {
    fn begin_sort(&self) -> Storage {
        let storage = self.take_storage();
        self.items.set(sorting_marker());
        storage
    }

    /// Puts the items back; whether the list was changed, and what it held.
    fn end_sort(&self, storage: Storage) -> (bool, Storage) {
        let modified = self.items.get() != sorting_marker();
        let rest = self.take_storage();
        self.put_storage(storage);
        (modified, rest)
    }
}

/// An item and its key.
#[derive(Clone, Copy)]
struct Keyed {
    key: Value,
    item: Value,
}

fn sort_by_key(cx: &mut Cx, items: &mut [Value], function: Ref<'_>, reverse: bool) -> R<()> {
    let mut keys: Vec<Obj> = Vec::with_capacity(items.len());
    for &item in items.iter() {
        // SAFETY: the storage that was taken out of the list keeps its items alive.
        let item = unsafe { Ref::from_value(item) };
        keys.push(cx.call(function, &[item])?);
        cx.poll()?;
    }
    let mut pairs: Vec<Keyed> =
        keys.iter().zip(items.iter()).map(|(key, &item)| Keyed { key: key.value(), item }).collect();
    let kind = Kind::of_all(cx, pairs.iter().map(|pair| &pair.key));
    let result = in_direction(&mut pairs, reverse, |pairs| match kind {
        Kind::Any => merge::sort(pairs, |a, b| less(cx, a.key, b.key)),
        kind => {
            kind.sort(pairs, |pair| pair.key);
            Ok(())
        }
    });
    for (to, pair) in items.iter_mut().zip(&pairs) {
        *to = pair.item;
    }
    result
}

fn sort_words(cx: &mut Cx, items: &mut [Value], reverse: bool) -> R<()> {
    in_direction(items, reverse, |items| merge::sort(items, |&a, &b| less(cx, a, b)))
}

/// `a < b` for items that are being sorted.
fn less(cx: &mut Cx, a: Value, b: Value) -> R<bool> {
    // SAFETY: the storage and the keys outlive the sort.
    let (a, b) = unsafe { (Ref::from_value(a), Ref::from_value(b)) };
    if let Some(ordering) = int::compare_exact(a, b) {
        return Ok(ordering == Some(Ordering::Less));
    }
    let less = cx.compare_bool(CompareOp::Lt, a, b)?;
    cx.poll()?;
    Ok(less)
}

/// What keys have in common that makes them comparable without Python and in a total order.
#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// Immediate ints: the order of their words.
    Int,
    /// Ints, bools and floats that are no NaN, all immediate.
    Number,
    /// Exact strings.
    Text,
    /// Exact tuples of one length, with these kinds by place.
    Tuple(Vec<Kind>),
    Any,
}

impl Kind {
    fn of(cx: &Cx, v: Value) -> Kind {
        match v {
            v if v.is_int() => Kind::Int,
            v if v.is_float() && !v.float().is_nan() => Kind::Number,
            Value::TRUE | Value::FALSE => Kind::Number,
            v if v.is_ptr() => Kind::of_object(cx, v),
            _ => Kind::Any,
        }
    }

    fn of_object(cx: &Cx, v: Value) -> Kind {
        // SAFETY: keys are kept alive while they are sorted.
        let v = unsafe { Ref::from_value(v) };
        if cx.is_exactly(v, Builtin::Str) {
            return Kind::Text;
        }
        match v.downcast::<PyTuple>(cx) {
            Some(tuple) if cx.is_exactly(v, Builtin::Tuple) && tuple.len() <= 8 => {
                let parts: Vec<Kind> =
                    tuple.items().iter().map(|item| Kind::of_flat(cx, item.value())).collect();
                if parts.contains(&Kind::Any) { Kind::Any } else { Kind::Tuple(parts) }
            }
            _ => Kind::Any,
        }
    }

    /// As [`Kind::of`], tuples not looked into.
    fn of_flat(cx: &Cx, v: Value) -> Kind {
        // SAFETY: as in `of_object`.
        let is_text = v.is_ptr() && cx.is_exactly(unsafe { Ref::from_value(v) }, Builtin::Str);
        match v.is_ptr() {
            true if is_text => Kind::Text,
            true => Kind::Any,
            false => Kind::of(cx, v),
        }
    }

    /// The kind of all keys.
    fn of_all<'a>(cx: &Cx, keys: impl IntoIterator<Item = &'a Value>) -> Kind {
        let mut keys = keys.into_iter();
        let Some(&first) = keys.next() else { return Kind::Int };
        let mut common = Kind::of(cx, first);
        for &key in keys {
            if common == Kind::Any {
                break;
            }
            if common == Kind::Int && key.is_int() {
                continue;
            }
            common.join(cx, key);
        }
        common
    }

    /// Widens the kind so that it covers `key`.
    fn join(&mut self, cx: &Cx, key: Value) {
        match self {
            Kind::Int | Kind::Number => match Kind::of_flat(cx, key) {
                Kind::Int => {}
                Kind::Number => *self = Kind::Number,
                _ => *self = Kind::Any,
            },
            Kind::Text if Kind::of_flat(cx, key) != Kind::Text => *self = Kind::Any,
            Kind::Text | Kind::Any => {}
            Kind::Tuple(parts) => {
                // SAFETY: keys are kept alive while they are sorted.
                let v = unsafe { Ref::from_value(key) };
                let exact = key.is_ptr() && cx.is_exactly(v, Builtin::Tuple);
                match v.downcast::<PyTuple>(cx) {
                    Some(tuple) if exact && tuple.len() == parts.len() => {
                        parts
                            .iter_mut()
                            .zip(tuple.items())
                            .for_each(|(part, item)| part.join(cx, item.value()));
                        if parts.contains(&Kind::Any) {
                            *self = Kind::Any;
                        }
                    }
                    _ => *self = Kind::Any,
                }
            }
        }
    }

    /// Sorts by keys of this kind.
    fn sort<T>(&self, items: &mut [T], key: impl Fn(&T) -> Value) {
        match self {
            // Biased ints: the order of words is the order of ints.
            Kind::Int => items.sort_by_key(|item| key(item).0),
            Kind::Number => items.sort_by(|a, b| compare_numbers(key(a), key(b))),
            Kind::Text => items.sort_by(|a, b| compare_text(key(a), key(b))),
            kind => items.sort_by(|a, b| kind.compare(key(a), key(b))),
        }
    }

    fn compare(&self, a: Value, b: Value) -> Ordering {
        match self {
            Kind::Int => a.0.cmp(&b.0),
            Kind::Number => compare_numbers(a, b),
            Kind::Text => compare_text(a, b),
            Kind::Tuple(parts) => {
                // SAFETY: all keys were found to be tuples, and are alive.
                let (a, b) = unsafe {
                    let (a, b) = (Ref::from_value(a), Ref::from_value(b));
                    (a.cast_unchecked::<PyTuple>(), b.cast_unchecked::<PyTuple>())
                };
                parts
                    .iter()
                    .zip(a.items().iter().zip(b.items()))
                    .map(|(part, (x, y))| part.compare(x.value(), y.value()))
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or(Ordering::Equal)
            }
            Kind::Any => Ordering::Equal,
        }
    }
}

/// The order of immediate numbers, of which none is a NaN. Immediate ints are exact as floats.
fn compare_numbers(a: Value, b: Value) -> Ordering {
    fn number(v: Value) -> f64 {
        match (v.as_int(), v.as_bool()) {
            (Some(i), _) => i as f64,
            (_, Some(b)) => f64::from(u8::from(b)),
            _ => v.float(),
        }
    }
    debug_assert!(number(a) != number(b) || a == b || immediates_equal(a, b));
    number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal)
}

fn compare_text(a: Value, b: Value) -> Ordering {
    // SAFETY: all keys were found to be strings, and are alive.
    unsafe {
        let (a, b) = (Ref::from_value(a), Ref::from_value(b));
        str::compare(a.cast_unchecked::<PyStr>(), b.cast_unchecked::<PyStr>())
    }
}
