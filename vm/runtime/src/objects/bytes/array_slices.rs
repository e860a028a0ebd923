//! Reading, assigning and deleting items and slices of `bytearray`. Each changes the array in one step, after whatever runs
//! Python.

use super::array::{PyByteArray, new_bytearray};
use super::array_methods::change_length;
use super::construct::{BYTEARRAY, ints};
use super::find::byte_value;
use super::methods::index;
use crate::objects::buffer::{bytes_of, is_bytes_like};
use crate::objects::slice::{PySlice, SliceRange, adjust};
use crate::objects::str::PyStr;
use crate::prelude::*;

const WHAT: &str = "bytearray";

fn place(i: isize, len: usize) -> usize {
    (if i < 0 { i.wrapping_add(len as isize) } else { i }) as usize
}

fn out_of_range(cx: &mut Cx) -> Err {
    cx.index_error("bytearray index out of range")
}

pub(crate) fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, key) = (a.this::<PyByteArray>(), a.get(1));
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        let parts = slice.unpack(cx)?;
        let taken = array.read(cx, |all| {
            let range = adjust(all.len(), parts);
            let mut out = Vec::new();
            out.try_reserve_exact(range.count).ok()?;
            match range.step {
                1 => out.extend_from_slice(all.get(range.start as usize..)?.get(..range.count)?),
                _ => out.extend(range.indices().map(|i| all[i])),
            }
            Some(out)
        });
        return match taken {
            Some(out) => Ok(new_bytearray(cx, out)),
            None => Err(cx.memory_error()),
        };
    }
    let i = index(cx, key, WHAT)?;
    match array.read(cx, |all| all.get(place(i, all.len())).copied()) {
        Some(b) => Ok(cx.int(b as i64)),
        None => Err(out_of_range(cx)),
    }
}

pub(crate) fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, key, v) = (a.this::<PyByteArray>(), a.get(1), a.get(2));
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        let parts = slice.unpack(cx)?;
        let new = new_contents(cx, v)?;
        assign(cx, array, parts, &new)?;
        return Ok(cx.none());
    }
    let i = index(cx, key, WHAT)?;
    let b = byte_value(cx, v)?;
    let stored = array.write(cx, |all| {
        let at = place(i, all.len());
        all.get_mut(at).map(|place| *place = b)
    });
    if stored.is_none() { Err(out_of_range(cx)) } else { Ok(cx.none()) }
}

/// What is to be assigned to a slice.
fn new_contents(cx: &mut Cx, v: Ref<'_>) -> R<Vec<u8>> {
    if is_bytes_like(cx, v) {
        return Ok(bytes_of(cx, v)?.into_owned());
    }
    let class = cx.class_of(v);
    let is_iterable =
        class.special(cx, Special::Iter).is_some() || class.special(cx, Special::GetItem).is_some();
    if v.value().is_int() || v.downcast::<PyStr>(cx).is_some() || !is_iterable {
        return Err(cx.type_error("can assign only bytes, buffers, or iterables of ints in range(0, 256)"));
    }
    ints(cx, v, BYTEARRAY.range)
}

/// Why an assignment to a slice is not done.
enum Refused {
    NoMemory,
    Size(usize),
}

fn assign(cx: &mut Cx, array: &PyByteArray, parts: (isize, isize, isize), new: &[u8]) -> R<()> {
    let range_in = |all: &[u8]| adjust(all.len(), parts);
    let count = array.read(cx, |all| range_in(all).count);
    let result = if count == new.len() {
        // The length stays, so exports do not matter.
        let done = array.write(cx, |all| {
            let range = range_in(all);
            let fits = range.count == new.len();
            if fits {
                range.indices().zip(new).for_each(|(i, &b)| all[i] = b);
            }
            fits
        });
        if done { Ok(()) } else { Err(Refused::Size(count)) }
    } else {
        change_length(cx, array, |storage| {
            let range = range_in(storage);
            match (range.step, range.count) {
                (1, _) => splice(storage, range, new).ok_or(Refused::NoMemory),
                (_, _) if new.is_empty() => {
                    delete(storage, range);
                    Ok(())
                }
                (_, count) => Err(Refused::Size(count)),
            }
        })?
    };
    match result {
        Ok(()) => Ok(()),
        Err(Refused::NoMemory) => Err(cx.memory_error()),
        Err(Refused::Size(count)) => {
            let n = new.len();
            let message = format!("attempt to assign bytes of size {n} to extended slice of size {count}");
            Err(cx.value_error(message))
        }
    }
}

/// Replaces a stretch by other bytes; `None` if there is no memory.
fn splice(storage: &mut Vec<u8>, range: SliceRange, new: &[u8]) -> Option<()> {
    storage.try_reserve(new.len().saturating_sub(range.count)).ok()?;
    let start = range.start as usize;
    storage.splice(start..start + range.count, new.iter().copied());
    Some(())
}

/// Removes the bytes that a slice names.
fn delete(storage: &mut Vec<u8>, range: SliceRange) {
    if range.count == 0 {
        return;
    }
    if range.step == 1 {
        let start = range.start as usize;
        storage.drain(start..start + range.count);
        return;
    }
    let (step, last) = (range.step.unsigned_abs(), range.start + (range.count as isize - 1) * range.step);
    let first = range.start.min(last) as usize;
    let past = range.start.max(last) as usize;
    let mut at = 0;
    storage.retain(|_| {
        let removed = at >= first && at <= past && (at - first).is_multiple_of(step);
        at += 1;
        !removed
    });
}

pub(super) fn delete_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, key) = (a.this::<PyByteArray>(), a.get(1));
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        let parts = slice.unpack(cx)?;
        if array.read(cx, |all| adjust(all.len(), parts).count) > 0 {
            change_length(cx, array, |storage| delete(storage, adjust(storage.len(), parts)))?;
        }
        return Ok(cx.none());
    }
    let i = index(cx, key, WHAT)?;
    if array.read(cx, |all| place(i, all.len()) >= all.len()) {
        return Err(out_of_range(cx));
    }
    let removed = change_length(cx, array, |storage| {
        let at = place(i, storage.len());
        (at < storage.len()).then(|| storage.remove(at))
    })?;
    if removed.is_none() { Err(out_of_range(cx)) } else { Ok(cx.none()) }
}
