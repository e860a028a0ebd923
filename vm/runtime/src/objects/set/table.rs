//! The table of a set: entries by hash, without order.
//!
//! Probing, growth and the places of new items follow CPython's `setobject.c`, so that sets of ints are walked in the same
//! order: a stretch of [`LINEAR_PROBES`] neighbours, then a jump that perturbs the place by the hash. An entry
//! that was never used has no key and hash 0; one whose item was removed has no key and hash -1, which no item has.
//!
//! Everything here is called with the set's lock held or while it is exclusively the caller's; nothing here runs Python.

use super::PySet;
use crate::objects::dict::key::quick_equal;
use crate::prelude::*;
use std::cell::Cell;

#[repr(C)]
pub(super) struct SetEntry {
    pub(super) key: Slot,
    pub(super) hash: Cell<i64>,
}

impl SetEntry {
    #[inline(always)]
    fn is_unused(&self) -> bool {
        self.hash.get() == 0 && self.key.is_empty()
    }
}

const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;
const MIN_SIZE: usize = 8;
const REMOVED: i64 = -1;

/// A place in a probe sequence: entry `base + offset`, and the last offset of the present stretch.
#[derive(Clone, Copy)]
struct Probe {
    base: usize,
    offset: usize,
    last: usize,
    perturb: u64,
    /// The latest entry passed whose item was removed: a new item goes there.
    reusable: Option<usize>,
}

/// What looking for an item gave: the number of its entry, or of the entry where it belongs.
pub(super) enum Find {
    Found(usize),
    Missing(usize),
    /// Only Python can say whether the item is this one.
    Ask(Question),
}

/// As [`Find`], without Python.
#[derive(Clone, Copy)]
pub(super) enum Quick {
    Found,
    Missing(usize),
    Unknown,
}

/// A comparison to be made without the lock, and what is needed to go on afterwards.
pub(super) struct Question {
    pub stored: Obj,
    pub index: usize,
    version: u32,
    probe: Probe,
}

impl PySet {
    #[inline(always)]
    pub(super) fn entries(&self) -> &[SetEntry] {
        if self.table.get().is_null() {
            return &[];
        }
        // SAFETY: the table has `mask + 1` initialised entries.
        unsafe { std::slice::from_raw_parts(self.table.get(), self.mask.get() + 1) }
    }

    #[inline(always)]
    pub(super) fn entry(&self, index: usize) -> &SetEntry {
        debug_assert!(!self.table.get().is_null() && index <= self.mask.get());
        // SAFETY: probes stay within the table.
        unsafe { &*self.table.get().add(index) }
    }

    #[inline(always)]
    fn probe(&self, hash: i64) -> Probe {
        self.stretch(hash as usize & self.mask.get(), hash as u64, None)
    }

    #[inline(always)]
    fn stretch(&self, base: usize, perturb: u64, reusable: Option<usize>) -> Probe {
        let last = if base + LINEAR_PROBES <= self.mask.get() { LINEAR_PROBES } else { 0 };
        Probe { base, offset: 0, last, perturb, reusable }
    }

