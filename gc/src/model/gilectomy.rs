//! Counting in Larry Hastings' Gilectomy (2016): every reference to every object is counted by an atomic instruction,
//! whoever else may know the object. That is the model's point: it shows what such counting costs. Objects that are never
//! freed are no exception.
//!
//! What is no object is not counted here either: small ints, floats, `None` are immediate in all models.

use crate::{Header, Mutator};
use ungil_locks::primitive::Ordering;
use ungil_locks::stats::{self, Stat};

pub use super::plain_parts::*;
pub use super::unpublished_parts::*;

/// Nothing is published: every object is everybody's from birth.
pub const PUBLISHES: bool = false;

/// See [`PUBLISHES`].
pub const SHARED: bool = true;

/// Nothing is exempt from counting in the object.
pub const HUBS: bool = false;

/// What a container gives up may be freed at once,
pub const BORROWS: bool = false;

/// so reading takes its lock, as everything did in the Gilectomy.
pub const LOCKS_READS: bool = true;

/// Whether counting the object is plain whichever thread does it: that is not known without asking who it is.
#[inline(always)]
pub fn is_private(_h: &Header) -> bool {
    false
}

/// See `is_private`.
pub fn decrement_private(_h: &Header) -> bool {
    unreachable!("no object is private in this model")
}

#[inline(always)]
pub fn increment(h: &Header, _m: &Mutator) {
    stats::count(Stat::CountAtomic);
    // ORD: relaxed; whoever adds a reference holds one, so the object cannot go away meanwhile.
    h.count_cell().fetch_add(1, Ordering::Relaxed);
}

#[inline(always)]
#[must_use]
pub fn decrement(h: &Header, _m: &Mutator) -> bool {
    stats::count(Stat::CountAtomic);
    // ORD: release, so that this thread's accesses come before the object's end; acquire, so that the thread that
    // takes the last reference away sees all others' accesses.
    h.count_cell().fetch_sub(1, Ordering::AcqRel) == 1
}

#[inline(always)]
pub fn count_lasting(h: &Header, _m: &Mutator, by: i64) -> bool {
    if !h.is_lasting() {
        return false;
    }
    stats::count(Stat::CountAtomic);
    // ORD: as in `decrement`.
    h.count_cell().fetch_add(by, Ordering::AcqRel);
    true
}

#[inline]
pub fn try_increment(h: &Header, _m: &Mutator) -> bool {
    stats::count(Stat::CountAtomic);
    let add = |n: i64| (n != 0).then_some(n + 1);
    // ORD: relaxed; the weak table's lock orders this against the object's end.
    h.count_cell().fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
}
