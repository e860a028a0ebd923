//! Which of a set of objects nothing refers to but each other: trial deletion, for the collector (`cycle.rs`).
//!
//! A copy of each object's count, minus the references that the others hold, tells which are referenced from outside;
//! what those do not reach is garbage. Hubs are also referred to by what does not count them: objects by their class, and
//! native functions that are under way. The collector follows the former, and searches the stacks for the latter. All
//! of it is done with the world stopped.

use crate::cycle::{self, Collection};
use crate::heap::block_number;
use crate::{Header, Mutator, stack};
use std::collections::HashMap;

/// Bits of [`Header::mark`], set while the world is stopped only: the object is under examination; and lies in no page.
const CANDIDATE: u8 = 1;
const LARGE: u8 = 2;
/// Where the object's generation is among these bits, which stays.
const AGE_SHIFT: u8 = 2;
const AGE: u8 = 3 << AGE_SHIFT;

/// The generation of an object: how many collections it has lived through, or [`crate::cycle::FROZEN`].
///
/// # Safety
/// The world is stopped, and the object is there.
pub(crate) unsafe fn age(h: *mut Header) -> u8 {
    // SAFETY: as the caller promises.
    unsafe { ((*h).mark() & AGE) >> AGE_SHIFT }
}

/// # Safety
/// As for [`age`].
pub(crate) unsafe fn set_age(h: *mut Header, age: u8) {
    // SAFETY: as the caller promises.
    unsafe { (*h).set_mark((*h).mark() & !AGE | age << AGE_SHIFT) };
}

/// The objects under examination, and what remains of their counts after subtracting references from within the set: by
/// the number of the object's block, of those that lie in no page by address.
pub(crate) struct Candidates {
    objects: Vec<*mut Header>,
    external: Vec<i32>,
    large: HashMap<*mut Header, usize, BuildPointerHasher>,
}

/// Stands for a count that is not subtracted from: the object has more references than are told apart.
const MANY: i32 = i32::MAX;

/// Hashes an address by multiplication.
#[derive(Default, Clone)]
pub struct PointerHasher(u64);
/// For tables whose keys are addresses.
pub type BuildPointerHasher = std::hash::BuildHasherDefault<PointerHasher>;

