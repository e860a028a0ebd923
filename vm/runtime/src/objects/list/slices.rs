//! Reading, assigning and deleting slices of lists. Each changes the list in one step, after whatever runs Python.

use super::PyList;
use crate::objects::slice::{PySlice, SliceRange, adjust};
use crate::objects::sync::locked;
use crate::prelude::*;

/// `list[slice]`.
pub(super) fn get(cx: &mut Cx, list: &PyList, slice: &PySlice) -> R {
    let bounds = slice.unpack(cx)?;
    let items = locked(cx, &list.h, || {
        let slots = list.slots();
        let range = adjust(slots.len(), bounds);
        let mut items = Vec::with_capacity(range.count);
        if range.step == 1 {
            let start = range.start as usize;
            items.extend(slots[start..start + range.count].iter().filter_map(|slot| slot.get_locked(cx)));
        } else {
            items.extend(range.indices().filter_map(|i| slots[i].get_locked(cx)));
        }
        items
    });
    Ok(cx.list(items))
}

/// `list[slice] = v`.
pub(super) fn assign(cx: &mut Cx, list: &PyList, slice: &PySlice, v: Ref<'_>) -> R<()> {
    let bounds = slice.unpack(cx)?;
    let items = match cx.collect(v) {
        Err(err) if cx.is_error(&err, Builtin::TypeError) && !is_iterable(cx, v) => {
            return Err(cx.type_error("must assign iterable to extended slice"));
        }
        result => result?,
    };
    if bounds.2 == 1 {
        return replace(cx, list, bounds, items);
    }
    assign_extended(cx, list, bounds, items)
}

fn is_iterable(cx: &mut Cx, v: Ref<'_>) -> bool {
    let class = cx.class_of(v);
    class.special(cx, Special::Iter).is_some() || class.special(cx, Special::GetItem).is_some()
}

/// Replaces a stretch of neighbours by any number of items.
pub(super) fn replace(cx: &mut Cx, list: &PyList, bounds: (isize, isize, isize), items: Vec<Obj>) -> R<()> {
    let old = locked(cx, &list.h, || {
        let range = adjust(list.len.get(), bounds);
        replace_locked(cx, list, range.start as usize, range.count, items)
    });
    match old {
        Ok(old) => {
            drop(old);
            Ok(())
        }
        Err(items) => {
            drop(items);
            Err(cx.memory_error())
        }
    }
}

/// Replaces `count` items from `start` on, gives those that were there, or the new ones if there is no memory.
fn replace_locked(
    cx: &Cx,
    list: &PyList,
    start: usize,
    count: usize,
    items: Vec<Obj>,
) -> Result<Vec<Obj>, Vec<Obj>> {
    let (len, new) = (list.len.get(), items.len());
    let new_len = len - count + new;
    if new_len > list.capacity.get() && !list.grow(cx, new_len) {
        return Err(items);
    }
    let slots = list.slots();
    let old: Vec<Obj> = slots[start..start + count].iter().filter_map(Slot::take_locked).collect();
    if !list.items.get().is_null() {
        // SAFETY: the capacity is at least both lengths; what was between has been taken out, and the places that the
        // move leaves behind are filled below or lie past the new end.
        unsafe {
            let items = list.items.get();
            std::ptr::copy(items.add(start + count), items.add(start + new), len - start - count);
        }
    }
    list.len.set(new_len);
    for (i, item) in items.into_iter().enumerate() {
        // SAFETY: within the capacity; what the place holds is no reference of the list any more.
        let slot = unsafe {
            let slot = list.items.get().add(start + i);
            slot.write(Slot::empty());
            &*slot
        };
        slot.replace_locked(&list.h, item);
    }
    list.shrink(cx);
    Ok(old)
}

/// Replaces items that are not neighbours one by one.
fn assign_extended(cx: &mut Cx, list: &PyList, bounds: (isize, isize, isize), items: Vec<Obj>) -> R<()> {
    let new = items.len();
    let old = locked(cx, &list.h, || {
        let slots = list.slots();
        let range = adjust(slots.len(), bounds);
        if range.count != new {
            return Err((range.count, items));
        }
        let replaced = range.indices().zip(items);
        Ok(replaced.filter_map(|(i, item)| slots[i].replace_locked(&list.h, item)).collect::<Vec<_>>())
    });
    match old {
        Ok(old) => {
            drop(old);
            Ok(())
        }
        Err((count, items)) => {
            drop(items);
            Err(cx.value_error(format!(
                "attempt to assign sequence of size {new} to extended slice of size {count}"
            )))
        }
    }
}

/// `del list[slice]`.
pub(super) fn delete(cx: &mut Cx, list: &PyList, slice: &PySlice) -> R<()> {
    let bounds = slice.unpack(cx)?;
    if bounds.2 == 1 {
        return replace(cx, list, bounds, Vec::new());
    }
    let old = locked(cx, &list.h, || delete_extended(cx, list, adjust(list.len.get(), bounds)));
    drop(old);
    Ok(())
}

fn delete_extended(cx: &Cx, list: &PyList, range: SliceRange) -> Vec<Obj> {
    let slots = list.slots();
    let old: Vec<Obj> = range.indices().filter_map(|i| slots[i].take_locked()).collect();
    if old.is_empty() {
        return old;
    }
    // Close the holes.
    let words = list.words_locked();
    let mut to = 0;
    for from in 0..words.len() {
        if !words[from].is_undef() {
            words[to] = words[from];
            to += 1;
        }
    }
    list.len.set(to);
    list.shrink(cx);
    old
}
