//! Reading, assigning and deleting slices of lists. Each changes the list in one step, after whatever runs Python.

use super::{PyList, access};
use crate::objects::slice::{PySlice, SliceRange, adjust};
use crate::objects::sync::{locked, locked_both};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// Start, stop and step before they are clipped.
type Bounds = (isize, isize, isize);

/// `list[slice]`.
pub(super) fn get(cx: &mut Cx, list: &PyList, slice: &PySlice) -> R {
    let bounds = slice.unpack(cx)?;
    copy_range(cx, list, bounds)
}

/// The items of an unpacked slice as a new list.
///
/// # Errors
/// `MemoryError`.
pub(crate) fn copy_range(cx: &mut Cx, list: &PyList, bounds: Bounds) -> R {
    let made = locked(cx, &list.h, || {
        let slots = list.slots();
        let range = adjust(slots.len(), bounds);
        // SAFETY: as many owned words are written as the range has places.
        unsafe { access::build(cx, range.count, |to| copy_places(cx, slots, range, to)) }
    });
    made.ok_or_else(|| cx.memory_error())
}

/// As [`copy_range`] for a list that is exclusively the caller's; `None` otherwise, or if there is no memory.
#[inline(always)]
pub(crate) fn copy_exclusive(cx: &Cx, list: &PyList, bounds: Bounds) -> Option<Obj> {
    if !cx.is_exclusive(&list.h) {
        return None;
    }
    let slots = list.slots();
    let range = adjust(slots.len(), bounds);
    // SAFETY: as many owned words are written as the range has places.
    unsafe { access::build(cx, range.count, |to| copy_places(cx, slots, range, to)) }
}

/// Writes counted copies of the items at the places of the range; how many.
///
/// # Safety
/// There is room for them at `to`; the range was clipped to the slots.
#[inline(always)]
unsafe fn copy_places(cx: &Cx, slots: &[Slot], range: SliceRange, to: *mut Value) -> usize {
    let start = range.start as usize;
    if range.step == 1 {
        // SAFETY: as the caller promises.
        unsafe { copy_counted(cx, &slots[start..start + range.count], to) };
    } else {
        for (i, place) in range.indices().enumerate() {
            // SAFETY: as above.
            unsafe { to.add(i).write(counted(cx, &slots[place])) };
        }
    }
    range.count
}

/// Writes counted copies of the items.
///
/// # Safety
/// There is room for them at `to`.
#[inline]
pub(crate) unsafe fn copy_counted(cx: &Cx, slots: &[Slot], to: *mut Value) {
    for (i, slot) in slots.iter().enumerate() {
        // SAFETY: as the caller promises.
        unsafe { to.add(i).write(counted(cx, slot)) };
    }
}

/// A counted copy of what a slot holds, as a bare word.
#[inline(always)]
fn counted(cx: &Cx, slot: &Slot) -> Value {
    let v = slot.peek();
    if v.is_ptr() {
        // SAFETY: the slot keeps the object alive.
        unsafe { (*v.ptr()).increment(cx.mutator()) };
    }
    v
}

/// `list[slice] = v`.
pub(super) fn assign(cx: &mut Cx, list: &PyList, slice: &PySlice, v: Ref<'_>) -> R<()> {
    let bounds = slice.unpack(cx)?;
    assign_range(cx, list, bounds, v)
}

