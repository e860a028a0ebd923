//! The table of a dict: entries in the order of insertion, and an index of them by hash.
//!
//! One block of memory: `[index words][entries]`. `PyDict::entries` points at the first entry, the index lies in front
//! of it: one, two or four bytes a slot by the table's size, [`EMPTY`] where no entry was ever, [`DUMMY`] where one was
//! deleted. Open addressing with the probe sequence of CPython's `dictobject.c`. A deleted entry leaves a hole, which the
//! next resize closes.
//!
//! Everything here is called with the dict's lock held or while the dict is exclusively the caller's, but for
//! [`PyDict::shared_find`]; nothing here runs Python or drops a reference.
//!
//! A value is looked up without the lock. For that, an entry of a published dict never serves another key, a table
//! that is replaced is freed after a grace period, and while size and table do not belong together there is no table.

use super::PyDict;
use crate::objects::sync::locked;
use crate::prelude::*;
use std::cell::Cell;
use std::sync::atomic::{AtomicI8, AtomicI16, AtomicI32};
use ungil_gc::PERTURB_SHIFT;
use ungil_locks::primitive::Ordering;

/// A key and its value. A hole has neither.
#[repr(C)]
pub struct Entry {
    pub(crate) hash: Cell<i64>,
    pub(crate) key: Slot,
    pub(crate) value: Slot,
}

/// An index slot that ends a probe.
pub(super) const EMPTY: i32 = ungil_gc::EMPTY_SLOT;
/// An index slot whose entry was deleted.
const DUMMY: i32 = -2;
const MIN_LOG2: u8 = 3;
/// Most slots that a table may have: entry numbers must fit an `i32`.
const MAX_LOG2: u8 = 31;

/// Entries that fit a table of `1 << log2` slots.
#[inline(always)]
fn usable(log2: u8) -> usize {
    (2usize << log2) / 3
}

/// The least table for `n` slots.
fn log2_for_slots(n: usize) -> u8 {
    (n.max(1 << MIN_LOG2).next_power_of_two().trailing_zeros()) as u8
}

/// The least table that holds `n` entries.
pub(super) fn log2_for_entries(n: usize) -> u8 {
    log2_for_slots((n.saturating_mul(3).saturating_add(1)) / 2)
}

fn log2_index_bytes(log2: u8) -> u8 {
    match log2 {
        0..8 => log2,
        8..16 => log2 + 1,
        _ => log2 + 2,
    }
}

/// A place in a probe sequence.
#[derive(Clone, Copy)]
pub(super) struct Probe {
    slot: usize,
    perturb: u64,
}

/// What looking for a key gave.
pub(super) enum Find {
    Found(u32),
    Missing,
    /// Only Python can say whether the key is this one.
    Ask(Question),
}

/// What looking for a key without Python gave.
#[derive(Clone, Copy)]
pub(super) enum Quick {
    Found(u32),
    Missing,
    /// Only Python can say whether a key is this one.
    Unknown,
}

/// Where a key is, or where the index would say so.
pub(super) enum Place {
    Found(u32),
    /// A slot of the index, if the key is missing.
    Vacant(usize),
    /// It takes more to tell.
    Unknown,
}

/// A comparison to be made without the lock, and what is needed to go on afterwards.
pub(super) struct Question {
    pub stored: Obj,
    pub index: u32,
    version: u32,
    probe: Probe,
}

impl PyDict {
    #[inline(always)]
    pub(super) fn entry(&self, index: u32) -> &Entry {
        debug_assert!(index < self.filled.get());
        // SAFETY: entries below `filled` are initialised, and the caller holds the lock.
        unsafe { &*self.entries.get().add(index as usize) }
    }

    #[inline(always)]
    fn mask(&self) -> usize {
        (1 << self.log2_size.get()) - 1
    }

    #[inline(always)]
    fn index_start(&self) -> *mut u8 {
        // SAFETY: the index lies in front of the entries, in the same block.
        unsafe { self.entries.get().cast::<u8>().sub(1 << self.log2_index_bytes.get()) }
    }

