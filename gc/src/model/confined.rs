//! Counting in the default build. For now in its safe form: every object is born published, and its count is atomic
//! unless the counting thread is solo, i.e. the only one attached (SOLO-1), which may count with plain arithmetic.

use crate::{Header, Mutator, Value};
use ungil_locks::primitive::Ordering;

#[inline(always)]
pub fn increment(h: &Header, m: &Mutator) {
    let count = h.count_cell();
    // ORD: relaxed; solo means that no other thread counts until this one's next safepoint, whose hand-over orders.
    let now = count.load(Ordering::Relaxed);
    if m.is_solo() {
        count.store(now + 1, Ordering::Relaxed);
    } else if now >= 0 {
        // ORD: relaxed; whoever adds a reference holds one, so the object cannot go away meanwhile.
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[inline(always)]
#[must_use]
pub fn decrement(h: &Header, m: &Mutator) -> bool {
    let count = h.count_cell();
    // ORD: relaxed, as in `increment`.
    let now = count.load(Ordering::Relaxed);
    if m.is_solo() {
        count.store(now - 1, Ordering::Relaxed);
        return now == 1;
    }
    if now < 0 {
        return false;
    }
    // ORD: release, so that this thread's accesses come before the object's end; acquire, so that the thread that
    // takes the last reference away sees all others' accesses.
    count.fetch_sub(1, Ordering::AcqRel) == 1
}

#[inline]
pub fn try_increment(h: &Header, m: &Mutator) -> bool {
    let count = h.count_cell();
    if m.is_solo() {
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
            n if n < 0 => Some(n),
            n => Some(n + 1),
        })
        .is_ok()
}

/// Every object is born published in this form: a store has nothing left to publish (PUB-1 holds trivially).
#[inline(always)]
pub fn publish(_container: &Header, _value: Value) {}
