//! What the rest of the VM does with lists: make, get, set, append, pop, copy.

use super::{PyList, storage_bytes};
use crate::objects::sync::{Field, locked};
use crate::objects::tuple::new_tuple_from_values;
use crate::prelude::*;
use ungil_gc::heap::MAX_BUFFER;
use ungil_locks::primitive::{AtomicPtr, AtomicUsize};

/// A new list of the items. Long ones are taken over with their memory.
#[inline]
pub fn new_list(cx: &Cx, items: Vec<Obj>) -> Obj {
    let mut items = std::mem::ManuallyDrop::new(items);
    let (first, len, capacity) = (items.as_mut_ptr(), items.len(), items.capacity());
    if capacity * size_of::<Value>() > MAX_BUFFER {
        // The memory of a vector of owned words is like a buffer of that size.
        return list_of_storage(cx, first.cast(), len, capacity);
    }
    // SAFETY: the vector's items are words, whose references move into the list.
    let list = unsafe { new_list_from_values(cx, std::slice::from_raw_parts(first.cast(), len)) };
    // SAFETY: its memory alone is left.
    unsafe { items.set_len(0) };
    drop(std::mem::ManuallyDrop::into_inner(items));
    list
}

/// A new list of owned words, whose references it takes over. Aborts the process if there is no memory.
///
/// # Safety
/// The caller gives the references up.
#[inline]
pub(crate) unsafe fn new_list_from_values(cx: &Cx, items: &[Value]) -> Obj {
    // SAFETY: as many words as there is room for.
    let list = unsafe {
        build(cx, items.len(), |to| {
            to.copy_from_nonoverlapping(items.as_ptr(), items.len());
            items.len()
        })
    };
    list.unwrap_or_else(|| ungil_gc::fatal("out of memory"))
}

/// A new list with room for `capacity` items, filled by `fill`, which says how many it wrote. `None` if there is no
/// memory.
///
/// # Safety
/// `fill` writes as many owned words as it says, at most `capacity`.
#[inline(always)]
pub(crate) unsafe fn build(cx: &Cx, capacity: usize, fill: impl FnOnce(*mut Value) -> usize) -> Option<Obj> {
    if capacity == 0 {
        return Some(list_of_storage(cx, std::ptr::null_mut(), 0, 0));
    }
    // Blocks hold an even number of words.
    let capacity = capacity.checked_add(1)? & !1;
    let items = cx.allocate_buffer(storage_bytes(capacity)?);
    if items.is_null() {
        return None;
    }
    let len = fill(items.cast());
    debug_assert!(len <= capacity);
    Some(list_of_storage(cx, items.cast(), len, capacity))
}

#[inline(always)]
fn list_of_storage(cx: &Cx, items: *mut Slot, len: usize, capacity: usize) -> Obj {
    cx.alloc(Builtin::List, |h| PyList {
        h,
        len: Field::<AtomicUsize>::new(len),
        capacity: Field::<AtomicUsize>::new(capacity),
        items: Field::<AtomicPtr<Slot>>::new(items),
    })
}

impl PyList {
    /// The number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len.get()
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items as bare words, for a thread that is exclusive.
    #[inline(always)]
    pub(crate) fn items_unlocked(&self) -> *const Value {
        self.items.get().cast()
    }

    /// The item at an index that may count from the end, borrowed from a list that other threads may change, without its lock:
    /// good until the thread's next quiescent point. `UNDEF` past the end, or if the list is being changed.
    #[inline(always)]
    pub(crate) fn shared_item(&self, index: i64) -> Value {
        // SAFETY: readers' storage is freed after they have been quiescent; `put_storage` and `set_capacity` keep the order.
        unsafe { ungil_gc::shared_item(self.items.atomic(), self.len.atomic(), index) }
    }

    /// The item at `i`, `None` past the end.
    #[inline(always)]
    pub fn get(&self, cx: &Cx, i: usize) -> Option<Obj> {
        if !cx.is_exclusive(&self.h) {
            let v = self.shared_item(i as i64);
            if !v.is_undef() {
                // SAFETY: alive until the thread is quiescent.
                return Some(unsafe { Obj::from_borrowed(v, cx) });
            }
        }
        locked(cx, &self.h, || self.slots().get(i)?.get_locked(cx))
    }

    /// Replaces the item at `i`; whether there is one.
    #[inline(always)]
    #[must_use]
    pub fn set(&self, cx: &Cx, i: usize, v: Obj) -> bool {
        let old = locked(cx, &self.h, || match self.slots().get(i) {
            Some(slot) => Ok(slot.replace_locked(&self.h, v)),
            None => Err(v),
        });
        match old {
            Ok(Some(old)) => {
                cx.drop_value(old.into_value());
                true
            }
            Ok(None) => true,
            Err(v) => {
                drop(v);
                false
            }
        }
    }