    #[inline(always)]
    fn index_get(&self, slot: usize) -> i32 {
        let start = self.index_start();
        // SAFETY: `slot` is masked to the table's size; the width follows from the size.
        unsafe {
            match self.log2_index_bytes.get() - self.log2_size.get() {
                0 => *start.cast::<i8>().add(slot) as i32,
                1 => *start.cast::<i16>().add(slot) as i32,
                _ => *start.cast::<i32>().add(slot),
            }
        }
    }

    #[inline(always)]
    fn index_set(&self, slot: usize, index: i32) {
        let start = self.index_start();
        let order = ungil_gc::entry_number_ordering();
        // SAFETY: as in `index_get`.
        unsafe {
            match self.log2_index_bytes.get() - self.log2_size.get() {
                0 => AtomicI8::from_ptr(start.cast::<i8>().add(slot)).store(index as i8, order),
                1 => AtomicI16::from_ptr(start.cast::<i16>().add(slot)).store(index as i16, order),
                _ => AtomicI32::from_ptr(start.cast::<i32>().add(slot)).store(index, order),
            }
        }
    }

    /// The value of a key that is an immediate, an exact int or an exact string, borrowed until the thread is quiescent, from a
    /// dict that other threads may change, without its lock. `UNDEF` if the key is not there, if only Python can tell, or if
    /// the dict is being changed just there.
    #[inline]
    pub(super) fn shared_find(&self, cx: &Cx, key: Ref<'_>, hash: i64) -> Value {
        let sizes = [self.log2_size.atomic(), self.log2_index_bytes.atomic()];
        let Some((entries, [log2, log2_bytes])) = ungil_gc::shared_table(self.entries.atomic(), sizes) else {
            return Value::UNDEF;
        };
        // SAFETY: the index lies in front of the entries, in the same block, and has words of this width.
        unsafe {
            let index = entries.cast::<u8>().sub(1 << log2_bytes);
            let mask = (1usize << log2) - 1;
            match log2_bytes - log2 {
                0 => shared_walk(cx, entries, mask, key, hash, |slot| {
                    i32::from(AtomicI8::from_ptr(index.cast::<i8>().add(slot)).load(Ordering::Acquire))
                }),
                1 => shared_walk(cx, entries, mask, key, hash, |slot| {
                    i32::from(AtomicI16::from_ptr(index.cast::<i16>().add(slot)).load(Ordering::Acquire))
                }),
                _ => shared_walk(cx, entries, mask, key, hash, |slot| {
                    AtomicI32::from_ptr(index.cast::<i32>().add(slot)).load(Ordering::Acquire)
                }),
            }
        }
    }

    #[inline(always)]
    fn probe(&self, hash: i64) -> Probe {
        Probe { slot: hash as usize & self.mask(), perturb: hash as u64 }
    }

    #[inline(always)]
    fn advance(&self, probe: &mut Probe) {
        probe.perturb >>= PERTURB_SHIFT;
        probe.slot =
            probe.slot.wrapping_mul(5).wrapping_add(probe.perturb as usize).wrapping_add(1) & self.mask();
    }

    /// Walks the entries that a key of this hash may be in, until `matches` knows one to have it, or does not know.
    #[inline(always)]
    fn walk(&self, hash: i64, matches: impl Fn(&Entry) -> Option<bool>) -> Quick {
        if self.used.get() == 0 {
            return Quick::Missing;
        }
        match self.log2_index_bytes.get() - self.log2_size.get() {
            0 => self.walk_index::<i8>(hash, matches),
            1 => self.walk_index::<i16>(hash, matches),
            _ => self.walk_index::<i32>(hash, matches),
        }
    }

    /// As [`PyDict::walk`], for an index of words of one width.
    #[inline(always)]
    fn walk_index<T: Copy + Into<i32>>(&self, hash: i64, matches: impl Fn(&Entry) -> Option<bool>) -> Quick {
        let (mask, index, entries) = (self.mask(), self.index_start().cast::<T>(), self.entries.get());
        let (mut slot, mut perturb) = (hash as usize & mask, hash as u64);
        loop {
            // SAFETY: `slot` is masked to the table's size, and the index holds numbers of initialised entries.
            let number: i32 = unsafe { *index.add(slot) }.into();
            if number >= 0 {
                // SAFETY: as above.
                match matches(unsafe { &*entries.add(number as usize) }) {
                    Some(false) => {}
                    Some(true) => return Quick::Found(number as u32),
                    None => return Quick::Unknown,
                }
            } else if number == EMPTY {
                return Quick::Missing;
            }
            perturb >>= PERTURB_SHIFT;
            slot = slot.wrapping_mul(5).wrapping_add(perturb as usize).wrapping_add(1) & mask;
        }
    }