impl std::hash::Hasher for PointerHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26)
        });
    }

    fn write_u64(&mut self, n: u64) {
        let mixed = (n >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
}

impl Candidates {
    /// Finds which of `objects` are referenced from nowhere but each other. `held` references to each are the
    /// caller's own and do not count. `others` are containers that are not examined, if there may be hubs among the
    /// objects.
    ///
    /// # Safety
    /// The world is stopped; the objects are alive.
    pub(crate) unsafe fn unreachable_stw(
        m: &Mutator,
        runtime: &dyn Collection,
        objects: Vec<*mut Header>,
        held: i64,
        others: &[*mut Header],
    ) -> Vec<*mut Header> {
        // SAFETY: as the caller promises.
        unsafe {
            m.space.mutators.enter_counts_stw(&m.space.hubs);
            let mut set = Candidates::mark(m, objects, held);
            set.subtract_internal(m);
            set.keep_classes_of(m, others);
            set.keep_counted(m);
            set.keep_known_to_natives(m, runtime);
            set.unmark(m)
        }
    }

    unsafe fn mark(m: &Mutator, objects: Vec<*mut Header>, held: i64) -> Candidates {
        let pool = &m.space.pool;
        // SAFETY: the world is stopped.
        let blocks = unsafe { pool.number_blocks_stw() };
        let large = pool.large_objects();
        let mut set = Candidates {
            external: vec![0; blocks + large.len()],
            large: large.iter().copied().zip(blocks..).collect(),
            objects,
        };
        for h in large {
            // SAFETY: registered objects are there.
            unsafe { (*h).set_mark(LARGE | (*h).mark()) };
        }
        for i in 0..set.objects.len() {
            let h = set.objects[i];
            // SAFETY: alive, and nobody changes counts.
            let count = unsafe { if (*h).is_hub() { (*h).hub_count() } else { (*h).ref_count() } } - held;
            // SAFETY: alive.
            unsafe { (*h).set_mark(CANDIDATE | (*h).mark()) };
            if let Some(at) = set.place(h) {
                set.external[at] = count.min(MANY as i64) as i32;
            }
        }
        set
    }

    /// Whether an object is under examination still: nothing that has been kept reaches it.
    #[inline(always)]
    fn is_examined(&self, h: *mut Header) -> bool {
        // SAFETY: callers pass live objects.
        unsafe { (*h).mark() & CANDIDATE != 0 }
    }

    /// The place of an object's count, if it is under examination.
    #[inline(always)]
    fn place(&self, h: *mut Header) -> Option<usize> {
        // SAFETY: callers pass live objects.
        let mark = unsafe { (*h).mark() };
        if mark & CANDIDATE == 0 {
            return None;
        }
        if mark & LARGE != 0 {
            return self.large.get(&h).copied();
        }
        // SAFETY: what is under examination comes from a page if it is not large.
        Some(unsafe { block_number(h) })
    }

    /// Keeps an object that is referenced from outside, or reached from one that is: it is under examination no more, which
    /// further references to it find out without its place.
    #[inline(always)]
    fn reach(h: *mut Header) {
        // SAFETY: callers pass live objects.
        unsafe { (*h).set_mark((*h).mark() & !CANDIDATE) };
    }

    unsafe fn subtract_internal(&mut self, m: &Mutator) {
        for i in 0..self.objects.len() {
            let h = self.objects[i];
            // SAFETY: alive and unchanging.
            unsafe {
                cycle::trace(m, h, &mut |child| {
                    if let Some(at) = self.place(child)
                        && self.external[at] != MANY
                    {
                        self.external[at] -= 1;
                    }
                });
            }
        }
    }

    /// Makes the classes of objects that are not examined, and do not count them, referenced from outside.
    unsafe fn keep_classes_of(&mut self, m: &Mutator, others: &[*mut Header]) {
        for &h in others {
            // SAFETY: alive; so is its class.
            let class = unsafe { (*m.shape(h)).class };
            if !class.is_null()
                && let Some(at) = self.place(class)
                && self.external[at] == 0
            {
                self.external[at] = 1;
            }
        }
    }

    /// Keeps what has counted references from outside.
    unsafe fn keep_counted(&mut self, m: &Mutator) {
        let mut work: Vec<*mut Header> = Vec::new();
        for i in 0..self.objects.len() {
            let h = self.objects[i];
            let Some(at) = self.place(h) else { continue };
            #[cfg(feature = "checks")]
            if self.external[at] < 0 {
                // SAFETY: alive.
                let name = unsafe { (*m.shape(h)).ops.name };
                panic!("a {name} is referenced {} times more often than it was counted", -self.external[at]);
            }
            if self.external[at] > 0 {
                Self::reach(h);
                work.push(h);
            }
        }
        // SAFETY: alive and unchanging.
        unsafe { self.keep_reachable(m, work) };
    }

    /// Keeps hubs that a native function may know.
    unsafe fn keep_known_to_natives(&mut self, m: &Mutator, runtime: &dyn Collection) {
        let mut extents: Vec<(usize, usize, *mut Header)> = Vec::new();
        for &h in &self.objects {
            // SAFETY: alive.
            unsafe {
                if !(*h).is_hub() || !self.is_examined(h) {
                    continue;
                }
                extents.push((h.addr(), h.addr() + m.size_of(h), h));
                runtime.extents(h, &mut |range| extents.push((range.start, range.end, h)));
            }
        }
        if extents.is_empty() {
            return;
        }
        extents.sort_unstable();
        let mut known = Vec::new();
        let mut look = |word: usize| {
            let after = extents.partition_point(|&(start, ..)| start <= word);
            if let Some(&(_, end, h)) = after.checked_sub(1).and_then(|i| extents.get(i))
                && word < end
            {
                known.push(h);
            }
        };
        // SAFETY: the world is stopped.
        unsafe {
            m.space.mutators.stack_words_stw(&mut look);
            runtime.stack_words_stw(&mut look);
        }
        let mut work = Vec::new();
        for &h in &self.objects {
            // SAFETY: alive.
            if !stack::SEARCHABLE && unsafe { (*h).is_hub() } {
                known.push(h);
            }
        }
        for h in known {
            if self.is_examined(h) {
                Self::reach(h);
                work.push(h);
            }
        }
        // SAFETY: alive and unchanging.
        unsafe { self.keep_reachable(m, work) };
    }

    unsafe fn keep_reachable(&mut self, m: &Mutator, mut work: Vec<*mut Header>) {
        while let Some(h) = work.pop() {
            // SAFETY: alive and unchanging.
            unsafe {
                cycle::trace_all(m, h, &mut |child| {
                    if self.is_examined(child) {
                        Self::reach(child);
                        work.push(child);
                    }
                });
            }
        }
    }

    /// Takes the marks away again but for the generations; what has not been reached.
    unsafe fn unmark(mut self, m: &Mutator) -> Vec<*mut Header> {
        let objects = std::mem::take(&mut self.objects);
        let is_garbage = |h: &*mut Header| self.is_examined(*h);
        let garbage = objects.iter().copied().filter(is_garbage).collect();
        objects.into_iter().chain(m.space.pool.large_objects()).for_each(|h| {
            // SAFETY: alive.
            unsafe { (*h).set_mark((*h).mark() & AGE) };
        });
        garbage
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::BuildPointerHasher;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, Hash};

    /// How many places of a table, and how many of the seven upper bits that tell the entries of a group apart, the hashes use.
    fn spread<T: Hash>(keys: impl Iterator<Item = T>) -> (usize, usize) {
        let hashes: Vec<u64> = keys.map(|key| BuildPointerHasher::default().hash_one(key)).collect();
        let places: HashSet<u64> = hashes.iter().map(|hash| hash & 0xfff).collect();
        let tags: HashSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
        (places.len(), tags.len())
    }

    #[test]
    fn addresses_spread_however_they_are_given() {
        let addresses = (0..4096_u64).map(|i| 0x2000_0051_0000 + 48 * i);
        let spreads = [
            spread(addresses.clone()),
            spread(addresses.clone().map(|n| n as usize)),
            spread(addresses.clone().map(u64::to_le_bytes)),
        ];
        for (places, tags) in spreads {
            assert!(places > 2000 && tags > 100, "{spreads:?}");
        }
    }
}