    #[inline(always)]
    fn advance(&self, probe: &mut Probe) {
        if probe.offset < probe.last {
            probe.offset += 1;
            return;
        }
        let perturb = probe.perturb >> PERTURB_SHIFT;
        let base = probe.base.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb as usize);
        *probe = self.stretch(base & self.mask.get(), perturb, probe.reusable);
    }

    /// Whether an item is there, if the first place where it may be tells.
    #[inline(always)]
    pub(crate) fn first_place(&self, item: Value, hash: i64) -> Option<bool> {
        let table = self.table.get();
        if table.is_null() {
            return Some(false);
        }
        // SAFETY: masked, the hash is a place in the table.
        let entry = unsafe { &*table.add(hash as usize & self.mask.get()) };
        let stored = entry.key.peek();
        if stored == item {
            return Some(true);
        }
        if entry.is_unused() { Some(false) } else { None }
    }

    /// Looks for an item.
    #[inline]
    pub(super) fn find(&self, cx: &Cx, key: Ref<'_>, hash: i64) -> Find {
        if self.table.get().is_null() {
            return Find::Missing(usize::MAX);
        }
        self.find_from(cx, key, hash, self.probe(hash))
    }

    /// As [`PySet::find`] as far as that needs no Python.
    #[inline]
    pub(super) fn find_quick(&self, cx: &Cx, key: Ref<'_>, hash: i64) -> Quick {
        let (table, mask) = (self.table.get(), self.mask.get());
        if table.is_null() {
            return Quick::Missing(usize::MAX);
        }
        let (mut base, mut perturb, mut reusable) = (hash as usize & mask, hash as u64, None);
        loop {
            let last = if base + LINEAR_PROBES <= mask { base + LINEAR_PROBES } else { base };
            let mut next = base;
            while next <= last {
                let index = next;
                next += 1;
                // SAFETY: stretches stay within the table.
                let entry = unsafe { &*table.add(index) };
                let (stored, stored_hash) = (entry.key.peek(), entry.hash.get());
                if stored_hash == hash && stored == key.value() {
                    return Quick::Found;
                }
                if stored.is_undef() {
                    if stored_hash != REMOVED {
                        return Quick::Missing(reusable.unwrap_or(index));
                    }
                    reusable = Some(index);
                } else if stored_hash == hash {
                    match quick_equal(cx, stored, key.value()) {
                        Some(false) => {}
                        Some(true) => return Quick::Found,
                        None => return Quick::Unknown,
                    }
                }
            }
            perturb >>= PERTURB_SHIFT;
            base = base.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb as usize) & mask;
        }
    }

    /// Goes on after a question whose answer was "not equal". `None`: the set has changed meanwhile.
    pub(super) fn find_after(&self, cx: &Cx, key: Ref<'_>, hash: i64, question: &Question) -> Option<Find> {
        if self.version.get() != question.version {
            return None;
        }
        let mut probe = question.probe;
        self.advance(&mut probe);
        Some(self.find_from(cx, key, hash, probe))
    }

    /// Whether the item that was asked about is still where it was, whatever else has changed.
    pub(super) fn is_current(&self, question: &Question) -> bool {
        let entry = self.entries().get(question.index);
        entry.is_some_and(|entry| entry.key.peek() == question.stored.value())
    }

    #[inline]
    fn find_from(&self, cx: &Cx, key: Ref<'_>, hash: i64, mut probe: Probe) -> Find {
        loop {
            let index = probe.base + probe.offset;
            let entry = self.entry(index);
            if entry.is_unused() {
                return Find::Missing(probe.reusable.unwrap_or(index));
            }
            if entry.hash.get() == REMOVED {
                probe.reusable = Some(index);
            } else if entry.hash.get() == hash {
                match quick_equal(cx, entry.key.peek(), key.value()) {
                    Some(true) => return Find::Found(index),
                    Some(false) => {}
                    None => return self.ask(cx, index, probe),
                }
            }
            self.advance(&mut probe);
        }
    }

    #[cold]
    fn ask(&self, cx: &Cx, index: usize, probe: Probe) -> Find {
        match self.entry(index).key.get_locked(cx) {
            Some(stored) => Find::Ask(Question { stored, index, version: self.version.get(), probe }),
            None => ungil_gc::fatal("a set's entry has a hash but no item"),
        }
    }

    #[inline(always)]
    fn touch(&self) {
        self.version.set(self.version.get().wrapping_add(1));
    }

    /// Puts a new item where [`PySet::find`] said. Gives it back if there is no memory.
    pub(super) fn insert_at(&self, cx: &Cx, index: usize, key: Obj, hash: i64) -> Result<(), Obj> {
        let mut index = index;
        if self.table.get().is_null() {
            if !self.resize(cx, 0) {
                return Err(key);
            }
            index = hash as usize & self.mask.get();
        }
        let entry = self.entry(index);
        let reused = entry.hash.get() == REMOVED;
        entry.hash.set(hash);
        entry.key.replace_locked(&self.h, key);
        self.used.set(self.used.get() + 1);
        self.touch();
        if reused {
            return Ok(());
        }
        self.fill.set(self.fill.get() + 1);
        if self.fill.get() * 5 >= self.mask.get() * 3 && !self.resize(cx, self.growth()) {
            // The item is in; the next insertion tries again, unless nothing is free any more.
            if self.fill.get() > self.mask.get() {
                return match self.take_at(index) {
                    Some(key) => Err(key),
                    None => Ok(()),
                };
            }
        }
        Ok(())
    }

    /// The size to grow to.
    fn growth(&self) -> usize {
        let used = self.used.get();
        if used > 50_000 { used * 2 } else { used * 4 }
    }

    /// Takes an item out.
    pub(super) fn take_at(&self, index: usize) -> Option<Obj> {
        let entry = self.entry(index);
        let key = entry.key.take_locked()?;
        entry.hash.set(REMOVED);
        self.used.set(self.used.get() - 1);
        self.touch();
        Some(key)
    }

    /// Takes any item out.
    pub(super) fn take_any(&self) -> Option<Obj> {
        if self.used.get() == 0 {
            return None;
        }
        let mask = self.mask.get();
        let mut index = self.finger.get() & mask;
        while self.entry(index).key.is_empty() {
            index = if index == mask { 0 } else { index + 1 };
        }
        self.finger.set(index + 1);
        self.take_at(index)
    }

    /// Makes room for `more` items at once, as CPython does before it adds another set or dict.
    pub(super) fn reserve(&self, cx: &Cx, more: usize) -> bool {
        let (mask, fill) = (self.mask.get().max(MIN_SIZE - 1), self.fill.get());
        (fill + more) * 5 < mask * 3 || self.resize(cx, (self.used.get() + more) * 2)
    }

    /// Gets rid of removed entries if there are many.
    pub(super) fn tidy(&self, cx: &Cx) {
        if self.fill.get() - self.used.get() > self.mask.get() / 4 {
            // Without memory the table stays as it is.
            self.resize(cx, self.growth());
        }
    }

    /// Moves the items to a table of more than `wanted` entries.
    pub(super) fn resize(&self, cx: &Cx, wanted: usize) -> bool {
        let mut size = MIN_SIZE;
        while size <= wanted {
            let Some(doubled) = size.checked_mul(2) else { return false };
            size = doubled;
        }
        let Some(table) = allocate(cx, size) else { return false };
        let old = OldTable { table: self.table.get(), mask: self.mask.get() };
        self.table.set(table);
        self.mask.set(size - 1);
        self.fill.set(self.used.get());
        self.touch();
        for entry in old.entries() {
            if let Some(key) = entry.key.take_locked() {
                self.insert_clean(key, entry.hash.get());
            }
        }
        old.free(cx);
        true
    }

    /// Puts an item into a table that has no removed entries and does not have the item. Counts nothing.
    fn insert_clean(&self, key: Obj, hash: i64) {
        let mut probe = self.probe(hash);
        loop {
            let entry = self.entry(probe.base + probe.offset);
            if entry.key.is_empty() {
                entry.hash.set(hash);
                entry.key.replace_locked(&self.h, key);
                return;
            }
            self.advance(&mut probe);
        }
    }

    /// Fills this empty set with items that are all different, in the order of another set's table.
    pub(super) fn fill_clean(&self, cx: &Cx, other: &PySet) -> bool {
        debug_assert_eq!(self.fill.get(), 0);
        let n = other.used.get();
        if n == 0 {
            return true;
        }
        if !self.reserve(cx, n) || (self.table.get().is_null() && !self.resize(cx, 0)) {
            return false;
        }
        if self.mask.get() == other.mask.get() && other.fill.get() == n {
            for (to, from) in self.entries().iter().zip(other.entries()) {
                if let Some(key) = from.key.get_locked(cx) {
                    to.hash.set(from.hash.get());
                    to.key.replace_locked(&self.h, key);
                }
            }
        } else {
            for entry in other.entries() {
                if let Some(key) = entry.key.get_locked(cx) {
                    self.insert_clean(key, entry.hash.get());
                }
            }
        }
        self.fill.set(n);
        self.used.set(n);
        self.touch();
        true
    }

    /// Makes the set empty and hands its table out.
    pub(super) fn take_table(&self) -> OldTable {
        let old = OldTable { table: self.table.get(), mask: self.mask.get() };
        self.table.set(std::ptr::null_mut());
        self.mask.set(0);
        self.used.set(0);
        self.fill.set(0);
        self.finger.set(0);
        self.touch();
        old
    }

    /// Makes another table the set's, which must be empty.
    pub(super) fn swap_table(&self, other: &PySet) {
        self.table.swap(&other.table);
        self.mask.swap(&other.mask);
        self.fill.swap(&other.fill);
        self.finger.swap(&other.finger);
        let used = self.used.get();
        self.used.set(other.used.get());
        other.used.set(used);
        self.touch();
        other.touch();
    }

    /// Bytes outside the object.
    pub(super) fn table_bytes(&self) -> usize {
        std::mem::size_of_val(self.entries())
    }
}

