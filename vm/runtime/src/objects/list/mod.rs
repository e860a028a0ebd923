//! `list`: a growable array of items.
//!
//! - `access.rs`: what the rest of the VM does with lists; `methods.rs`, `slices.rs`: Python's methods
//! - `sort.rs`, `merge.rs`: `list.sort`
//!
//! The object's lock guards length, capacity and items. What leaves the list is dropped after the unlock; nothing keeps a
//! pointer into the items across a call that may run Python.
//!
//! A single item is read without the lock ([`PyList::shared_item`]). For that, the storage of a published list is freed
//! after a grace period, the length never exceeds the capacity of the storage that is in place, in the order in which both are
//! stored, and items change places word by word.

mod access;
pub(crate) mod iter;
mod merge;
pub(crate) mod methods;
pub(crate) mod slices;
pub(crate) mod sort;

pub use access::{Edit, new_list};
pub(crate) use access::{build, new_list_from_values};
pub use methods::{declare, init, list_from, repeated, repetitions};

use crate::objects::sync::Field;
use crate::prelude::*;
use ungil_locks::primitive::{AtomicPtr, AtomicUsize};

/// A list. The interpreter's handlers read and write its fields while they are exclusive.
#[repr(C)]
pub struct PyList {
    pub h: Header,
    pub(crate) len: Field<AtomicUsize>,
    pub(crate) capacity: Field<AtomicUsize>,
    /// The items; null while the capacity is 0.
    pub(crate) items: Field<AtomicPtr<Slot>>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyList {
    const OPS: &'static TypeOps = &LIST_OPS;
}

pub static LIST_OPS: TypeOps = TypeOps {
    name: "list",
    size: |_| size_of::<PyList>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a list that nobody changes meanwhile.
    let list = unsafe { &*h.cast::<PyList>() };
    // What is no object is not worth the call: it may be millions of numbers.
    list.slots().iter().map(Slot::peek).filter(|v| v.is_ptr()).for_each(visit);
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the list is this thread's alone.
    let list = unsafe { &*h.cast::<PyList>() };
    let (items, len, capacity) = (list.items.get(), list.len.get(), list.capacity.get());
    list.len.set(0);
    list.items.set(std::ptr::null_mut());
    list.capacity.set(0);
    // Destruction by worklist takes the latest first: the last item goes first, as in CPython.
    // SAFETY: the first `len` items are initialised; their references are given up.
    let item = |i| unsafe { (*items.add(i)).peek() };
    match m.owns_everything() {
        true => (0..len).for_each(|i| m.drop_value_solo(item(i))),
        false => (0..len).for_each(|i| m.drop_value(item(i))),
    }
    // SAFETY: nothing refers to the memory any more.
    unsafe { free_storage(m, items, capacity, list.h.is_published()) };
}

impl PyList {
    fn empty(h: Header) -> PyList {
        PyList {
            h,
            len: Field::<AtomicUsize>::new(0),
            capacity: Field::<AtomicUsize>::new(0),
            items: Field::<AtomicPtr<Slot>>::new(std::ptr::null_mut()),
        }
    }

    /// The items, while the lock is held or the list is exclusively the caller's.
    #[inline(always)]
    pub(crate) fn slots(&self) -> &[Slot] {
        let (items, len) = (self.items.get(), self.len.get());
        if len == 0 {
            return &[];
        }
        // SAFETY: the first `len` items are initialised.
        unsafe { std::slice::from_raw_parts(items, len) }
    }

    /// Makes the list empty and hands its storage out. The caller holds the lock.
    pub(super) fn take_storage(&self) -> Storage {
        let storage = Storage {
            items: self.items.get(),
            len: self.len.get(),
            capacity: self.capacity.get(),
            published: self.h.is_published(),
        };
        self.len.set(0);
        self.items.set(std::ptr::null_mut());
        self.capacity.set(0);
        storage
    }

    /// Makes the storage the list's, which is empty. The caller holds the lock.
    pub(super) fn put_storage(&self, storage: Storage) {
        debug_assert_eq!(self.capacity.get(), 0);
        self.items.set(storage.items);
        self.capacity.set(storage.capacity);
        self.len.set(storage.len);
        std::mem::forget(storage);
    }

    /// Makes room for `needed` items in all, and some more so that appending is cheap: CPython's growth, and twice that where the
    /// storage is not grown in place but copied, for the sake of readers without the lock. False if there is no memory. The
    /// caller holds the lock.
    #[cold]
    #[inline(never)]
    pub(super) fn grow(&self, cx: &Cx, needed: usize) -> bool {
        let more = if cx.is_exclusive(&self.h) { needed >> 3 } else { needed >> 2 };
        let generous = needed.saturating_add(more).saturating_add(6) & !3;
        // A list that grows by a lot at once gets what it needs.
        let exact = needed.saturating_add(3) & !3;
        let capacity = if needed - self.len.get() > generous - needed { exact } else { generous };
        self.set_capacity(cx, capacity)
    }

