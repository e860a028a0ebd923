//! The 16-byte header at the start of every object.
//!
//! ```text
//! word 0   shape 32 | lock 8 | gc 8 | flags 16
//! word 1   count 64
//! ```
//! `shape` is the id of the object's shape shifted left by one; its lowest bit is kept for the published state, so
//! that the one compare of an inline cache's guard tests both. A shape word of zero marks a free block of the heap.
//! A count that is negative belongs to an immortal object: nobody counts it and nobody frees it.
//!
//! How the count is kept is the model's business (`model/`).

use crate::{Mutator, model};
use ungil_locks::ObjLock;
use ungil_locks::primitive::{AtomicI64, AtomicU16, AtomicU32, Ordering};

/// The count of an immortal object. Far from zero in both directions: increments and decrements that slip through
/// do no harm.
pub const IMMORTAL: i64 = i64::MIN / 2;

/// Bits of [`Header::flags`].
pub mod flag {
    /// The finalizer has been run; it never runs twice (PEP 442).
    pub const FINALIZED: u16 = 1;
    /// Weak references to the object exist, or have existed.
    pub const WEAKLY_REFERENCED: u16 = 2;
    /// The cycle collector has dropped the object's fields, which must not happen twice.
    pub const DYING: u16 = 4;
    /// Interned string.
    pub const INTERNED: u16 = 8;
    /// An exception or a similar object whose class says so: free for the type's own use.
    pub const TYPE_1: u16 = 16;
    pub const TYPE_2: u16 = 32;
    pub const TYPE_3: u16 = 64;
    /// A weak reference that has been entered in the table of weak references.
    pub const WEAK_CELL: u16 = 128;
    /// An object that is a part of another: `gc.collect()` does not count it.
    pub const PART: u16 = 256;
}

/// See the module's head for the layout.
#[repr(C)]
pub struct Header {
    shape: AtomicU32,
    pub lock: ObjLock,
    pub mark: ungil_locks::primitive::AtomicU8,
    flags: AtomicU16,
    count: AtomicI64,
}

const _: () = assert!(size_of::<Header>() == 16);

impl Header {
    /// A header for a new object with one reference.
    #[inline(always)]
    pub fn new(shape_id: u32) -> Header {
        Header {
            shape: AtomicU32::new(shape_id << 1),
            lock: ObjLock::new(),
            mark: ungil_locks::primitive::AtomicU8::new(0),
            flags: AtomicU16::new(0),
            count: AtomicI64::new(1),
        }
    }

    /// The word that inline caches compare: shape id and published bit.
    #[inline(always)]
    pub fn shape_word(&self) -> u32 {
        // ORD: relaxed; shapes are immutable and reached through the runtime's table.
        self.shape.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub fn shape_id(&self) -> u32 {
        self.shape_word() >> 1
    }

    /// Gives the object another shape. The caller holds the object's lock, or owns it exclusively.
    #[inline(always)]
    pub fn set_shape_id(&self, id: u32) {
        // ORD: release, so that a reader of the new shape sees the slots that came with it.
        self.shape.store(id << 1 | self.shape.load(Ordering::Relaxed) & 1, Ordering::Release);
    }

    #[inline(always)]
    pub fn has_flag(&self, bit: u16) -> bool {
        // ORD: relaxed; flags that order matters for are set and read under a lock of their own.
        self.flags.load(Ordering::Relaxed) & bit != 0
    }

    #[inline]
    pub fn set_flag(&self, bit: u16) {
        // ORD: relaxed, an atomic or because two threads may set different bits.
        self.flags.fetch_or(bit, Ordering::Relaxed);
    }

    #[inline]
    pub fn clear_flag(&self, bit: u16) {
        // ORD: as in `set_flag`.
        self.flags.fetch_and(!bit, Ordering::Relaxed);
    }

    /// The count field, for the models' backends.
    #[inline(always)]
    pub(crate) fn count_cell(&self) -> &AtomicI64 {
        &self.count
    }

    /// References counted now; another thread may change it at any time. At least `u32::MAX` for immortal objects.
    #[inline(always)]
    pub fn ref_count(&self) -> i64 {
        // ORD: relaxed; the answer is a snapshot.
        match self.count.load(Ordering::Relaxed) {
            n if n < 0 => u32::MAX as i64,
            n => n,
        }
    }

    /// Whether the object is never counted and never freed.
    #[inline(always)]
    pub fn is_immortal(&self) -> bool {
        // ORD: relaxed; the state is final once set.
        self.count.load(Ordering::Relaxed) < 0
    }

    /// Makes the object immortal: from now on it is neither counted nor freed.
    #[inline]
    pub fn make_immortal(&self) {
        // ORD: relaxed; the caller is the only one to know the object, or nobody depends on when the change is seen.
        self.count.store(IMMORTAL, Ordering::Relaxed);
    }

    /// Adds a reference.
    #[inline(always)]
    pub fn increment(&self, m: &Mutator) {
        model::increment(self, m);
    }

    /// Takes a reference away and says whether it was the last one.
    #[inline(always)]
    #[must_use]
    pub fn decrement(&self, m: &Mutator) -> bool {
        model::decrement(self, m)
    }

    /// Adds a reference unless there is none left; for weak references, under the weak table's lock.
    #[inline]
    pub fn try_increment(&self, m: &Mutator) -> bool {
        model::try_increment(self, m)
    }
}
