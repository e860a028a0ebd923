//! The world's state word: how many threads are attached, which one if it is only one, and what is going on.
//!
//! | bits | name | set by | cleared by |
//! |---|---|---|---|
//! | 0..20 | count of attached threads | a thread that attaches | the same when it detaches or stands still |
//! | 20 | `STOP` | the stopper, under the world's mutex | the stopper, under the world's mutex |
//! | 21 | `SOLO` | the only attached thread | the same thread: acknowledgement or detach |
//! | 22 | `WAITERS` | a thread about to wait for a change, under the world's mutex | who makes that change, and then wakes |
//! | 23 | `FINALIZING` | the thread that finalizes | never |
//! | 32..64 | sum of the attached threads' keys | with the count | with the count |
//!
//! With a count of 1 the sum is the key of the one attached thread, which is how others find it.
//!
//! | `STOP` | `SOLO` | count | may attach |
//! |---|---|---|---|
//! | 0 | 0 | any | everybody |
//! | 0 | 1 | 1 | nobody until the solo thread acknowledges |
//! | 1 | any | ≥ 1 | nobody until the stop ends; the world is stopped when the count is 1 |

use crate::primitive::{AtomicU64, Ordering};

pub(crate) const COUNT: u64 = (1 << 20) - 1;
pub(crate) const STOP: u64 = 1 << 20;
pub(crate) const SOLO: u64 = 1 << 21;
pub(crate) const WAITERS: u64 = 1 << 22;
pub(crate) const FINALIZING: u64 = 1 << 23;
const KEY_SHIFT: u32 = 32;

/// A value of the state word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub u64);

impl Word {
    pub fn count(self) -> usize {
        (self.0 & COUNT) as usize
    }

    pub fn has(self, bits: u64) -> bool {
        self.0 & bits != 0
    }

    /// The key of the only attached thread, if there is only one.
    pub fn only_key(self) -> Option<u32> {
        (self.count() == 1).then_some((self.0 >> KEY_SHIFT) as u32)
    }

    /// The word with one more thread.
    pub fn plus(self, key: u32) -> Self {
        Self(self.0.wrapping_add(one(key)))
    }

    pub fn with(self, bits: u64) -> Self {
        Self(self.0 | bits)
    }
}

/// What one attached thread contributes.
fn one(key: u32) -> u64 {
    1 | u64::from(key) << KEY_SHIFT
}

/// The state word itself.
#[derive(Debug)]
pub(crate) struct StateWord(AtomicU64);

impl StateWord {
    pub fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub fn load(&self, order: Ordering) -> Word {
        Word(self.0.load(order))
    }

    /// Replaces `from` by `to`; what was there instead if it was something else. The orderings are the caller's: success
    /// as given, failure relaxed.
    pub fn replace(&self, from: Word, to: Word, success: Ordering) -> Result<(), Word> {
        // ORD: given by the caller, who says why.
        self.0.compare_exchange_weak(from.0, to.0, success, Ordering::Relaxed).map(drop).map_err(Word)
    }

    /// Takes out one thread, and `SOLO` if that thread was solo; the word before.
    pub fn remove(&self, key: u32, solo: bool, order: Ordering) -> Word {
        // The thread is counted and `SOLO` is set if it is solo, so nothing borrows from a neighbouring field.
        let what = one(key).wrapping_add(if solo { SOLO } else { 0 });
        Word(self.0.fetch_sub(what, order))
    }

    pub fn set(&self, bits: u64, order: Ordering) -> Word {
        Word(self.0.fetch_or(bits, order))
    }

    pub fn clear(&self, bits: u64, order: Ordering) -> Word {
        Word(self.0.fetch_and(!bits, order))
    }

    /// Makes `key` the only attached thread, in the child of a fork.
    pub fn reset(&self, key: u32, bits: u64) {
        // ORD: relaxed, there is no other thread.
        self.0.store(one(key) | bits, Ordering::Relaxed);
    }
}
