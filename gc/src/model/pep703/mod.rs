//! Counting as PEP 703 has it, after Choi, Shull and Torrellas, "Biased Reference Counting" (PACT 2018): an object belongs to
//! the thread that made it, which counts its references by plain arithmetic in a word of its own; all others count in a
//! shared word by atomic instructions. (CPython: `Include/refcount.h`, `Python/brc.c`.)
//!
//! ```text
//! local    owner 24 | references of the owner 40     written by the owner alone
//! count    references of all others 62, biased by 2^40 | state 2
//! ```
//!
//! | state | references | the object's end |
//! |---|---|---|
//! | `BIASED` | both words | the owner finds its own at zero and merges |
//! | `QUEUED` | both words; one is the queue's | as above, or the owner merges at its next safepoint |
//! | `MERGED` | the count alone | whoever takes the last one away |
//!
//! A reference may be counted in one word and dropped from the other, so the shared one may be negative. The thread that
//! makes it so cannot know whether the object is dead: it puts the object in the owner's queue (`queue.rs`).
//! Merging is final. It leaves the owner 0, which is nobody.
//!
//! Hubs and immortal objects have a negative count, as in all models (`header.rs`); the owner's word goes on besides until
//! it is merged.

mod queue;

use crate::{Header, Mutator, flag};
use std::cell::Cell;
use ungil_locks::primitive::{AtomicI64, AtomicU64, Ordering};
use ungil_locks::stats::{self, Stat};

pub use super::unpublished_parts::*;
pub use queue::Queues as Shared;
pub use queue::{became_hub, forget_others, safepoint, settle_stw, thread_begins, thread_ends};

/// Nothing is published: every object is everybody's from birth.
pub const PUBLISHES: bool = false;

/// See [`PUBLISHES`].
pub const SHARED: bool = true;

/// Classes, functions and modules are counted by each thread for itself: what is PEP 703's deferred counting, and since
/// CPython 3.14 its counts per thread.
pub const HUBS: bool = true;

/// What a container gives up may be freed at once: only what lasts is read without a lock.
pub const BORROWS: bool = false;

/// See [`BORROWS`].
pub const LOCKS_READS: bool = false;

/// The owner's word.
pub type Extra = AtomicU64;

const OWNER_SHIFT: u32 = 40;
const LOCAL: u64 = (1 << OWNER_SHIFT) - 1;

const STATE_BITS: u32 = 2;
const STATE: i64 = (1 << STATE_BITS) - 1;
const BIASED: i64 = 0;
const QUEUED: i64 = 1;
const MERGED: i64 = 3;
/// What one reference adds to the shared word, also to that of a hub.
pub const UNIT: i64 = 1 << STATE_BITS;
/// No reference in the shared word.
const NONE: i64 = 1 << (40 + STATE_BITS);

ungil_locks::thread_local_const! {
    static OWNER: Cell<u64> = Cell::new(0)
}

/// The calling thread in its place in the owner's word; 0 if it is none of the heap's.
#[inline(always)]
fn me() -> u64 {
    OWNER.with(Cell::get)
}

#[inline(always)]
pub fn birth(references: i64) -> (AtomicI64, Extra) {
    (AtomicI64::new(NONE | BIASED), AtomicU64::new(me() | references as u64))
}

/// The references of a shared word that is not negative.
#[inline(always)]
pub fn references(count: i64) -> i64 {
    (count - NONE) >> STATE_BITS
}

/// The owner's references.
#[inline(always)]
pub fn further_references(h: &Header) -> i64 {
    // ORD: relaxed; a snapshot, or the world is stopped.
    (h.extra().load(Ordering::Relaxed) & LOCAL) as i64
}

pub fn is_unique(h: &Header, _m: &Mutator) -> bool {
    // ORD: acquire, with the release of a decrement: what those did who have let go of the object. The owner's word is
    // this thread's own, or says that it is another's.
    let (local, count) = (h.extra().load(Ordering::Relaxed), h.count_cell().load(Ordering::Acquire));
    match count & STATE {
        MERGED => count == (NONE + UNIT) | MERGED,
        _ => local == me() | 1 && count == NONE | BIASED,
    }
}

