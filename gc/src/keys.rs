//! What is read of objects without their lock and without counting, guarded by numbers that are never given twice.
//!
//! [`KeysId`] works as a sequence lock does: a reader compares the id of a table's keys before and after, and whoever changes
//! the keys takes the id away first. Used by the dicts of modules and classes (globals). [`CacheWord`] is a word of an
//! inline cache, which any thread may read while another one fills it. [`shared_item`] reads a list, [`shared_table`] finds a
//! dict's table. Any thread may use them; who writes holds the lock of the object. What readers may look at is freed after
//! a grace period (`grace.rs`).

use crate::{Slot, Value};
use ungil_locks::primitive::{
    AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, Weakened, fence,
};
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

/// The item at an index of a list, counted from the end if negative, borrowed until the thread is quiescent. `UNDEF` past the
/// end, or if the list is being changed.
///
/// A writer stores with release: storage before a length that needs it, a smaller length before storage that has no room for
/// more, and a length of zero before it takes storage out, which may come back later (sorting).
///
/// # Safety
/// The writers do so, and storage stays until this thread is quiescent.
#[inline(always)]
pub unsafe fn shared_item(items: &AtomicPtr<Slot>, len: &AtomicUsize, index: i64) -> Value {
    // ORD: each acquire pairs with the writers' releases, so that each load sees at least what the one before has seen.
    let storage = items.load(Ordering::Acquire);
    let count = len.load(Ordering::Acquire);
    let index = if index < 0 { index.wrapping_add(count as i64) } else { index };
    if index as u64 >= count as u64 || items.load(Ordering::Acquire) != storage {
        return Value::UNDEF;
    }
    // Storage that was taken out and has come back meanwhile came with another length.
    if len.load(Ordering::Relaxed) != count && !Weakened::current().skips(Step::LengthComparedAgain) {
        return Value::UNDEF;
    }
    // SAFETY: storage that was in place before and after the length was read has room for so many items.
    unsafe { (*storage.add(index as usize)).peek_shared() }
}

/// A table and the two sizes that go with it; `None` if there is none or it is being replaced.
///
/// A writer takes the table away (null) before it changes a size, and puts a table that is complete in place last, all with
/// release. None comes back before this thread is quiescent.
#[inline(always)]
pub fn shared_table<T>(table: &AtomicPtr<T>, sizes: [&AtomicU8; 2]) -> Option<(*mut T, [u8; 2])> {
    // ORD: as in `shared_item`.
    let found = table.load(Ordering::Acquire);
    let sizes = sizes.map(|size| size.load(Ordering::Acquire));
    let stays = Weakened::current().skips(Step::TableComparedAgain) || table.load(Ordering::Relaxed) == found;
    (!found.is_null() && stays).then_some((found, sizes))
}
