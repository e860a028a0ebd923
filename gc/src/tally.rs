//! What a thread that is not alone has counted of published objects and not yet entered in their headers.
//!
//! A count in the header is a cache line that all threads which use the object wait for. So a thread counts the references
//! of its own, those in its registers, handles and confined containers, in a table of its own. Only what is left over is
//! entered, with an atomic operation: when the thread comes to a quiescent point where others wait for that, when it
//! detaches, when a reference moves into a published container, and when the table has no room (deferred
//! reference counting, Deutsch and Bobrow 1976, in the form of coalesced counts, Levanoni and Petrank 2001). Used by
//! `model/confined.rs`; touched by its thread alone, or by others with the world stopped.
//!
//! **Invariant.** The count of an object's header and what all tables say of it make up its references. A table
//! says at most as many as its thread has private ones, never less than none; so every reference in a published slot is counted
//! in the header (RC-1).

use crate::{Header, model};
use std::cell::Cell;
use ungil_locks::primitive::entries;

/// Entries of a table. A power of two.
const ENTRIES: usize = if model::PUBLISHES { entries(512) } else { 2 };

struct Entry {
    /// By address: an object that has died and another one at its place are the same here, as neither is counted.
    object: Cell<*const Header>,
    extra: Cell<i64>,
}

/// See the module's head.
pub struct Tallies {
    entries: [Entry; ENTRIES],
    /// Which entries are in use, in the order in which they came into use.
    used: [Cell<u16>; ENTRIES],
    len: Cell<usize>,
}

impl Default for Tallies {
    fn default() -> Self {
        Tallies {
            entries: std::array::from_fn(|_| Entry {
                object: Cell::new(std::ptr::null()),
                extra: Cell::new(0),
            }),
            used: std::array::from_fn(|_| Cell::new(0)),
            len: Cell::new(0),
        }
    }
}

impl Tallies {
    /// The number of an object's entry.
    #[inline(always)]
    fn place(h: *const Header) -> usize {
        // Fibonacci hashing: the number is that of the golden ratio, and the upper bits of the product depend on all bits
        // below. Objects that lie side by side come to lie far from each other. The offset of the entry takes a multiplication,
        // a shift and a mask.
        ((h.addr() as u32).wrapping_mul(0x9E37_79B1) >> (u32::BITS - ENTRIES.ilog2())) as usize
    }

    #[inline(always)]
    fn entry(&self, h: *const Header) -> &Entry {
        &self.entries[Self::place(h)]
    }

    /// Whether nothing is noted.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    /// Notes one reference more, if there is an entry for the object.
    #[inline(always)]
    pub(crate) fn add(&self, h: *const Header) -> bool {
        let entry = self.entry(h);
        let found = std::ptr::eq(entry.object.get(), h);
        if found {
            entry.extra.set(entry.extra.get() + 1);
        }
        found
    }

    /// Takes back one reference that was noted, if any is.
    #[inline(always)]
    pub(crate) fn take(&self, h: *const Header) -> bool {
        let entry = self.entry(h);
        if !std::ptr::eq(entry.object.get(), h) {
            return false;
        }
        let left = entry.extra.get() - 1;
        if left >= 0 {
            entry.extra.set(left);
        }
        left >= 0
    }

    /// How many references are noted.
    pub(crate) fn get(&self, h: *const Header) -> i64 {
        let entry = self.entry(h);
        if std::ptr::eq(entry.object.get(), h) { entry.extra.get() } else { 0 }
    }

    /// Notes one reference to an object that has no entry. What another object had there is passed to `enter` if it
    /// is anything.
    pub(crate) fn begin(&self, h: *const Header, enter: impl FnOnce(*const Header, i64)) {
        let entry = self.entry(h);
        let before = entry.object.replace(h);
        let extra = entry.extra.replace(1);
        if before.is_null() {
            self.used[self.len.get()].set(Self::place(h) as u16);
            self.len.set(self.len.get() + 1);
        } else if extra > 0 {
            enter(before, extra);
        }
    }

    /// Empties the table; `enter` is called with each object and how many references were noted.
    pub(crate) fn drain(&self, mut enter: impl FnMut(*const Header, i64)) {
        for index in &self.used[..self.len.replace(0)] {
            let entry = &self.entries[index.get() as usize];
            let object = entry.object.replace(std::ptr::null());
            match entry.extra.replace(0) {
                0 => {}
                extra => enter(object, extra),
            }
        }
    }
}