    /// The entry of a key that is an exact string; keys of other types are never equal to it.
    #[inline]
    pub(super) fn find_str(&self, cx: &Cx, key: Ref<'_>, hash: i64) -> Option<u32> {
        let found = self.walk(hash, |entry| {
            let same = entry.key.peek() == key.value()
                || entry.hash.get() == hash && super::key::same_text(cx, entry, key);
            Some(same)
        });
        match found {
            Quick::Found(index) => Some(index),
            _ => None,
        }
    }

    /// The entry of any key, as far as that needs no Python.
    #[inline]
    pub(super) fn find_quick(&self, cx: &Cx, key: Ref<'_>, hash: i64) -> Quick {
        self.walk(hash, |entry| {
            if entry.key.peek() == key.value() {
                return Some(true);
            }
            match entry.hash.get() == hash {
                false => Some(false),
                true => super::key::quick_equal(cx, entry.key.peek(), key.value()),
            }
        })
    }

    /// Where the key is, or may be entered with [`PyDict::enter`]: found by identity alone, in a small table.
    #[inline(always)]
    pub(super) fn place(&self, key: Value, hash: i64) -> Place {
        if self.log2_index_bytes.get() != self.log2_size.get() || self.entries.get().is_null() {
            return Place::Unknown;
        }
        let (mask, index, entries) = (self.mask(), self.index_start().cast::<i8>(), self.entries.get());
        let (mut slot, mut perturb) = (hash as usize & mask, hash as u64);
        loop {
            // SAFETY: as in `walk_index`, the index has words of this width.
            let number = unsafe { *index.add(slot) } as i32;
            if number >= 0 {
                // SAFETY: as above.
                let entry = unsafe { &*entries.add(number as usize) };
                if entry.key.peek() == key {
                    return Place::Found(number as u32);
                }
                if entry.hash.get() == hash {
                    return Place::Unknown;
                }
            } else {
                return if number == EMPTY { Place::Vacant(slot) } else { Place::Unknown };
            }
            perturb >>= PERTURB_SHIFT;
            slot = slot.wrapping_mul(5).wrapping_add(perturb as usize).wrapping_add(1) & mask;
        }
    }

    /// Appends an entry for a key that [`PyDict::place`] has found a vacant slot for, to a dict that is not published and has
    /// room for it.
    #[inline(always)]
    pub(super) fn enter(&self, cx: &Cx, slot: usize, key: Obj, hash: i64, value: Obj) {
        debug_assert!(!self.h.is_published() && self.free.get() != 0);
        if self.only_str.get() && !cx.is_exactly(key.r(), Builtin::Str) {
            self.only_str.set(false);
        }
        let number = self.filled.get();
        // SAFETY: as in `insert_new`; the index has words of this width.
        unsafe {
            let entry = Entry { hash: Cell::new(hash), key: Slot::new(key), value: Slot::new(value) };
            self.entries.get().add(number as usize).write(entry);
            *self.index_start().cast::<i8>().add(slot) = number as i8;
        }
        self.filled.set(number + 1);
        self.free.set(self.free.get() - 1);
        self.used.set(self.used.get() + 1);
        self.touch();
    }

    /// The entry of any key.
    #[inline]
    pub(super) fn find(&self, cx: &Cx, key: Ref<'_>, hash: i64) -> Find {
        if self.used.get() == 0 {
            return Find::Missing;
        }
        self.find_from(cx, key, hash, self.probe(hash))
    }

    /// Goes on after a question whose answer was "not equal". `None`: the dict has changed meanwhile.
    pub(super) fn find_after(&self, cx: &Cx, key: Ref<'_>, hash: i64, question: &Question) -> Option<Find> {
        if self.version.get() != question.version {
            return None;
        }
        let mut probe = question.probe;
        self.advance(&mut probe);
        Some(self.find_from(cx, key, hash, probe))
    }

