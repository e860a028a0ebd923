//! Counting in the default build. An object is born confined to its thread, which counts with plain arithmetic. The
//! count of a published object is atomic, unless the counting thread is solo, i.e. the only one attached (SOLO-1).

use crate::{Header, Mutator, Value};
use ungil_locks::primitive::Ordering;
use ungil_locks::stats::{self, Stat};

/// Whether objects must be published before other threads may reach them.
pub const PUBLISHES: bool = true;

/// Whether only this thread counts the object until its next safepoint.
#[inline(always)]
fn is_plain(h: &Header, m: &Mutator) -> bool {
    m.is_solo() || !h.is_published()
}

#[inline(always)]
pub fn increment(h: &Header, m: &Mutator) {
    let count = h.count_cell();
    if is_plain(h, m) {
        stats::count(Stat::CountPlain);
        // ORD: relaxed load and store, one plain instruction; solo means that no other thread counts until this one's
        // next safepoint, whose hand-over orders; a confined object is counted by this thread alone.
        count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
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
        // ORD: relaxed; whoever adds a reference holds one, so the object cannot go away meanwhile.
        count.fetch_add(1, Ordering::Relaxed);
    } else if let Some(number) = Header::hub_number(now) {
        stats::count(Stat::CountBiased);
        m.hubs.count(number, 1);
    }
}

#[inline(always)]
#[must_use]
pub fn decrement(h: &Header, m: &Mutator) -> bool {
    let count = h.count_cell();
    if is_plain(h, m) {
        stats::count(Stat::CountPlain);
        // ORD: relaxed, as in `increment`.
        let left = count.load(Ordering::Relaxed) - 1;
        count.store(left, Ordering::Relaxed);
        return left == 0;
    }
    // ORD: relaxed, as in `increment_shared`.
    let now = count.load(Ordering::Relaxed);
    if now < 0 {
        if let Some(number) = Header::hub_number(now) {
            stats::count(Stat::CountBiased);
            m.hubs.count(number, -1);
        }
        return false;
    }
    stats::count(Stat::CountAtomic);
    // ORD: release, so that this thread's accesses come before the object's end; acquire, so that the thread that
    // takes the last reference away sees all others' accesses.
    count.fetch_sub(1, Ordering::AcqRel) == 1
}

#[inline]
pub fn try_increment(h: &Header, m: &Mutator) -> bool {
    let count = h.count_cell();
    if is_plain(h, m) {
        // ORD: relaxed, as in `increment`.
        let now = count.load(Ordering::Relaxed);
        if now != 0 {
            count.store(now + 1, Ordering::Relaxed);
        }
        return now != 0;
    }
    // ORD: relaxed; the weak table's lock orders this against the object's end.
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| match n {
            0 => None,
            n if n < 0 && Header::hub_number(n).is_none() => Some(n),
            n => Some(n + 1),
        })
        .is_ok()
}

/// PUB-1: what is stored into a published container is published first.
#[inline(always)]
#[cfg_attr(feature = "stats", track_caller)]
pub fn publish(container: &Header, value: Value) {
    if container.is_published() && value.is_ptr() {
        crate::publish::publish_value(value);
    }
}
