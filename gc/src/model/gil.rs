//! Counting under a global interpreter lock: plain arithmetic, since whoever counts holds the lock.

use crate::{Header, Mutator};
use ungil_locks::primitive::{Ordering, lower};
use ungil_locks::stats::{self, Stat};

/// Nothing is ever published under a GIL: every object is reached by one thread at a time.
pub const PUBLISHES: bool = false;

/// Whether every thread may reach every object from its birth.
pub const SHARED: bool = false;

/// Whether threads count hubs for themselves.
pub const HUBS: bool = false;

/// Whether what a published container has held is there until its readers are quiescent.
pub const BORROWS: bool = true;

/// Whether reads take the container's lock even where they could do without.
pub const LOCKS_READS: bool = false;

pub use super::plain_parts::*;
pub use super::unpublished_parts::*;

#[inline(always)]
pub fn increment(h: &Header, _m: &Mutator) {
    stats::count(Stat::CountPlain);
    let count = h.count_cell();
    // ORD: relaxed load and store, plain instructions: the GIL orders all counting.
    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

#[inline(always)]
#[must_use]
pub fn decrement(h: &Header, _m: &Mutator) -> bool {
    decrement_private(h)
}

/// Whether counting the object is plain whichever thread does it.
#[inline(always)]
pub fn is_private(_h: &Header) -> bool {
    true
}

/// See `decrement`.
#[inline(always)]
#[must_use]
pub fn decrement_private(h: &Header) -> bool {
    stats::count(Stat::CountPlain);
    // SAFETY: as in `increment`, the GIL orders all counting.
    unsafe { lower(h.count_cell()) }
}

#[inline(always)]
pub fn count_lasting(h: &Header, _m: &Mutator, by: i64) -> bool {
    let count = h.count_cell();
    // ORD: as in `increment`.
    let now = count.load(Ordering::Relaxed);
    if now < 0 {
        count.store(now + by, Ordering::Relaxed);
    }
    now < 0
}

#[inline]
pub fn try_increment(h: &Header, m: &Mutator) -> bool {
    // ORD: as in `increment`.
    if h.count_cell().load(Ordering::Relaxed) == 0 {
        return false;
    }
    increment(h, m);
    true
}