    /// Changes the capacity to at least the length. False if there is no memory. The caller holds the lock.
    pub(super) fn set_capacity(&self, cx: &Cx, capacity: usize) -> bool {
        debug_assert!(capacity >= self.len.get());
        let Some(bytes) = storage_bytes(capacity) else { return false };
        let (old_items, old_capacity) = (self.items.get(), self.capacity.get());
        if capacity == 0 {
            self.items.set(std::ptr::null_mut());
            self.capacity.set(0);
            // SAFETY: the storage was allocated with this capacity; no item is left.
            unsafe { free_storage(cx, old_items, old_capacity, self.h.is_published()) };
            return true;
        }
        let exclusive = cx.is_exclusive(&self.h);
        // SAFETY: as above; the new size is not zero.
        let items = unsafe {
            match old_capacity {
                n if n == 0 || !exclusive => cx.allocate_buffer(bytes),
                n => cx.resize_buffer(old_items.cast(), n * size_of::<Slot>(), bytes),
            }
        };
        if items.is_null() {
            return false;
        }
        let items = items.cast::<Slot>();
        if !exclusive && old_capacity != 0 {
            // SAFETY: both have room for the items, and the old storage is used by readers without the lock alone.
            unsafe {
                items.copy_from_nonoverlapping(old_items, self.len.get());
                self.items.set(items);
                free_storage(cx, old_items, old_capacity, true);
            }
        }
        self.items.set(items);
        self.capacity.set(capacity);
        true
    }

    /// Moves `count` items from one place on to another one on, which may overlap, and counts nothing. The caller holds the lock.
    ///
    /// # Safety
    /// Both stretches lie within the capacity.
    pub(super) unsafe fn move_items(&self, cx: &Cx, from: usize, to: usize, count: usize) {
        let items = self.items.get();
        // SAFETY: as the caller promises. Whoever reads without the lock finds whole words, so they move one by one then.
        unsafe {
            let move_one = |i: usize| {
                let v = (*items.add(from + i)).peek();
                (*items.add(to + i)).swap_locked_word(v);
            };
            match cx.is_exclusive(&self.h) {
                true => std::ptr::copy(items.add(from), items.add(to), count),
                false if from < to => (0..count).rev().for_each(move_one),
                false => (0..count).for_each(move_one),
            }
        }
    }

    /// Gives memory back when less than half of it is used. The caller holds the lock.
    pub(super) fn shrink(&self, cx: &Cx) {
        let (len, capacity) = (self.len.get(), self.capacity.get());
        if len < capacity / 2 {
            let wanted = if len == 0 { 0 } else { (len + (len >> 3) + 6) & !3 };
            self.set_capacity(cx, wanted.min(capacity));
        }
    }
}

/// Items and their memory, taken out of a list.
pub(super) struct Storage {
    items: *mut Slot,
    len: usize,
    capacity: usize,
    /// Threads without the lock may be reading it.
    published: bool,
}

impl Storage {
    /// Sees to it that nobody reads the storage without the lock: what readers may have found stays as it is, for them. Without
    /// memory nothing changes.
    pub(super) fn leave_readers(&mut self, m: &Mutator) {
        if !self.published || m.owns_everything() || self.capacity == 0 {
            return;
        }
        let new = m.allocate_buffer(self.capacity * size_of::<Slot>()).cast::<Slot>();
        if !new.is_null() {
            // SAFETY: both have room for the items; the old storage is for readers alone from here on.
            unsafe {
                new.copy_from_nonoverlapping(self.items, self.len);
                free_storage(m, std::mem::replace(&mut self.items, new), self.capacity, true);
            }
        }
    }

    /// The words of the items, whose references are the storage's.
    pub(super) fn words_mut(&mut self) -> &mut [Value] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: initialised and this storage's alone; slots are words.
        unsafe { std::slice::from_raw_parts_mut(self.items.cast(), self.len) }
    }

    /// Drops the items, last one first.
    pub(super) fn drop_backward(self, m: &Mutator) {
        let mut this = std::mem::ManuallyDrop::new(self);
        this.words_mut().iter().rev().for_each(|&v| m.drop_value(v));
        // SAFETY: the references are given up; nothing refers to the memory any more.
        unsafe { free_storage(m, this.items, this.capacity, this.published) };
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        let m = Mutator::current();
        self.words_mut().iter().for_each(|&v| m.drop_value(v));
        // SAFETY: allocated with this capacity; the references are given up, and nothing refers to it any more.
        unsafe { free_storage(m, self.items, self.capacity, self.published) };
    }
}

/// Bytes of storage for so many items.
#[inline(always)]
pub(super) fn storage_bytes(capacity: usize) -> Option<usize> {
    capacity.checked_mul(size_of::<Slot>())
}

/// # Safety
/// `items` is storage of that capacity which is not used any more, but by readers without the lock if it was a `published`
/// list's.
#[inline(always)]
unsafe fn free_storage(m: &Mutator, items: *mut Slot, capacity: usize, published: bool) {
    if capacity == 0 {
        return;
    }
    let bytes = capacity * size_of::<Slot>();
    // SAFETY: as the caller promises.
    unsafe {
        match published && !m.owns_everything() {
            true => m.retire_buffer(items.cast(), bytes),
            false => m.free_buffer(items.cast(), bytes),
        }
    }
}