    /// Whether the key that was asked about is still where it was, whatever else has changed.
    pub(super) fn is_current(&self, question: &Question) -> bool {
        let index = question.index;
        index < self.filled.get() && self.entry(index).key.peek() == question.stored.value()
    }

    #[inline]
    fn find_from(&self, cx: &Cx, key: Ref<'_>, hash: i64, mut probe: Probe) -> Find {
        loop {
            let index = self.index_get(probe.slot);
            if index >= 0 {
                let entry = self.entry(index as u32);
                if entry.key.peek() == key.value() {
                    return Find::Found(index as u32);
                }
                if entry.hash.get() == hash {
                    match super::key::quick_equal(cx, entry.key.peek(), key.value()) {
                        Some(true) => return Find::Found(index as u32),
                        Some(false) => {}
                        None => return self.ask(cx, entry, index as u32, probe),
                    }
                }
            } else if index == EMPTY {
                return Find::Missing;
            }
            self.advance(&mut probe);
        }
    }

    #[cold]
    fn ask(&self, cx: &Cx, entry: &Entry, index: u32, probe: Probe) -> Find {
        match entry.key.get_locked(cx) {
            Some(stored) => Find::Ask(Question { stored, index, version: self.version.get(), probe }),
            None => Find::Missing,
        }
    }

    /// Says that keys have changed: caches and running probes must notice.
    #[inline(always)]
    pub(super) fn touch(&self) {
        self.keys_id.forget();
        self.version.set(self.version.get().wrapping_add(1));
    }

    /// Appends an entry for a key that is not there. Hands the operands back if there is no memory.
    #[inline]
    pub(super) fn insert_new(&self, cx: &Cx, key: Obj, hash: i64, value: Obj) -> Result<(), (Obj, Obj)> {
        if self.free.get() == 0 && !self.grow(cx) {
            return Err((key, value));
        }
        if self.only_str.get() && !cx.is_exactly(key.r(), Builtin::Str) {
            self.only_str.set(false);
        }
        let index = self.filled.get();
        // SAFETY: `free` says that there is room for one more entry; it is fresh memory.
        unsafe {
            let entry = self.entries.get().add(index as usize);
            if self.h.is_published() {
                entry.write(Entry { hash: Cell::new(hash), key: Slot::empty(), value: Slot::empty() });
                (*entry).key.replace_locked(&self.h, key);
                (*entry).value.replace_locked(&self.h, value);
            } else {
                entry.write(Entry { hash: Cell::new(hash), key: Slot::new(key), value: Slot::new(value) });
            }
        }
        let mut probe = self.probe(hash);
        while self.index_get(probe.slot) >= 0 {
            self.advance(&mut probe);
        }
        self.index_set(probe.slot, index as i32);
        self.filled.set(index + 1);
        self.free.set(self.free.get() - 1);
        self.used.set(self.used.get() + 1);
        self.touch();
        Ok(())
    }

