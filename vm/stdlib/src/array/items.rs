//! Reading, assigning and deleting items and slices. Each changes the array in one step, after whatever runs Python.

use super::object::{PyArray, Refused, reserve};
use super::{is_index, to_index};
use ungil_runtime::objects::slice::{PySlice, SliceRange, adjust};
use ungil_runtime::prelude::*;

/// Where an index points, beyond every end if before the beginning.
fn place(i: isize, len: usize) -> usize {
    (if i < 0 { i.wrapping_add(len as isize) } else { i }) as usize
}

fn key_index(cx: &mut Cx, key: Ref<'_>) -> R<isize> {
    if let Some(i) = key.value().as_int() {
        return Ok(i as isize);
    }
    if !is_index(cx, key) {
        return Err(cx.type_error("array indices must be integers"));
    }
    to_index(cx, key)
}

pub fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, key) = (a.this::<PyArray>(), a.get(1));
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        let parts = slice.unpack(cx)?;
        return sliced(cx, array, parts);
    }
    let mut i = key_index(cx, key)?;
    if i < 0 {
        i = place(i, array.len(cx)) as isize;
    }
    let found = match usize::try_from(i) {
        Ok(i) => array.get(cx, i)?,
        Err(_) => None,
    };
    found.ok_or_else(|| cx.index_error("array index out of range"))
}

fn sliced(cx: &mut Cx, array: &PyArray, parts: (isize, isize, isize)) -> R {
    let size = array.kind.size();
    let taken = array.read(cx, |storage| {
        let range = adjust(storage.len() / size, parts);
        let mut out = Vec::new();
        out.try_reserve_exact(range.count * size).ok()?;
        if range.step == 1 && range.count > 0 {
            let start = range.start as usize * size;
            out.extend_from_slice(&storage[start..start + range.count * size]);
        } else {
            range.indices().for_each(|i| out.extend_from_slice(&storage[i * size..][..size]));
        }
        Some(out)
    });
    match taken {
        Some(storage) => PyArray::make(cx, array.kind, storage),
        None => Err(cx.memory_error()),
    }
}

pub fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, key, v) = (a.this::<PyArray>(), a.get(1), a.get(2));
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        let parts = slice.unpack(cx)?;
        let new = same_kind(cx, array, v)?;
        replace(cx, array, parts, &new)?;
        return Ok(cx.none());
    }
    let i = key_index(cx, key)?;
    let len = array.len(cx);
    let out_of_range = |cx: &mut Cx| Err(cx.index_error("array assignment index out of range"));
    if place(i, len) >= len {
        return out_of_range(cx);
    }
    let item = array.kind.item(cx, v)?;
    let size = array.kind.size();
    let stored = array.write(cx, |storage| {
        let start = place(i, storage.len() / size).checked_mul(size)?;
        storage.get_mut(start..start.checked_add(size)?)?.copy_from_slice(&item[..size]);
        Some(())
    });
    if stored.is_none() { out_of_range(cx) } else { Ok(cx.none()) }
}

/// What is assigned to a slice: the contents of an array of the same kind.
fn same_kind(cx: &mut Cx, array: &PyArray, v: Ref<'_>) -> R<Vec<u8>> {
    match v.downcast::<PyArray>(cx) {
        Some(other) if other.kind == array.kind => other.snapshot(cx),
        Some(_) => Err(cx.type_error("bad argument type for built-in operation")),
        None => {
            let name = cx.type_name(v);
            Err(cx.type_error(format!("can only assign array (not \"{name}\") to array slice")))
        }
    }
}

pub fn del_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, key) = (a.this::<PyArray>(), a.get(1));
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        let parts = slice.unpack(cx)?;
        replace(cx, array, parts, &[])?;
        return Ok(cx.none());
    }
    let i = key_index(cx, key)?;
    let size = array.kind.size();
    if place(i, array.len(cx)) >= array.len(cx) {
        return Err(cx.index_error("array assignment index out of range"));
    }
    let deleted = array.resize(cx, |storage| {
        let at = place(i, storage.len() / size);
        let there = at < storage.len() / size;
        if there {
            storage.drain(at * size..(at + 1) * size);
        }
        Ok(there)
    })?;
    if !deleted {
        return Err(cx.index_error("array assignment index out of range"));
    }
    Ok(cx.none())
}

/// Puts whole items in the place of a slice.
fn replace(cx: &mut Cx, array: &PyArray, parts: (isize, isize, isize), new: &[u8]) -> R<()> {
    let size = array.kind.size();
    let needed = new.len() / size;
    // As long as the length stays, exports do not matter.
    let same_length = array.write(cx, |storage| {
        let range = adjust(storage.len() / size, parts);
        let fits = range.count == needed;
        if fits {
            range.indices().zip(new.chunks_exact(size)).for_each(|(i, item)| {
                storage[i * size..][..size].copy_from_slice(item);
            });
        }
        fits
    });
    if same_length {
        return Ok(());
    }
    let refused = array.resize(cx, |storage| change_length(storage, size, parts, new))?;
    match refused {
        None => Ok(()),
        Some(count) => Err(cx.value_error(format!(
            "attempt to assign array of size {needed} to extended slice of size {count}"
        ))),
    }
}

/// The number of items of an extended slice that does not fit.
fn change_length(
    storage: &mut Vec<u8>,
    size: usize,
    parts: (isize, isize, isize),
    new: &[u8],
) -> Result<Option<usize>, Refused> {
    let range = adjust(storage.len() / size, parts);
    if range.step == 1 {
        let start = range.start as usize * size;
        reserve(storage, new.len())?;
        storage.splice(start..start + range.count * size, new.iter().copied());
        return Ok(None);
    }
    if !new.is_empty() {
        return Ok(Some(range.count));
    }
    delete(storage, size, range);
    Ok(None)
}

/// Closes the gaps that the items of a slice leave.
fn delete(storage: &mut Vec<u8>, size: usize, range: SliceRange) {
    let mut gaps: Vec<usize> = range.indices().collect();
    if range.step < 0 {
        gaps.reverse();
    }
    let mut gaps = gaps.into_iter().peekable();
    let mut kept = 0;
    for i in 0..storage.len() / size {
        if gaps.next_if_eq(&i).is_some() {
            continue;
        }
        storage.copy_within(i * size..(i + 1) * size, kept);
        kept += size;
    }
    storage.truncate(kept);
}
