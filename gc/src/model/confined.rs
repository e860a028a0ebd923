//! Counting in the default build. An object is born confined to its thread, which counts with plain arithmetic. So does
//! a thread that is solo, i.e. the only one attached, with all objects (SOLO-1). References to published objects are counted
//! in a table of the thread (`tally.rs`), and atomically in the header only where that does not do. Whoever takes the last
//! reference that the header knows puts the object in limbo: it ends after a grace period, unless the table of another
//! thread said meanwhile that there are more (`grace.rs`).

use crate::header::LIMBO;
use crate::{Header, Mutator, Value};
use ungil_locks::primitive::{Ordering, Weakened, lower};
use ungil_locks::stats::{self, Stat};
use ungil_locks::weaken::Step;

/// Whether objects must be published before other threads may reach them.
pub const PUBLISHES: bool = true;

/// Whether every thread may reach every object from its birth.
pub const SHARED: bool = false;

/// Whether threads count hubs for themselves.
pub const HUBS: bool = true;

/// Whether what a published container has held is there until its readers are quiescent.
pub const BORROWS: bool = true;

/// Whether reads take the container's lock even where they could do without.
pub const LOCKS_READS: bool = false;

pub use super::plain_parts::*;

/// Whether the reference that the caller holds is the only one.
#[inline(always)]
pub fn is_unique(h: &Header, m: &Mutator) -> bool {
    // ORD: relaxed; where other threads may count or borrow, no answer but no is safe.
    h.count_cell().load(Ordering::Relaxed) == 1 && m.is_exclusive(h)
}

/// Whether only this thread counts the object, which the object itself says: no need to know the thread.
#[inline(always)]
pub fn is_private(h: &Header) -> bool {
    !h.is_published()
}

/// Whether only this thread counts the object until its next safepoint.
#[inline(always)]
fn is_plain(h: &Header, m: &Mutator) -> bool {
    is_private(h) || m.is_solo()
}

