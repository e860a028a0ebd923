//! Items of the built-in containers without a search for special methods.
//!
//! Exact instances of built-in types have the methods of their type, which nobody can replace, so they are found by the
//! number of the object's shape. The functions that take `&Cx` do no more than what needs no Python and cannot fail:
//! they say so otherwise, and the caller goes the long way. Called by `ops/container.rs` and by the interpreter.

use super::bytes::{self, PyByteArray, PyBytes};
use super::dict::PyDict;
use super::dict::key::quick_equal;
use super::hash::known_hash;
use super::list::{self, PyList};
use super::set::PySet;
use super::slice::{adjust, bounds, new_slice, simple_bounds};
use super::str::{self, PyStr};
use super::tuple::{self, PyTuple};
use super::{dict, range, set};
use crate::prelude::*;

const LIST: u32 = Builtin::List as u32;
const TUPLE: u32 = Builtin::Tuple as u32;
const DICT: u32 = Builtin::Dict as u32;
const SET: u32 = Builtin::Set as u32;
const FROZEN_SET: u32 = Builtin::FrozenSet as u32;
const STR: u32 = Builtin::Str as u32;
const BYTES: u32 = Builtin::Bytes as u32;
const BYTE_ARRAY: u32 = Builtin::ByteArray as u32;
const RANGE: u32 = Builtin::Range as u32;

