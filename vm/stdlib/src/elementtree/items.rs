//! The children of an element as a sequence: `len`, items and slices.

use super::element::{PyElement, not_an_element, slot_in};
use ungil_runtime::objects::slice::{PySlice, has_index};
use ungil_runtime::prelude::*;

/// What a subscript names.
enum Key<'a> {
    Index(isize),
    Slice(&'a PySlice),
}

fn key<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Key<'a>> {
    if has_index(cx, v) {
        return cx.index_isize(v, Builtin::IndexError).map(Key::Index);
    }
    match v.downcast::<PySlice>(cx) {
        Some(slice) => Ok(Key::Slice(slice)),
        None => Err(cx.type_error("element indices must be integers")),
    }
}

/// The place that an index stands for.
fn place(i: isize, len: usize) -> usize {
    if i < 0 { i.wrapping_add(len as isize) as usize } else { i as usize }
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyElement = a.this();
    match key(cx, a.get(1))? {
        Key::Index(i) => {
            let found = this.with(cx, |children| children.get(place(i, children.len()))?.get_locked(cx));
            found.ok_or_else(|| cx.index_error("child index out of range"))
        }
        Key::Slice(slice) => {
            let bounds = slice.unpack(cx)?;
            let found: Vec<Obj> = this.with(cx, |children| {
                let range = ungil_runtime::objects::slice::adjust(children.len(), bounds);
                range.indices().filter_map(|i| children.get(i)?.get_locked(cx)).collect()
            });
            Ok(cx.list(found))
        }
    }
}

fn setitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyElement = a.this();
    match key(cx, a.get(1))? {
        Key::Index(i) => {
            let item = a.get(2);
            let len = this.len(cx);
            if place(i, len) >= len {
                return Err(cx.index_error("child assignment index out of range"));
            }
            if item.downcast::<PyElement>(cx).is_none() {
                return Err(not_an_element(cx, item));
            }
            let item = item.own(cx);
            let old = this.with(cx, |children| match children.get(place(i, children.len())) {
                Some(slot) => Ok(slot.replace_locked(&this.h, item)),
                None => Err(item),
            });
            match old {
                Ok(_) => Ok(cx.none()),
                Err(_) => Err(cx.index_error("child assignment index out of range")),
            }
        }
        Key::Slice(slice) => {
            let bounds = slice.unpack(cx)?;
            let new = elements(cx, a.get(2))?;
            replace(cx, this, bounds, new)
        }
    }
}

/// The items of what is assigned to a slice, which must be elements.
fn elements(cx: &mut Cx, v: Ref<'_>) -> R<Vec<Obj>> {
    let items = match cx.items_if_sequence(v) {
        Some(items) => items,
        None => {
            let iterator = cx.iter(v);
            match cx.catch(iterator, Builtin::TypeError)? {
                Some(iterator) => cx.collect(iterator.r())?,
                None => return Err(cx.type_error("assignment expects an iterable")),
            }
        }
    };
    match items.iter().find(|item| item.downcast::<PyElement>(cx).is_none()) {
        Some(item) => {
            let item = item.clone();
            Err(not_an_element(cx, item.r()))
        }
        None => Ok(items),
    }
}

/// Replaces the children that a slice names.
fn replace(cx: &mut Cx, this: &PyElement, bounds: (isize, isize, isize), new: Vec<Obj>) -> R {
    let given = new.len();
    let done = this.with(cx, |children| {
        let range = ungil_runtime::objects::slice::adjust(children.len(), bounds);
        if range.step == 1 {
            let start = range.start.max(0) as usize;
            let new = new.into_iter().map(|v| slot_in(&this.h, v));
            return Ok(children.splice(start..start + range.count, new).collect());
        }
        if range.count != given {
            return Err((new, range.count));
        }
        let old = range.indices().zip(new).filter_map(|(i, v)| children[i].replace_locked(&this.h, v));
        Ok(old.map(Slot::new).collect::<Vec<Slot>>())
    });
    match done {
        Ok(old) => {
            old.into_iter().for_each(|slot| drop(slot.take_locked()));
            Ok(cx.none())
        }
        Err((_, count)) => {
            let message =
                format!("attempt to assign sequence of size {given} to extended slice of size {count}");
            Err(cx.value_error(message))
        }
    }
}

fn delitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyElement = a.this();
    let old = match key(cx, a.get(1))? {
        Key::Index(i) => {
            let old = this.with(cx, |children| {
                let at = place(i, children.len());
                (at < children.len()).then(|| children.remove(at))
            });
            if old.is_none() {
                return Err(cx.index_error("child assignment index out of range"));
            }
            old.into_iter().collect()
        }
        Key::Slice(slice) => {
            let bounds = slice.unpack(cx)?;
            this.with(cx, |children| {
                let range = ungil_runtime::objects::slice::adjust(children.len(), bounds);
                if range.step == 1 {
                    let start = range.start.max(0) as usize;
                    return children.drain(start..start + range.count).collect();
                }
                let mut gone: Vec<Slot> = Vec::new();
                let mut named = vec![false; children.len()];
                range.indices().for_each(|i| named[i] = true);
                let kept = std::mem::take(children).into_iter().zip(named);
                *children = kept
                    .filter_map(|(slot, out)| {
                        if out {
                            gone.push(slot);
                            None
                        } else {
                            Some(slot)
                        }
                    })
                    .collect();
                gone
            })
        }
    };
    old.into_iter().for_each(|slot: Slot| drop(slot.take_locked()));
    Ok(cx.none())
}

/// Adds them to the type.
pub(super) fn add(cx: &mut Cx, b: &mut TypeBuilder) {
    let len = Leaf(|cx: &Cx, a: Args<'_>| Ok(cx.int(a.this::<PyElement>().len(cx) as i64)));
    b.special(cx, Special::Len, len);
    b.special(cx, Special::GetItem, Full(getitem));
    b.special(cx, Special::SetItem, Full(setitem));
    b.special(cx, Special::DelItem, Full(delitem));
}
