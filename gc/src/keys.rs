//! What is read of objects without their lock and without counting, guarded by numbers that are never given twice.
//!
//! [`KeysId`] works as a sequence lock does: a reader compares the id of a table's keys before and after, and whoever changes
//! the keys takes the id away first. Used by the dicts of modules and classes (globals). [`CacheWord`] is a word of an
//! inline cache, which any thread may read while another one fills it. Any thread may use both; who writes an id holds the
//! lock of its object.

use crate::{Slot, Value};
use ungil_locks::primitive::{AtomicU32, AtomicU64, Ordering, Weakened, fence};
use ungil_locks::weaken::Step;

/// The id of the present set of keys of a table; 0 if it has none.
pub struct KeysId(AtomicU32);

impl Default for KeysId {
    fn default() -> Self {
        KeysId::new()
    }
}

impl KeysId {
    ungil_locks::const_unless_loom! {
        /// No id.
        #[inline(always)]
        pub fn new() -> Self {
            KeysId(AtomicU32::new(0))
        }
    }

    /// The id.
    #[inline(always)]
    pub fn get(&self) -> u32 {
        // ORD: relaxed; the object's lock orders, or the reader wants no more than a snapshot, or fences follow.
        self.0.load(Ordering::Relaxed)
    }

    /// Gives the table an id that no table has had. The caller holds the lock.
    #[inline]
    pub fn give(&self, id: u32) {
        // ORD: release, with the first fence in `read`: who sees the id sees the table that it goes with, although
        // another thread may have filled that.
        self.0.store(id, Weakened::current().ordering(Step::KeysGivenRelease, Ordering::Release));
    }

    /// Takes the id away, before anything is done that the id rules out. The caller holds the lock.
    #[inline(always)]
    pub fn forget(&self) {
        // ORD: relaxed; the fence orders.
        self.0.store(0, Ordering::Relaxed);
        if !Weakened::current().skips(Step::KeysForgottenFirst) {
            // ORD: release; pairs with the fences in `read`: who has read anything that is written from here on sees
            // that the id has gone.
            fence(Ordering::Release);
        }
    }

    /// The value in a slot of the table, borrowed until the thread is quiescent, if the table still has this id; `UNDEF`
    /// otherwise. `slot` finds the slot without looking at it. Writes nothing.
    ///
    /// # Safety
    /// While the table has the id the slot is a part of it, and its memory stays until this thread is quiescent.
    #[inline(always)]
    pub unsafe fn read(&self, id: u32, slot: impl FnOnce() -> *const Slot) -> Value {
        if id == 0 || self.get() != id {
            return Value::UNDEF;
        }
        // ORD: each acquire pairs with the release in `forget`: who has read something newer than the id that it knows sees
        // that the id has gone.
        fence(Ordering::Acquire);
        let slot = slot();
        fence(Ordering::Acquire);
        if self.get() != id {
            return Value::UNDEF;
        }
        // SAFETY: the table that the id goes with has this slot, whose memory is there.
        let v = unsafe { (*slot).peek_shared() };
        fence(Ordering::Acquire);
        if Weakened::current().skips(Step::KeysComparedAgain) || self.get() == id { v } else { Value::UNDEF }
    }
}

/// A word of an inline cache: loaded and stored whole, so that what it says belongs together, whichever thread wrote it.
#[repr(transparent)]
pub struct CacheWord(AtomicU64);

impl CacheWord {
    ungil_locks::const_unless_loom! {
        /// A word.
        pub fn new(word: u64) -> Self {
            CacheWord(AtomicU64::new(word))
        }
    }

    /// The word.
    #[inline(always)]
    pub fn load(&self) -> u64 {
        // ORD: acquire, with the release of `store`: who uses a shape that the word names finds it in the table of shapes.
        self.0.load(Ordering::Acquire)
    }

    /// Replaces the word.
    #[inline(always)]
    pub fn store(&self, word: u64) {
        // ORD: release, see `load`.
        self.0.store(word, Weakened::current().ordering(Step::CacheRelease, Ordering::Release));
    }
}
