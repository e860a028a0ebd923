//! What is read of objects without their lock and without counting, guarded by numbers that are never given twice.
//!
//! [`KeysId`] works as a sequence lock does: a reader compares the id of a table's keys before and after, and whoever changes
//! the keys takes the id away first. Used by the dicts of modules and classes (globals). [`CacheWord`] is a word of an
//! inline cache, which any thread may read while another one fills it; [`third_word`] reads three that belong together. [`shared_item`] reads a list, [`shared_table`] finds a
//! dict's table and [`shared_walk`] looks a key up in it. Any thread may use them; who writes holds the lock of the object. What readers may look at is freed after
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

    /// As [`KeysId::read`] where the slot is known: `slot` gives the address that was kept with this id. What is read was in the
    /// table when the id was compared, or came later; a table that has been replaced keeps its memory until the thread is
    /// quiescent, and its slots serve no other keys.
    ///
    /// # Safety
    /// As for [`KeysId::read`].
    #[inline(always)]
    pub unsafe fn read_at(&self, id: u32, slot: impl FnOnce() -> *const Slot) -> Value {
        if id == 0 || self.get() != id {
            return Value::UNDEF;
        }
        // ORD: acquire, with the release in `give`: who sees the id sees the table that it goes with.
        fence(Ordering::Acquire);
        // SAFETY: as the caller promises.
        unsafe { (*slot()).peek_shared() }
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

/// Fills three words that belong together, the first one last. Who fills them holds a lock, and never stores a first word for the
/// second time with others behind it.
pub fn fill_three(words: &[CacheWord; 3], [first, second, third]: [u64; 3]) {
    // ORD: relaxed; the releasing stores that follow say that it has been done.
    words[0].0.store(0, Ordering::Relaxed);
    words[1].store(second);
    words[2].store(third);
    words[0].store(first);
}

/// The third of three words that [`fill_three`] has filled, the first of which has been loaded and is not zero; `None` if they do
/// not belong together, since they are being filled, or if `fits` refuses the second one.
#[inline(always)]
pub fn third_word(words: &[CacheWord; 3], first: u64, fits: impl FnOnce(u64) -> bool) -> Option<u64> {
    if !fits(words[1].load()) {
        return None;
    }
    let third = words[2].load();
    // ORD: relaxed; both loads before have acquired: who has seen what came later sees that the first word has gone.
    let same =
        Weakened::current().skips(Step::WordsComparedAgain) || words[0].0.load(Ordering::Relaxed) == first;
    same.then_some(third)
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
    let is_same =
        items.load(Ordering::Acquire) == storage || Weakened::current().skips(Step::StorageComparedAgain);
    if index as u64 >= count as u64 || !is_same {
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
    // One by one: `map` would be a call.
    let sizes = [sizes[0].load(Ordering::Acquire), sizes[1].load(Ordering::Acquire)];
    let stays = Weakened::current().skips(Step::TableComparedAgain) || table.load(Ordering::Relaxed) == found;
    (!found.is_null() && stays).then_some((found, sizes))
}

/// What a dict's index says of a slot at which a search ends: no entry was ever there. Where one was deleted it says
/// another number below zero.
pub const EMPTY_SLOT: i32 = -1;

/// How far the hash moves on at each step of a search, in CPython's sequence.
pub const PERTURB_SHIFT: u32 = 5;

/// With what a dict's writer stores the number of an entry in the index, when the entry is complete.
#[inline(always)]
pub fn entry_number_ordering() -> Ordering {
    // ORD: release, with the acquire of whoever reads the number for `shared_walk`: the entry that it is of.
    Weakened::current().ordering(Step::EntryNumberRelease, Ordering::Release)
}

/// Looks a key up by its hash in a table of `mask + 1` slots that others may fill and empty meanwhile. `number` reads the
/// index at a slot, with acquire; `look` gives what is found in the entry of that number, or `None` if the search goes on.
///
/// A writer completes an entry before it stores its number, takes the number away before it empties the entry, and never
/// uses an entry for another key.
#[inline(always)]
pub fn shared_walk(
    mask: usize,
    hash: i64,
    number: impl Fn(usize) -> i32,
    look: impl Fn(i32) -> Option<Value>,
) -> Value {
    let (mut slot, mut perturb) = (hash as usize & mask, hash as u64);
    // A table that others fill and empty meanwhile could keep a reader going.
    for _ in 0..=mask {
        match number(slot) {
            EMPTY_SLOT => return Value::UNDEF,
            n if n >= 0 => {
                if let Some(found) = look(n) {
                    return found;
                }
            }
            _ => {}
        }
        perturb >>= PERTURB_SHIFT;
        slot = slot.wrapping_mul(5).wrapping_add(perturb as usize).wrapping_add(1) & mask;
    }
    Value::UNDEF
}