/// Assigns the items of any iterable to an unpacked slice.
///
/// # Errors
/// What iterating raises, `ValueError`, `MemoryError`.
pub(crate) fn assign_range(cx: &mut Cx, list: &PyList, bounds: Bounds, v: Ref<'_>) -> R<()> {
    if bounds.2 == 1
        && let Some(done) = assign_sequence(cx, list, bounds, v)
    {
        return if done { Ok(()) } else { Err(cx.memory_error()) };
    }
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

/// A new list of the items of an exact list or tuple, read in one step; `None` for anything else. `Some(None)` if there is
/// no memory.
pub(super) fn copy_sequence(cx: &Cx, v: Ref<'_>) -> Option<Option<Obj>> {
    let id = v.header()?.shape_id();
    // SAFETY: exact instances of the types have these payloads; as many owned words are written as there is room for.
    unsafe {
        if id == Builtin::List as u32 {
            let list: &PyList = v.cast_unchecked();
            return Some(locked(cx, &list.h, || {
                let slots = list.slots();
                access::build(cx, slots.len(), |to| {
                    copy_counted(cx, slots, to);
                    slots.len()
                })
            }));
        }
        if id == Builtin::Tuple as u32 {
            let items = v.cast_unchecked::<PyTuple>().items();
            return Some(access::build(cx, items.len(), |to| {
                for (i, item) in items.iter().enumerate() {
                    to.add(i).write(item.own(cx).into_value());
                }
                items.len()
            }));
        }
    }
    None
}

/// Replaces a stretch of neighbours by the items of an exact list or tuple, which is read in the same step. `None` if the
/// source is neither or the list itself; false if there is no memory.
pub(super) fn assign_sequence(cx: &Cx, list: &PyList, bounds: Bounds, source: Ref<'_>) -> Option<bool> {
    let h = source.header()?;
    let is_list = h.shape_id() == Builtin::List as u32;
    if std::ptr::eq(h, &list.h) || !is_list && h.shape_id() != Builtin::Tuple as u32 {
        return None;
    }
    let mut removed = Removed::default();
    let done = locked_both(cx, &list.h, h, || {
        // SAFETY: the shape says which it is; both are locked, and words do not move while they are.
        let words: &[Value] = unsafe {
            match is_list {
                true => source.cast_unchecked::<PyList>().words_locked(),
                false => tuple_words(source.cast_unchecked()),
            }
        };
        let range = adjust(list.len.get(), bounds);
        let new_len = list.len.get() - range.count + words.len();
        if new_len > list.capacity.get() && !list.grow(cx, new_len) {
            return false;
        }
        for v in words.iter().filter(|v| v.is_ptr()) {
            // SAFETY: the source keeps it alive.
            unsafe { (*v.ptr()).increment(cx.mutator()) };
        }
        // SAFETY: there is room, and the references were counted just now.
        unsafe { splice_locked(cx, list, range.start as usize, range.count, words, &mut removed) };
        true
    });
    removed.drop_all(cx);
    Some(done)
}

/// Replaces neighbours by as many items of an exact list or tuple. False, and nothing done, if the numbers are not the same or
/// other threads may know either.
#[inline(always)]
pub(crate) fn replace_equally(cx: &Cx, list: &PyList, bounds: Bounds, source: Ref<'_>) -> bool {
    let Some(h) = source.header() else { return false };
    let is_list = h.shape_id() == Builtin::List as u32;
    if std::ptr::eq(h, &list.h)
        || !is_list && h.shape_id() != Builtin::Tuple as u32
        || list.h.is_published()
        || !cx.is_exclusive(&list.h)
        || !cx.is_exclusive(h)
    {
        return false;
    }
    // SAFETY: the shape says which it is; nobody else changes it.
    let words: &[Value] = unsafe {
        match is_list {
            true => source.cast_unchecked::<PyList>().words_locked(),
            false => tuple_words(source.cast_unchecked()),
        }
    };
    let slots = list.slots();
    let range = adjust(slots.len(), bounds);
    if range.count != words.len() {
        return false;
    }
    let start = range.start as usize;
    // The last one goes first, as in CPython. The end of an item runs no Python before the list is complete.
    for (slot, &v) in slots[start..start + range.count].iter().zip(words).rev() {
        if v.is_ptr() {
            // SAFETY: the source keeps it alive.
            unsafe { (*v.ptr()).increment(cx.mutator()) };
        }
        cx.drop_value(slot.swap_exclusive(v));
    }
    true
}

fn tuple_words(tuple: &PyTuple) -> &[Value] {
    let items = tuple.items();
    // SAFETY: references are words.
    unsafe { std::slice::from_raw_parts(items.as_ptr().cast(), items.len()) }
}

/// What was taken out of a list, to be dropped after the unlock. A few items need no memory of their own.
struct Removed {
    few: [Value; Removed::FEW],
    count: usize,
    more: Vec<Value>,
}

impl Removed {
    const FEW: usize = 16;

    #[inline(always)]
    fn push(&mut self, v: Value) {
        if !v.is_ptr() {
            return;
        }
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = v;
                self.count += 1;
            }
            None => self.more.push(v),
        }
    }

    fn drop_all(self, m: &Mutator) {
        // The last one first, as in CPython.
        self.more.iter().rev().chain(self.few[..self.count].iter().rev()).for_each(|&v| m.drop_value(v));
    }
}

impl Default for Removed {
    fn default() -> Removed {
        Removed { few: [Value::UNDEF; Removed::FEW], count: 0, more: Vec::new() }
    }
}

/// Replaces `count` items from `start` on by others, whose references move in; those that were there move to `removed`.
///
/// # Safety
/// The caller owns the references, and the list has room for them; `new` is no part of the list.
unsafe fn splice_locked(
    cx: &Cx,
    list: &PyList,
    start: usize,
    count: usize,
    new: &[Value],
    removed: &mut Removed,
) {
    let len = list.len.get();
    list.slots()[start..start + count].iter().for_each(|slot| removed.push(slot.peek()));
    new.iter().for_each(|&v| ungil_gc::model::publish(&list.h, v));
    let items = list.items.get();
    if !items.is_null() {
        // SAFETY: the capacity is at least both lengths; what was between has been taken out, and the places that the
        // move leaves behind are filled here or lie past the new end.
        unsafe {
            if count != new.len() {
                list.move_items(cx, start + count, start + new.len(), len - start - count);
            }
            for (i, &v) in new.iter().enumerate() {
                (*items.add(start + i)).swap_locked_word(v);
            }
        }
    }
    list.len.set(len - count + new.len());
    list.shrink(cx);
}

fn is_iterable(cx: &mut Cx, v: Ref<'_>) -> bool {
    let class = cx.class_of(v);
    class.special(cx, Special::Iter).is_some() || class.special(cx, Special::GetItem).is_some()
}

/// Replaces a stretch of neighbours by any number of items.
pub(super) fn replace(cx: &mut Cx, list: &PyList, bounds: Bounds, mut items: Vec<Obj>) -> R<()> {
    let mut removed = Removed::default();
    let done = locked(cx, &list.h, || {
        let range = adjust(list.len.get(), bounds);
        let new_len = list.len.get() - range.count + items.len();
        if new_len > list.capacity.get() && !list.grow(cx, new_len) {
            return false;
        }
        // SAFETY: there is room; the references move out of the vector, whose items are words.
        unsafe {
            let words = std::slice::from_raw_parts(items.as_ptr().cast(), items.len());
            splice_locked(cx, list, range.start as usize, range.count, words, &mut removed);
            items.set_len(0);
        }
        true
    });
    removed.drop_all(cx);
    drop(items);
    if done { Ok(()) } else { Err(cx.memory_error()) }
}

/// Replaces items that are not neighbours one by one.
fn assign_extended(cx: &mut Cx, list: &PyList, bounds: Bounds, items: Vec<Obj>) -> R<()> {
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
    let mut to = 0;
    for from in slots {
        if !from.is_empty() {
            slots[to].swap_locked_word(from.peek());
            to += 1;
        }
    }
    list.len.set(to);
    list.shrink(cx);
    old
}