/// A special method of a built-in type.
type Method = fn(&mut Cx, Args<'_>) -> R;

/// `__getitem__` of an exact instance of a built-in container.
#[inline]
pub fn getter(v: Ref<'_>) -> Option<Method> {
    Some(match v.header()?.shape_id() {
        LIST => list::methods::getitem,
        TUPLE => tuple::methods::getitem,
        DICT => dict::methods::getitem,
        STR => str::get_item,
        BYTES => bytes::get_item,
        BYTE_ARRAY => bytes::array_get_item,
        RANGE => range::methods::getitem,
        _ => return None,
    })
}

/// `__setitem__`.
#[inline]
pub fn setter(v: Ref<'_>) -> Option<Method> {
    Some(match v.header()?.shape_id() {
        LIST => list::methods::setitem,
        DICT => dict::methods::setitem,
        BYTE_ARRAY => bytes::array_set_item,
        _ => return None,
    })
}

/// `__delitem__`.
#[inline]
pub fn deleter(v: Ref<'_>) -> Option<Method> {
    Some(match v.header()?.shape_id() {
        LIST => list::methods::delitem,
        DICT => dict::methods::delitem,
        _ => return None,
    })
}

/// `__contains__`.
#[inline]
pub fn membership(v: Ref<'_>) -> Option<Method> {
    Some(match v.header()?.shape_id() {
        LIST => list::methods::contains,
        TUPLE => tuple::methods::contains,
        DICT => dict::methods::contains,
        SET | FROZEN_SET => set::methods::contains,
        STR => str::contains,
        RANGE => range::methods::contains,
        _ => return None,
    })
}

/// `v[key]` where that is simple: an owned word, or `UNDEF`.
#[inline(always)]
pub fn simple_item(cx: &Cx, v: Ref<'_>, key: Ref<'_>) -> Value {
    let Some(h) = v.header() else { return Value::UNDEF };
    // SAFETY: exact instances of the types have these payloads.
    unsafe {
        match (h.shape_id(), key.value().as_int()) {
            (DICT, _) => owned(v.cast_unchecked::<PyDict>().get_simple(cx, key)),
            (STR, Some(i)) => simple_char(cx, v.cast_unchecked(), i),
            (BYTES, Some(i)) => byte(v.cast_unchecked::<PyBytes>().as_bytes(), i),
            (BYTE_ARRAY, Some(i)) => v.cast_unchecked::<PyByteArray>().read(cx, |all| byte(all, i)),
            (LIST, Some(i)) => {
                let list = v.cast_unchecked::<PyList>();
                owned(list.get(cx, place(i, list.len())))
            }
            _ => simple_item_of_heir(cx, v, key),
        }
    }
}

/// As [`simple_item`] of an instance of a class that has the `__getitem__` of `dict` (default dicts are such), `tuple` (named
/// ones) or `list`. What is not there is left to the long way, which asks `__missing__`.
#[inline(never)]
fn simple_item_of_heir(cx: &Cx, v: Ref<'_>, key: Ref<'_>) -> Value {
    let class = cx.class_of(v);
    // SAFETY: the class says what the layout is.
    unsafe {
        match key.value().as_int() {
            _ if keeps::<PyDict>(cx, class, Builtin::Dict, Special::GetItem) => {
                owned(v.cast_unchecked::<PyDict>().get_simple(cx, key))
            }
            Some(i) if keeps::<PyTuple>(cx, class, Builtin::Tuple, Special::GetItem) => {
                let items = v.cast_unchecked::<PyTuple>().items();
                items.get(place(i, items.len())).map_or(Value::UNDEF, |item| item.own(cx).into_value())
            }
            Some(i) if keeps::<PyList>(cx, class, Builtin::List, Special::GetItem) => {
                let list = v.cast_unchecked::<PyList>();
                owned(list.get(cx, place(i, list.len())))
            }
            _ => Value::UNDEF,
        }
    }
}

/// Whether a class has the layout `T`, that of a built-in type, and that type's special method.
#[inline(always)]
fn keeps<T: Object>(cx: &Cx, class: &PyType, of: Builtin, which: Special) -> bool {
    class.has_layout::<T>() && class.same_special(cx, cx.builtin(of), which)
}

#[inline(always)]
fn owned(v: Option<Obj>) -> Value {
    v.map_or(Value::UNDEF, Obj::into_value)
}

/// Where an index that may count from the end points to; past the end if nowhere.
#[inline(always)]
fn place(i: i64, len: usize) -> usize {
    (if i < 0 { i.wrapping_add(len as i64) } else { i }) as usize
}

#[inline(always)]
fn byte(all: &[u8], i: i64) -> Value {
    all.get(place(i, all.len())).map_or(Value::UNDEF, |&b| Value::from_int_unchecked(b as i64))
}

#[inline(always)]
fn simple_char(cx: &Cx, s: &PyStr, i: i64) -> Value {
    match s.as_bytes().get(place(i, s.char_len())) {
        Some(&b) if s.is_ascii() => str::new_ascii_char(cx, b).into_value(),
        Some(_) => wide_char(cx, s, place(i, s.char_len())),
        None => Value::UNDEF,
    }
}

/// A character of text that is not ASCII, if there is one of that number.
#[inline(never)]
fn wide_char(cx: &Cx, s: &PyStr, at: usize) -> Value {
    if at < s.char_len() { str::new_char(cx, s.code_point(at)).into_value() } else { Value::UNDEF }
}

/// `v[start:stop:step]` of an exact list, tuple, string or bytes where that is simple: an owned word, or `UNDEF`.
pub(crate) fn simple_slice(cx: &mut Cx, v: Ref<'_>, parts: [Value; 3]) -> Value {
    let id = v.header().map_or(0, |h| h.shape_id());
    if !matches!(id, LIST | TUPLE | STR | BYTES) {
        return Value::UNDEF;
    }
    let Some(bounds) = simple_bounds(parts) else { return Value::UNDEF };
    if id == LIST {
        // SAFETY: an exact list.
        return owned(unsafe { list::slices::copy_exclusive(cx, v.cast_unchecked(), bounds) });
    }
    part_of(cx, v, id, bounds).map_or(Value::UNDEF, Obj::into_value)
}

/// `v[key] = item` where that is simple; whether it was.
#[inline(always)]
pub fn set_simple(cx: &Cx, v: Ref<'_>, key: Ref<'_>, item: Ref<'_>) -> bool {
    let Some(h) = v.header() else { return false };
    // SAFETY: exact instances of the types have these payloads.
    unsafe {
        match h.shape_id() {
            DICT => v.cast_unchecked::<PyDict>().set_simple(cx, key, item),
            LIST => match key.value().as_int() {
                Some(i) => {
                    let list = v.cast_unchecked::<PyList>();
                    // Another thread may change the length meanwhile: then the slow path looks again.
                    list.set(cx, place(i, list.len()), item.own(cx))
                }
                None => false,
            },
            BYTE_ARRAY => match (key.value().as_int(), item.value().as_int()) {
                (Some(i), Some(b @ 0..=255)) => v.cast_unchecked::<PyByteArray>().write(cx, |all| {
                    let at = place(i, all.len());
                    all.get_mut(at).map(|place| *place = b as u8).is_some()
                }),
                _ => false,
            },
            _ => {
                keeps::<PyDict>(cx, cx.class_of(v), Builtin::Dict, Special::SetItem)
                    && v.cast_unchecked::<PyDict>().set_simple(cx, key, item)
            }
        }
    }
}

/// `item in v` where that is simple.
#[inline]
pub fn contains_simple(cx: &Cx, v: Ref<'_>, item: Ref<'_>) -> Option<bool> {
    // SAFETY: exact instances of the types have these payloads.
    unsafe {
        match v.header()?.shape_id() {
            DICT => v.cast_unchecked::<PyDict>().contains_simple(cx, item, known_hash(cx, item)?),
            SET | FROZEN_SET => v.cast_unchecked::<PySet>().contains_simple(cx, item, known_hash(cx, item)?),
            TUPLE => {
                let items = v.cast_unchecked::<PyTuple>().items();
                find_simple(cx, items.iter().map(|v| v.value()), item)
            }
            LIST if v.header().is_some_and(|h| cx.is_exclusive(h)) => {
                let slots = v.cast_unchecked::<PyList>().slots();
                find_simple(cx, slots.iter().map(Slot::peek), item)
            }
            STR if item.header()?.shape_id() == STR => {
                Some(str::contains_str(v.cast_unchecked(), item.cast_unchecked()))
            }
            _ if keeps::<PyDict>(cx, cx.class_of(v), Builtin::Dict, Special::Contains) => {
                v.cast_unchecked::<PyDict>().contains_simple(cx, item, known_hash(cx, item)?)
            }
            _ => None,
        }
    }
}

/// Whether an item is among others; `None` as soon as only Python can tell.
#[inline]
fn find_simple(cx: &Cx, items: impl Iterator<Item = Value>, item: Ref<'_>) -> Option<bool> {
    for candidate in items {
        if quick_equal(cx, candidate, item.value())? {
            return Some(true);
        }
    }
    Some(false)
}

/// `v[start:stop]`, without a slice object for exact instances of built-in sequences.
///
/// # Errors
/// As `v[slice(start, stop)]`.
pub fn get_slice(cx: &mut Cx, v: Ref<'_>, start: Ref<'_>, stop: Ref<'_>) -> R {
    let id = v.header().map_or(0, |h| h.shape_id());
    if !matches!(id, LIST | TUPLE | STR | BYTES) {
        let key = new_slice(cx, start.own(cx), stop.own(cx), cx.none());
        return cx.get_item(v, key.r());
    }
    let bounds = bounds(cx, start, stop)?;
    part_of(cx, v, id, bounds)
}

/// The items that an unpacked slice names of an exact list, tuple, string or bytes, whose type's number is `id`.
#[inline(always)]
fn part_of(cx: &mut Cx, v: Ref<'_>, id: u32, bounds: (isize, isize, isize)) -> R {
    // SAFETY: exact instances of the types have these payloads.
    unsafe {
        match id {
            LIST => list::slices::copy_range(cx, v.cast_unchecked(), bounds),
            TUPLE => {
                let range = adjust(v.cast_unchecked::<PyTuple>().len(), bounds);
                Ok(tuple::methods::range_of(cx, v, range))
            }
            STR => {
                let s: &PyStr = v.cast_unchecked();
                str::slice_of(cx, s, adjust(s.char_len(), bounds))
            }
            _ => {
                let b: &PyBytes = v.cast_unchecked();
                let range = adjust(b.len(), bounds);
                bytes::range_of(cx, b, range)
            }
        }
    }
}

/// `v[start:stop] = items` where that is simple: the list and the sequence are exclusive, and as many items go as come.
/// Whether it was.
#[inline(always)]
pub(crate) fn set_slice_simple(cx: &Cx, v: Ref<'_>, parts: [Value; 3], items: Ref<'_>) -> bool {
    if v.header().is_none_or(|h| h.shape_id() != LIST) {
        return false;
    }
    // SAFETY: an exact list.
    let list = unsafe { v.cast_unchecked() };
    simple_bounds(parts).is_some_and(|bounds| list::slices::replace_equally(cx, list, bounds, items))
}

/// `v[start:stop] = items`, as [`get_slice`].
///
/// # Errors
/// As `v[slice(start, stop)] = items`.
pub fn set_slice(cx: &mut Cx, v: Ref<'_>, start: Ref<'_>, stop: Ref<'_>, items: Ref<'_>) -> R<()> {
    if v.header().is_some_and(|h| h.shape_id() == LIST) {
        let bounds = bounds(cx, start, stop)?;
        // SAFETY: an exact list.
        return list::slices::assign_range(cx, unsafe { v.cast_unchecked() }, bounds, items);
    }
    let key = new_slice(cx, start.own(cx), stop.own(cx), cx.none());
    cx.set_item(v, key.r(), items)
}