    /// Takes an entry out; key and value are the caller's to drop.
    pub(super) fn take_entry(&self, index: u32) -> (Obj, Obj) {
        let entry = self.entry(index);
        let mut probe = self.probe(entry.hash.get());
        while self.index_get(probe.slot) != index as i32 {
            self.advance(&mut probe);
        }
        self.index_set(probe.slot, DUMMY);
        self.used.set(self.used.get() - 1);
        self.touch();
        let value = entry.value.take_locked();
        match (entry.key.take_locked(), value) {
            (Some(key), Some(value)) => (key, value),
            _ => ungil_gc::fatal("a dict's index refers to a hole"),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&self, cx: &Cx) -> bool {
        self.resize(cx, log2_for_slots((self.used.get() as usize).saturating_mul(3)))
    }

    /// Gives a new dict room for `n` items. Without memory it stays as it is.
    pub fn reserve(&self, cx: &Cx, n: usize) {
        if n > usable(MIN_LOG2) {
            locked(cx, &self.h, || self.entries.get().is_null() && self.resize(cx, log2_for_entries(n)));
        }
    }

    /// Moves the entries to a table of `1 << log2` slots, which must hold them; closes holes.
    pub(super) fn resize(&self, cx: &Cx, log2: u8) -> bool {
        let Some((entries, index_log2)) = allocate(cx, log2) else { return false };
        let (old, old_log2, filled) = (self.entries.get(), self.log2_size.get(), self.filled.get());
        let mut moved = 0u32;
        for i in 0..filled as usize {
            // SAFETY: entries below `filled` are initialised; the new table has room for all that are no holes.
            unsafe {
                let from = old.add(i);
                if !(*from).key.is_empty() {
                    std::ptr::copy_nonoverlapping(from, entries.add(moved as usize), 1);
                    moved += 1;
                }
            }
        }
        debug_assert_eq!(moved, self.used.get());
        self.keys_id.forget();
        // No reader may take the new table's size for the old one's: see `shared_find`.
        self.entries.set(std::ptr::null_mut());
        self.log2_size.set(log2);
        self.log2_index_bytes.set(index_log2);
        self.entries.set(entries);
        self.filled.set(moved);
        self.free.set(usable(log2) as u32 - moved);
        self.touch();
        for i in 0..moved {
            let mut probe = self.probe(self.entry(i).hash.get());
            while self.index_get(probe.slot) >= 0 {
                self.advance(&mut probe);
            }
            self.index_set(probe.slot, i as i32);
        }
        if !old.is_null() {
            // SAFETY: the block was allocated for a table of this size, and nothing refers to it any more but readers
            // without the lock.
            unsafe { free_block(cx, old, old_log2, !cx.is_exclusive(&self.h)) };
        }
        true
    }

    /// Gives this empty dict a table like the other's, with counted copies of its entries. False if there is no memory.
    pub(super) fn clone_table(&self, cx: &Cx, other: &PyDict) -> bool {
        debug_assert!(self.entries.get().is_null());
        let (used, filled) = (other.used.get(), other.filled.get());
        if used == 0 {
            return true;
        }
        self.only_str.set(other.only_str.get());
        if used == filled && usable(other.log2_size.get()) <= 2 * used as usize + 8 {
            return self.clone_block(cx, other);
        }
        if !self.resize(cx, log2_for_entries(used as usize)) {
            return false;
        }
        for i in 0..filled {
            let entry = other.entry(i);
            if let (Some(key), Some(value)) = (entry.key.get_locked(cx), entry.value.get_locked(cx))
                && self.insert_new(cx, key, entry.hash.get(), value).is_err()
            {
                return false;
            }
        }
        true
    }

    /// As `clone_table` for a table without holes: index and entries are copied as they are.
    fn clone_block(&self, cx: &Cx, other: &PyDict) -> bool {
        let (log2, filled) = (other.log2_size.get(), other.filled.get());
        let Some((entries, index_log2)) = allocate(cx, log2) else { return false };
        // SAFETY: both indices lie in front of the entries and have this size.
        unsafe {
            let index = entries.cast::<u8>().sub(1 << index_log2);
            index.copy_from_nonoverlapping(other.index_start(), 1 << index_log2);
        }
        for i in 0..filled as usize {
            let from = other.entry(i as u32);
            // SAFETY: the new table has room for as many entries as the old one.
            let to = unsafe {
                let to = entries.add(i);
                to.write(Entry {
                    hash: Cell::new(from.hash.get()),
                    key: Slot::empty(),
                    value: Slot::empty(),
                });
                &*to
            };
            for (to, from) in [(&to.key, &from.key), (&to.value, &from.value)] {
                if let Some(v) = from.get_locked(cx) {
                    to.replace_locked(&self.h, v);
                }
            }
        }
        // Other threads may look at this dict: the table comes last, when it is complete (see `shared_find`).
        self.log2_size.set(log2);
        self.log2_index_bytes.set(index_log2);
        self.entries.set(entries);
        self.used.set(filled);
        self.filled.set(filled);
        // Not what is left by number: the index may have deleted slots, and must keep an empty one.
        self.free.set(other.free.get());
        self.touch();
        true
    }

    /// Makes the dict empty and hands its table out.
    pub(super) fn take_table(&self) -> OldTable {
        let old = OldTable {
            entries: self.entries.get(),
            log2: self.log2_size.get(),
            filled: self.filled.get() as usize,
            published: self.h.is_published(),
        };
        self.keys_id.forget();
        self.entries.set(std::ptr::null_mut());
        self.log2_size.set(0);
        self.log2_index_bytes.set(0);
        self.used.set(0);
        self.filled.set(0);
        self.free.set(0);
        self.only_str.set(true);
        self.touch();
        old
    }

    /// Bytes outside the object.
    pub(super) fn table_bytes(&self) -> usize {
        match self.entries.get().is_null() {
            true => 0,
            false => (1 << self.log2_index_bytes.get()) + usable(self.log2_size.get()) * size_of::<Entry>(),
        }
    }
}

/// See [`PyDict::shared_find`]. `number` reads the index with acquire.
///
/// # Safety
/// `entries` and the index belong to one table with so many slots, whose memory stays.
#[inline(always)]
unsafe fn shared_walk(
    cx: &Cx,
    entries: *const Entry,
    mask: usize,
    key: Ref<'_>,
    hash: i64,
    number: impl Fn(usize) -> i32,
) -> Value {
    ungil_gc::shared_walk(mask, hash, number, |n| {
        // SAFETY: the entry was complete when its number was stored.
        let entry = unsafe { &*entries.add(n as usize) };
        let stored = entry.key.peek_shared();
        let same = stored == key.value()
            || entry.hash.get() == hash
                && !stored.is_undef()
                && match super::key::quick_equal(cx, stored, key.value()) {
                    Some(same) => same,
                    None => return Some(Value::UNDEF),
                };
        same.then(|| entry.value.peek_shared())
    })
}

/// A table that no dict refers to any more, to be emptied without a lock.
pub(super) struct OldTable {
    entries: *mut Entry,
    log2: u8,
    filled: usize,
    /// Threads without the lock may be reading it.
    published: bool,
}

impl OldTable {
    /// Drops the contents, first entry first.
    pub(super) fn drop_forward(self, m: &Mutator) {
        (0..self.filled).for_each(|i| self.drop_entry(i, m));
        self.free(m);
    }