/// A table that no set refers to any more, to be emptied without a lock.
pub(super) struct OldTable {
    table: *mut SetEntry,
    mask: usize,
}

impl OldTable {
    fn entries(&self) -> &[SetEntry] {
        if self.table.is_null() {
            return &[];
        }
        // SAFETY: this table's alone, and initialised.
        unsafe { std::slice::from_raw_parts(self.table, self.mask + 1) }
    }

    /// Drops the items and frees the memory.
    pub(super) fn drop_items(self, m: &Mutator) {
        for entry in self.entries() {
            if let Some(key) = entry.key.take_locked() {
                m.drop_value(key.into_value());
            }
        }
        self.free(m);
    }

    fn free(self, m: &Mutator) {
        if !self.table.is_null() {
            // SAFETY: allocated with this size; empty and not used any more.
            unsafe { m.free_buffer(self.table.cast(), (self.mask + 1) * size_of::<SetEntry>()) };
        }
    }
}

fn allocate(m: &Mutator, size: usize) -> Option<*mut SetEntry> {
    let table = m.allocate_buffer(size.checked_mul(size_of::<SetEntry>())?).cast::<SetEntry>();
    if table.is_null() {
        return None;
    }
    for i in 0..size {
        // SAFETY: within the block.
        unsafe { table.add(i).write(SetEntry { key: Slot::empty(), hash: Cell::new(0) }) };
    }
    Some(table)
}
