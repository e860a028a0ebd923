//! What the models have in common that keep one number of references in the header and nothing else.

use crate::{Header, Mutator, Space};
use ungil_locks::primitive::{AtomicI64, Ordering};

/// What a header has besides the count.
pub type Extra = ();

/// What all threads share for the model.
#[derive(Default)]
pub struct Shared;

/// What one reference adds to the count.
pub const UNIT: i64 = 1;

/// The count and the rest of a new object's header, with so many references.
#[inline(always)]
pub fn birth(references: i64) -> (AtomicI64, Extra) {
    (AtomicI64::new(references), ())
}

/// The references that a count of an object stands for which is neither hub nor immortal.
#[inline(always)]
pub fn references(count: i64) -> i64 {
    count
}

/// References that are not in the count.
#[inline(always)]
pub fn further_references(_h: &Header) -> i64 {
    0
}

/// Whether the reference that the caller holds is the only one.
#[allow(dead_code, reason = "the default model has its own")]
#[inline(always)]
pub fn is_unique(h: &Header, _m: &Mutator) -> bool {
    // ORD: acquire, with the release of a decrement: what those did who have let go of the object.
    h.count_cell().load(Ordering::Acquire) == 1
}

/// Takes a reference away; true if that was the last one.
#[allow(dead_code, reason = "the default model has its own")]
#[inline(always)]
#[must_use]
pub fn count_down(h: &Header, m: &Mutator) -> bool {
    super::decrement(h, m)
}

/// Whether `count_down`, which has said that more is to be done, has taken the last reference away.
#[allow(dead_code, reason = "the default model has its own")]
#[inline(always)]
pub fn has_taken_last(_h: &Header) -> bool {
    true
}

/// Gives an object that has ended one reference. The caller alone knows it.
#[inline(always)]
pub fn revive(h: &Header) {
    // ORD: relaxed; see above.
    h.count_cell().store(1, Ordering::Relaxed);
}

/// Whether no reference is left.
#[inline(always)]
pub fn is_dead(h: &Header) -> bool {
    // ORD: relaxed; a snapshot, or under the weak table's lock.
    h.count_cell().load(Ordering::Relaxed) == 0
}

/// What the header says about references, by name.
pub fn describe(_h: &Header) -> [(&'static str, i64); 0] {
    []
}

/// The object has just become a hub.
#[inline(always)]
pub fn became_hub(_h: &Header, _space: &Space) {}

/// The thread begins to use the heap.
#[inline(always)]
pub fn thread_begins(_m: &Mutator) {}

/// The thread, which is detached, uses the heap no more.
#[inline(always)]
pub fn thread_ends(_m: &Mutator) {}

/// At a safepoint: does what the model's bits in the check word ask for; the other bits.
#[inline(always)]
pub fn safepoint(_m: &Mutator, bits: u32) -> u32 {
    bits
}

/// Makes all counts right.
///
/// # Safety
/// The world is stopped.
#[inline(always)]
pub unsafe fn settle_stw(_m: &Mutator) {}

/// In the child of a fork: all threads but the caller's are gone.
#[inline(always)]
pub fn forget_others(_m: &Mutator) {}