    /// Drops the contents, last entry first: for destruction by worklist, which takes the latest first.
    pub(super) fn drop_backward(self, m: &Mutator) {
        (0..self.filled).rev().for_each(|i| self.drop_entry(i, m));
        self.free(m);
    }

    #[inline(always)]
    fn drop_entry(&self, i: usize, m: &Mutator) {
        // SAFETY: initialised, and this table's alone.
        let entry = unsafe { &*self.entries.add(i) };
        m.clear_slots([&entry.key, &entry.value]);
    }

    fn free(self, m: &Mutator) {
        if !self.entries.is_null() {
            // SAFETY: allocated with this size; empty now.
            unsafe { free_block(m, self.entries, self.log2, self.published && !m.owns_everything()) };
        }
    }
}

/// Bytes of a block and the size of its index.
#[inline(always)]
fn layout(log2: u8) -> Option<(usize, u8)> {
    if log2 > MAX_LOG2 {
        return None;
    }
    let index_log2 = log2_index_bytes(log2);
    Some(((1usize << index_log2) + usable(log2) * size_of::<Entry>(), index_log2))
}

/// A block for a table, its index empty: the first entry, and the index's size.
#[inline]
fn allocate(m: &Mutator, log2: u8) -> Option<(*mut Entry, u8)> {
    let (bytes, index_log2) = layout(log2)?;
    let block = m.allocate_buffer(bytes);
    if block.is_null() {
        return None;
    }
    let index_bytes = 1usize << index_log2;
    // SAFETY: the index is at the front of the block; all ones is EMPTY in every width. It is a multiple of 8 bytes
    // long, so the entries behind it are aligned.
    unsafe {
        block.write_bytes(0xff, index_bytes);
        Some((block.add(index_bytes).cast(), index_log2))
    }
}

/// Frees a table, after a grace period if there may be readers without the lock.
///
/// # Safety
/// `entries` came from [`allocate`] with the same size and is not used any more, but by such readers.
#[inline]
unsafe fn free_block(m: &Mutator, entries: *mut Entry, log2: u8, had_readers: bool) {
    let Some((bytes, index_log2)) = layout(log2) else { return };
    // SAFETY: as the caller promises.
    unsafe {
        let block = entries.cast::<u8>().sub(1 << index_log2);
        match had_readers {
            true => m.retire_buffer(block, bytes),
            false => m.free_buffer(block, bytes),
        }
    }
}