    /// Adds an item at the end. Aborts the process if there is no memory; see [`PyList::try_append`].
    #[inline(always)]
    pub fn append(&self, cx: &Cx, v: Obj) {
        if self.try_append(cx, v).is_err() {
            ungil_gc::fatal("out of memory");
        }
    }

    /// Adds an item at the end, or gives it back if there is no memory.
    #[inline(always)]
    pub fn try_append(&self, cx: &Cx, v: Obj) -> Result<(), Obj> {
        locked(cx, &self.h, || self.append_locked(cx, v))
    }

    /// As [`PyList::try_append`]; the caller holds the lock.
    #[inline(always)]
    pub(crate) fn append_locked(&self, cx: &Cx, v: Obj) -> Result<(), Obj> {
        let len = self.len.get();
        if len == self.capacity.get() && !self.grow(cx, len + 1) {
            return Err(v);
        }
        // SAFETY: the capacity is above the length. The slot is uninitialised, so it is made before it is stored to.
        let slot = unsafe {
            let slot = self.items.get().add(len);
            slot.write(Slot::empty());
            &*slot
        };
        slot.replace_locked(&self.h, v);
        self.len.set(len + 1);
        Ok(())
    }

    /// Removes and gives the last item.
    #[inline]
    pub fn pop_last(&self, cx: &Cx) -> Option<Obj> {
        self.edit(cx, |edit| edit.pop_last())
    }

    /// Runs `f` with the items, the lock held: several changes as one step. `f` runs no Python and drops no object.
    #[inline(always)]
    pub fn edit<T>(&self, cx: &Cx, f: impl FnOnce(&Edit<'_>) -> T) -> T {
        locked(cx, &self.h, || f(&Edit { list: self, cx }))
    }

    /// Counted copies of all items.
    pub fn snapshot(&self, cx: &Cx) -> Vec<Obj> {
        locked(cx, &self.h, || self.slots().iter().filter_map(|slot| slot.get_locked(cx)).collect())
    }

    /// A tuple of the items, which leave the list; that nobody else knows it is the caller's promise.
    pub(crate) fn take_tuple(&self, cx: &Cx) -> Obj {
        // References in published slots are not moved (RC-1).
        if self.h.is_published() {
            return cx.tuple(self.snapshot(cx));
        }
        let slots = self.slots();
        // SAFETY: slots are words.
        let items = unsafe { std::slice::from_raw_parts(slots.as_ptr().cast(), slots.len()) };
        let tuple = new_tuple_from_values(cx, items);
        self.len.set(0);
        tuple
    }

    /// Removes everything.
    pub fn clear(&self, cx: &Cx) {
        let old = locked(cx, &self.h, || self.take_storage());
        old.drop_backward(cx);
    }

    /// Adds items at the end. False if there is no memory; they are dropped then.
    pub fn extend(&self, cx: &Cx, items: impl ExactSizeIterator<Item = Obj>) -> bool {
        locked(cx, &self.h, || {
            let needed = self.len.get().saturating_add(items.len());
            if needed > self.capacity.get() && !self.grow(cx, needed) {
                return Err(items);
            }
            for item in items {
                // There is room, so nothing comes back.
                let _ = self.append_locked(cx, item);
            }
            Ok(())
        })
        .is_ok()
    }
}

/// A list whose lock is held, or that is exclusively the thread's; see [`PyList::edit`].
pub struct Edit<'a> {
    list: &'a PyList,
    cx: &'a Cx,
}

impl Edit<'_> {
    /// The items.
    #[inline(always)]
    pub fn slots(&self) -> &[Slot] {
        self.list.slots()
    }

    /// Replaces an item, which is there.
    #[inline]
    pub fn replace(&self, i: usize, v: Obj) -> Option<Obj> {
        self.slots()[i].replace_locked(&self.list.h, v)
    }

    /// Adds an item at the end, or gives it back if there is no memory.
    #[inline]
    pub fn append(&self, v: Obj) -> Result<(), Obj> {
        self.list.append_locked(self.cx, v)
    }

    /// Removes and gives the last item.
    #[inline]
    pub fn pop_last(&self) -> Option<Obj> {
        let last = self.slots().last()?;
        let item = last.take_locked();
        self.list.len.set(self.list.len.get() - 1);
        self.list.shrink(self.cx);
        item
    }
}