#[inline(always)]
fn increment_plain(h: &Header) {
    stats::count(Stat::CountPlain);
    let count = h.count_cell();
    // ORD: relaxed load and store, one plain instruction; solo means that no other thread counts until this one's
    // next safepoint, whose hand-over orders; a confined object is counted by this thread alone.
    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Natives count many times: what is not plain is a call, so that they need no more registers than without threads. Who is
/// solo has its answer first, also about what is published.
#[inline(always)]
pub fn increment(h: &Header, m: &Mutator) {
    if m.is_solo() || is_private(h) { increment_plain(h) } else { increment_published(h, m) }
}

#[inline(never)]
fn increment_published(h: &Header, m: &Mutator) {
    // ORD: relaxed; immortality is final, and so is being a hub.
    if !increment_noted(h, m, h.count_cell().load(Ordering::Relaxed)) {
        begin_tally(h, m);
    }
}

/// Adds a reference to a published object where the thread counts for itself: to a hub, or to what its table has an entry for.
/// Whether it was done.
#[inline(always)]
fn increment_noted(h: &Header, m: &Mutator, now: i64) -> bool {
    stats::count(Stat::CountBiased);
    if now >= 0 {
        return m.tallies.add(h);
    }
    count_hub(m, now, 1);
    true
}

/// As [`increment_noted`], takes a reference away.
#[inline(always)]
fn decrement_noted(h: &Header, m: &Mutator, now: i64) -> bool {
    stats::count(Stat::CountBiased);
    if now >= 0 {
        return m.tallies.take(h);
    }
    count_hub(m, now, -1);
    true
}

/// Counts references to a hub, if this count is one's and not an immortal object's.
#[inline(always)]
fn count_hub(m: &Mutator, count: i64, by: i64) {
    if let Some(number) = Header::hub_number(count) {
        m.hubs.count(number, by);
    }
}

#[inline(always)]
#[must_use]
pub fn increment_quick(h: &Header, m: &Mutator) -> bool {
    if h.is_published() {
        std::hint::cold_path();
        // ORD: acquire, where relaxed would do as in `increment_published`: so the load stays here, and does not become one that
        // plain counting has in common with this and needs a register for.
        return increment_noted(h, m, h.count_cell().load(Ordering::Acquire));
    }
    increment_plain(h);
    true
}

pub fn prepare_increment(h: &Header, m: &Mutator) {
    begin_tally(h, m);
    let _ = m.tallies.take(h);
}

#[inline(always)]
#[must_use]
pub fn count_down(h: &Header, m: &Mutator) -> bool {
    if h.is_published() {
        return !count_down_noted(h, m);
    }
    decrement_private(h)
}

/// Takes a reference to a published object away if that is to a hub, or noted in the thread's table; whether it was done.
#[inline(always)]
#[must_use]
pub fn count_down_noted(h: &Header, m: &Mutator) -> bool {
    // ORD: relaxed, as in `increment_quick`.
    decrement_noted(h, m, h.count_cell().load(Ordering::Relaxed))
}

/// Whether `count_down`, which has said that more is to be done, has taken the last reference away.
#[inline(always)]
pub fn has_taken_last(h: &Header) -> bool {
    is_private(h)
}

#[inline(always)]
pub fn count_lasting(h: &Header, m: &Mutator, by: i64) -> bool {
    // ORD: relaxed, as in `increment_quick`.
    let now = h.count_cell().load(Ordering::Relaxed);
    if now >= 0 {
        return false;
    }
    stats::count(Stat::CountBiased);
    count_hub(m, now, by);
    true
}

#[inline(never)]
fn begin_tally(h: &Header, m: &Mutator) {
    if cfg!(feature = "checks") && m.is_solo() {
        crate::fatal("a thread that is solo notes references for itself (SOLO-1)");
    }
    m.tallies.begin(h, |other, extra| {
        // SAFETY: the table says that this thread has references to it.
        enter(unsafe { &*other }, m, extra);
    });
}

/// Enters references in the header that the thread's table has said so far.
pub(crate) fn enter(h: &Header, m: &Mutator, extra: i64) {
    stats::count(Stat::CountAtomic);
    let count = h.count_cell();
    // ORD: relaxed; the thread holds the references, so the object cannot go away meanwhile.
    let mut now = count.load(Ordering::Relaxed);
    loop {
        let then = match now {
            n if n < 0 => return count_hub(m, n, extra),
            // No grace period ends the object then: its limbo is over.
            n if n >= LIMBO => extra,
            n => n + extra,
        };
        match count.compare_exchange_weak(now, then, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(other) => now = other,
        }
    }
}

#[inline(always)]
#[must_use]
pub fn decrement(h: &Header, m: &Mutator) -> bool {
    if m.is_solo() || is_private(h) { decrement_private(h) } else { decrement_published(h, m) }
}

/// As [`decrement`], of an object that is private.
#[inline(always)]
#[must_use]
pub fn decrement_private(h: &Header) -> bool {
    stats::count(Stat::CountPlain);
    // SAFETY: nobody else counts the object, or not until this thread's next safepoint.
    unsafe { lower(h.count_cell()) }
}

#[inline(never)]
fn decrement_published(h: &Header, m: &Mutator) -> bool {
    // ORD: relaxed, as in `increment_quick`.
    !decrement_noted(h, m, h.count_cell().load(Ordering::Relaxed)) && decrement_entered(h, m)
}

/// Takes away a reference that the header counts. Whether the object has ended.
#[inline(never)]
fn decrement_entered(h: &Header, m: &Mutator) -> bool {
    stats::count(Stat::CountAtomic);
    let count = h.count_cell();
    // ORD: relaxed, the exchange verifies.
    let mut now = count.load(Ordering::Relaxed);
    loop {
        let then = match now {
            n if n < 0 => {
                count_hub(m, n, -1);
                return false;
            }
            n if n >= LIMBO || n == 0 => {
                // A reference was stored without being entered. Its thread enters it later: nothing is lost but time.
                if cfg!(feature = "checks") {
                    crate::fatal("a reference that is not counted in its object is dropped (RC-1)");
                }
                return false;
            }
            1 => m.next_limbo(),
            n => n - 1,
        };
        // ORD: release, so that this thread's accesses come before the object's end.
        match count.compare_exchange_weak(now, then, Ordering::Release, Ordering::Relaxed) {
            Ok(_) if now == 1 => return m.enter_limbo(h, then),
            Ok(_) => return false,
            Err(other) => now = other,
        }
    }
}

/// Whether the object is in this limbo still: then it has ended, and no reference can be had any more.
pub(crate) fn end_limbo(h: &Header, limbo: i64) -> bool {
    if Weakened::current().skips(Step::LimboCompared) {
        return true;
    }
    // ORD: acquire, so that whoever ends the object sees what all threads did to it.
    h.count_cell().compare_exchange(limbo, 0, Ordering::Acquire, Ordering::Relaxed).is_ok()
}

#[inline]
pub fn try_increment(h: &Header, m: &Mutator) -> bool {
    let count = h.count_cell();
    if is_plain(h, m) {
        // ORD: relaxed, as in `increment`.
        let now = count.load(Ordering::Relaxed);
        if now != 0 {
            // While a solo thread ends what was in limbo, the target of a weak reference may end before that.
            count.store(if now >= LIMBO { 1 } else { now + 1 }, Ordering::Relaxed);
        }
        return now != 0;
    }
    // ORD: relaxed; the weak table's lock orders this against the object's end.
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| match n {
            0 if !Weakened::current().skips(Step::WeakUnlessDead) => None,
            n if n < 0 && Header::hub_number(n).is_none() => Some(n),
            n if n >= LIMBO => Some(1),
            n => Some(n + 1),
        })
        .is_ok()
}

/// PUB-1: what is stored into a published container is published first, and RC-1: its reference is counted in the header.
#[inline(always)]
#[cfg_attr(feature = "stats", track_caller)]
pub fn publish(container: &Header, value: Value) {
    if container.is_published() && value.is_ptr() {
        crate::publish::publish_value(value);
    }
}