/// Whether no reference is left. The object's end has begun then, which merges first.
pub fn is_dead(h: &Header) -> bool {
    // ORD: relaxed; a snapshot, or under the weak table's lock.
    h.count_cell().load(Ordering::Relaxed) == NONE | MERGED
}

/// Gives an object that has ended one reference. The caller alone knows it.
pub fn revive(h: &Header) {
    // ORD: relaxed; see above.
    h.extra().store(0, Ordering::Relaxed);
    h.count_cell().store((NONE + UNIT) | MERGED, Ordering::Relaxed);
}

/// What the header says about references, by name.
pub fn describe(h: &Header) -> [(&'static str, i64); 4] {
    // ORD: relaxed; a snapshot.
    let (local, count) = (h.extra().load(Ordering::Relaxed), h.count_cell().load(Ordering::Relaxed));
    [
        ("owner", (local >> OWNER_SHIFT) as i64),
        ("local", (local & LOCAL) as i64),
        ("shared", if count < 0 { 0 } else { references(count) }),
        ("merged", i64::from(count >= 0 && count & STATE == MERGED)),
    ]
}

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
pub fn increment(h: &Header, m: &Mutator) {
    // ORD: relaxed load and store, plain instructions: a word with this thread's number is written by it alone.
    let local = h.extra().load(Ordering::Relaxed);
    if local & !LOCAL == me() {
        stats::count(Stat::CountBiased);
        h.extra().store(local + 1, Ordering::Relaxed);
    } else {
        increment_shared(h, m);
    }
}

#[inline(always)]
fn increment_shared(h: &Header, m: &Mutator) {
    let count = h.count_cell();
    // ORD: relaxed; immortality is final, and so is being a hub.
    let now = count.load(Ordering::Relaxed);
    if now >= 0 {
        stats::count(Stat::CountAtomic);
        // ORD: relaxed; whoever adds a reference holds one, so the object cannot go away meanwhile. If it has just become
        // a hub, this is one of its references too.
        count.fetch_add(UNIT, Ordering::Relaxed);
    } else if let Some(number) = Header::hub_number(now) {
        stats::count(Stat::CountBiased);
        m.hubs.count(number, 1);
    }
}

#[inline(always)]
#[must_use]
pub fn decrement(h: &Header, m: &Mutator) -> bool {
    // ORD: as in `increment`.
    let local = h.extra().load(Ordering::Relaxed);
    if local & !LOCAL == me() {
        stats::count(Stat::CountBiased);
        h.extra().store(local - 1, Ordering::Relaxed);
        (local - 1) & LOCAL == 0 && merge_at_zero(h)
    } else {
        decrement_shared(h, m)
    }
}

#[inline(always)]
#[must_use]
pub fn count_down(h: &Header, m: &Mutator) -> bool {
    // ORD: as in `increment`.
    let local = h.extra().load(Ordering::Relaxed);
    if local & !LOCAL == me() {
        let quick = local & LOCAL > 1;
        if quick {
            stats::count(Stat::CountBiased);
            h.extra().store(local - 1, Ordering::Relaxed);
        }
        return !quick;
    }
    // ORD: as in `increment_shared`.
    let number = Header::hub_number(h.count_cell().load(Ordering::Relaxed));
    if let Some(number) = number {
        stats::count(Stat::CountBiased);
        m.hubs.count(number, -1);
    }
    number.is_none()
}

/// Whether `count_down`, which has said that more is to be done, has taken the last reference away: it has taken none.
#[inline(always)]
pub fn has_taken_last(_h: &Header) -> bool {
    false
}

#[inline(always)]
pub fn count_lasting(h: &Header, m: &Mutator, by: i64) -> bool {
    // ORD: as in `increment_shared`.
    let now = h.count_cell().load(Ordering::Relaxed);
    if let Some(number) = Header::hub_number(now) {
        stats::count(Stat::CountBiased);
        m.hubs.count(number, by);
    }
    now < 0
}

/// The owner has no reference left: from now on the shared word alone decides. Whether it has none either.
#[cold]
#[inline(never)]
fn merge_at_zero(h: &Header) -> bool {
    let count = h.count_cell();
    // ORD: release, before the exchange below: a thread that sees the object merged sees that it has no owner.
    h.extra().store(0, Ordering::Release);
    // ORD: acquire, with the release of `decrement_shared`: what those did who have let go of the object.
    let now = count.load(Ordering::Acquire);
    if now == NONE | BIASED && !h.has_flag(flag::WEAKLY_REFERENCED) {
        // Nobody else knows the object, nor can get to know it.
        count.store(NONE | MERGED, Ordering::Relaxed);
        return true;
    }
    stats::count(Stat::CountAtomic);
    // ORD: as in `decrement_shared`. A hub or an immortal object stays what it is.
    let merge = |n: i64| (n >= 0).then_some(n | MERGED);
    count.fetch_update(Ordering::AcqRel, Ordering::Acquire, merge).is_ok_and(|n| n | MERGED == NONE | MERGED)
}

#[inline(never)]
fn decrement_shared(h: &Header, m: &Mutator) -> bool {
    let count = h.count_cell();
    // ORD: relaxed, verified by the exchange.
    let mut now = count.load(Ordering::Relaxed);
    loop {
        if now < 0 {
            if let Some(number) = Header::hub_number(now) {
                stats::count(Stat::CountBiased);
                m.hubs.count(number, -1);
            }
            return false;
        }
        // The first to drop what the owner has counted cannot know whether it was the last: the queue takes its reference.
        let queues = now == NONE | BIASED;
        let then = if queues { NONE | QUEUED } else { now - UNIT };
        stats::count(Stat::CountAtomic);
        // ORD: release, so that this thread's accesses come before the object's end; acquire, so that the thread that
        // takes the last reference away sees all others' accesses.
        match count.compare_exchange_weak(now, then, Ordering::AcqRel, Ordering::Relaxed) {
            Err(other) => now = other,
            Ok(_) if queues => return queue::add(h, m),
            Ok(_) => return then == NONE | MERGED,
        }
    }
}

/// Enters all references in the shared word, less one that was the queue's. Whether none is left. Nobody else does so or
/// counts in the owner's word: the caller is the owner, or that is a thread that has ended.
fn merge_queued(h: &Header) -> bool {
    stats::count(Stat::MergeQueued);
    // ORD: relaxed; see above. Release, as in `merge_at_zero`.
    let local = (h.extra().load(Ordering::Relaxed) & LOCAL) as i64;
    h.extra().store(0, Ordering::Release);
    let merge = |n: i64| {
        let sum = n + (local - 1) * UNIT;
        // A hub's references have their state bits clear.
        Some(if n < 0 { sum } else { sum | MERGED })
    };
    let count = h.count_cell();
    // ORD: as in `decrement_shared`.
    count
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, merge)
        .is_ok_and(|n| merge(n) == Some(NONE | MERGED))
}

/// Takes one reference away from an object that has no owner. Whether it was the last one. The owner may have let go of it
/// and be about to say so in the shared word: then it is the owner who finds that none is left.
fn drop_merged(h: &Header) -> bool {
    stats::count(Stat::CountAtomic);
    // ORD: as in `decrement_shared`.
    h.count_cell().fetch_sub(UNIT, Ordering::AcqRel) - UNIT == NONE | MERGED
}

#[inline]
pub fn try_increment(h: &Header, m: &Mutator) -> bool {
    // ORD: as in `increment`.
    let local = h.extra().load(Ordering::Relaxed);
    if local & !LOCAL == me() {
        increment(h, m);
        return true;
    }
    stats::count(Stat::CountAtomic);
    let add = |n: i64| match n {
        n if n == NONE | MERGED => None,
        n if n < 0 && Header::hub_number(n).is_none() => Some(n),
        n => Some(n + UNIT),
    };
    // ORD: relaxed; the weak table's lock orders this against the object's end.
    h.count_cell().fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
}
