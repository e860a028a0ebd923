//! The 16-byte header at the start of every object.
//!
//! ```text
//! word 0   shape 32 | lock 8 | state 8 | flags 16
//! word 1   count 64
//! ```
//! `shape` is the id of the object's shape shifted left by one. A shape word of zero marks a free block of the heap.
//! `state` tells whether the object has been published. It has a byte of its own: fast paths ask first whether their
//! thread is solo, which the loop around them mostly knows, so that guards need not tell published objects apart.
//! What other threads may have counted of a published object and not entered here: `tally.rs`.
//! A negative count tells that dropping references never frees the object. Its two upper bits say which kind it is:
//!
//! | bits | object | the rest of the count | freed |
//! |---|---|---|---|
//! | `11` | immortal: nobody depends on its count | drifts around [`IMMORTAL`] | never |
//! | `10` | hub, used by all threads | number of the hub 22, references 40 | by the collector |
//! | `01` | in limbo: no reference is counted here any more | a number of this limbo | after a grace period, unless a thread has a reference |
//!
//! The references of a hub are those counted here, biased, and those that threads have counted for themselves (`hub.rs`).
//!
//! How the count is kept is the model's business (`model/`).

use crate::{Mutator, Space, model};
use ungil_locks::ObjLock;
use ungil_locks::primitive::{AtomicI64, AtomicU8, AtomicU16, AtomicU32, Ordering, Weakened, ends, lower};
use ungil_locks::stats::{self, Stat};
use ungil_locks::weaken::Step;

/// The count of an immortal object. Far from the bounds in both directions: increments and decrements that slip through
/// do no harm.
pub const IMMORTAL: i64 = i64::MIN / 4;

/// Bits of a hub's count that are its references.
const HUB_REFERENCES: u32 = 40;
/// What the references of a hub without any read.
const HUB_BIAS: i64 = 1 << (HUB_REFERENCES - 1);

/// Bit of the count of an object in limbo; the bits below say which limbo.
pub(crate) const LIMBO: i64 = 1 << 62;

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
    /// An instance that keeps its attributes in its dict for good.
    pub const STAYS_IN_DICT: u16 = 512;
    /// An instance whose last attribute was deleted, and may not have been set again since.
    pub const HOLE: u16 = 1024;
}

/// See the module's head for the layout.
#[repr(C)]
pub struct Header {
    shape: AtomicU32,
    pub lock: ObjLock,
    state: AtomicU8,
    flags: AtomicU16,
    count: AtomicI64,
    /// What the model keeps besides.
    extra: model::Extra,
    /// Number of the OS thread that made the object: who alone may touch it until it is published.
    #[cfg(feature = "checks")]
    owner: u64,
}

/// Bytes of a header.
pub const HEADER_SIZE: usize = size_of::<model::Extra>() + if cfg!(feature = "checks") { 24 } else { 16 };
ungil_locks::assert_layout!(size_of::<Header>() == HEADER_SIZE);

/// Bit of [`Header::state`]; the bits above it are the collector's mark.
const PUBLISHED: u8 = 1;

impl Header {
    /// A header for a new object with one reference.
    #[inline(always)]
    pub fn new(shape_id: u32) -> Header {
        Header::with_references(shape_id, 1)
    }

    /// As [`Header::new`], with two references.
    #[inline(always)]
    pub fn with_two_references(shape_id: u32) -> Header {
        Header::with_references(shape_id, 2)
    }

    #[inline(always)]
    fn with_references(shape_id: u32, references: i64) -> Header {
        let (count, extra) = model::birth(references);
        Header {
            shape: AtomicU32::new(shape_id << 1),
            lock: ObjLock::new(),
            state: AtomicU8::new(0),
            flags: AtomicU16::new(0),
            count,
            extra,
            #[cfg(feature = "checks")]
            owner: crate::publish::thread_number(),
        }
    }

    /// Whether other threads may reach the object. Never changes back (PUB-2).
    #[inline(always)]
    pub fn is_published(&self) -> bool {
        // ORD: relaxed; the owner sets it, others learn of the object through a releasing store that follows.
        model::SHARED || model::PUBLISHES && self.state.load(Ordering::Relaxed) & PUBLISHED != 0
    }

    /// Marks the object published. For `publish.rs`, which sees to what the object refers to.
    #[inline]
    pub(crate) fn set_published(&self) {
        // ORD: relaxed, as in `is_published`; nobody else writes the byte.
        self.state.store(self.state.load(Ordering::Relaxed) | PUBLISHED, Ordering::Relaxed);
    }

    /// The collector's mark: what `candidates.rs` says, and which generation the object is of.
    #[inline]
    pub(crate) fn mark(&self) -> u8 {
        // ORD: relaxed; marks are looked at while the world is stopped only.
        self.state.load(Ordering::Relaxed) >> 1
    }

    /// Sets the collector's mark, with the world stopped.
    #[inline]
    pub(crate) fn set_mark(&self, mark: u8) {
        // ORD: as in `mark`.
        self.state.store(self.state.load(Ordering::Relaxed) & PUBLISHED | mark << 1, Ordering::Relaxed);
    }

    /// Feature `checks`: the object is published, or the calling thread's.
    #[inline(always)]
    pub(crate) fn check_access(&self, m: &Mutator) {
        #[cfg(feature = "checks")]
        if model::PUBLISHES && !self.is_published() && !self.is_immortal() {
            crate::publish::check_owner(self, self.owner, m);
        }
        #[cfg(not(feature = "checks"))]
        let _ = m;
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
        // ORD: relaxed, an atomic or where two threads may set different bits.
        if self.is_published() {
            self.flags.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.flags.store(self.flags.load(Ordering::Relaxed) | bit, Ordering::Relaxed);
        }
    }

    #[inline]
    pub fn clear_flag(&self, bit: u16) {
        // ORD: as in `set_flag`.
        if self.is_published() {
            self.flags.fetch_and(!bit, Ordering::Relaxed);
        } else {
            self.flags.store(self.flags.load(Ordering::Relaxed) & !bit, Ordering::Relaxed);
        }
    }

    /// The count field, for the models' backends.
    #[inline(always)]
    pub(crate) fn count_cell(&self) -> &AtomicI64 {
        &self.count
    }

    /// What the model keeps besides the count.
    #[allow(dead_code, reason = "most models keep nothing")]
    #[inline(always)]
    pub(crate) fn extra(&self) -> &model::Extra {
        &self.extra
    }

    /// References counted in the header now; another thread may change it at any time, and threads that are not alone may
    /// have more. At least `u32::MAX` for immortal objects and hubs.
    #[inline(always)]
    pub fn ref_count(&self) -> i64 {
        // ORD: relaxed; the answer is a snapshot.
        match self.count.load(Ordering::Relaxed) {
            n if n < 0 => u32::MAX as i64,
            n if n >= LIMBO => 0,
            n => model::references(n) + model::further_references(self),
        }
    }

    /// What the header says about references, by name, for tests: a snapshot.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, i64)> + use<> {
        let total = if self.is_hub() { self.hub_count() } else { self.ref_count() };
        std::iter::once(("total", total)).chain(model::describe(self))
    }

    /// Whether no reference is left.
    #[inline]
    pub(crate) fn is_dead(&self) -> bool {
        model::is_dead(self)
    }

    /// Whether the caller's reference is the only one, so that it may change an immutable object in place.
    #[inline(always)]
    pub fn is_unique(&self, m: &Mutator) -> bool {
        model::is_unique(self, m)
    }

    /// Gives an object that has ended one reference again, for its finalizer. The caller alone knows it.
    pub(crate) fn revive(&self) {
        model::revive(self);
    }

    /// Whether the object is never freed.
    #[inline(always)]
    pub fn is_immortal(&self) -> bool {
        // ORD: relaxed; the state is final once set.
        self.count.load(Ordering::Relaxed) as u64 >> 62 == 0b11
    }

    /// Whether the object is a hub: one that all threads use. What refers to it is not always counted, so only the collector
    /// may free it, which knows where uncounted references may be.
    #[inline(always)]
    pub fn is_hub(&self) -> bool {
        // ORD: as in `is_immortal`.
        self.count.load(Ordering::Relaxed) as u64 >> 62 == 0b10
    }

    /// Whether the object outlives whatever this thread does until its next safepoint: it is a hub, or immortal.
    #[inline(always)]
    pub fn is_lasting(&self) -> bool {
        // ORD: as in `is_immortal`.
        self.count.load(Ordering::Relaxed) < 0
    }

    /// Makes the object a hub, unless it is one or immortal. The caller holds a reference to it.
    pub fn make_hub(&self, space: &Space) {
        if self.is_lasting() {
            return;
        }
        let number = space.hubs.new_number(self);
        let first =
            number.map_or(IMMORTAL, |number| i64::MIN | i64::from(number) << HUB_REFERENCES | HUB_BIAS);
        if Weakened::current().skips(Step::HubOneStep) {
            return self.count.store(first + self.count.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        // ORD: relaxed; the references that the count says stay what they are, and the caller's keeps the object alive.
        let made = self
            .count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| match n {
                n if n < 0 => None,
                // The caller's reference is one of those that its table says.
                n if n >= LIMBO => Some(first),
                n => Some(first + model::references(n) * model::UNIT),
            })
            .is_ok();
        match (made, number) {
            (true, _) => model::became_hub(self, space),
            // Another thread was first.
            (false, Some(number)) => space.hubs.retire(number),
            (false, None) => {}
        }
    }

    /// Gives back the number of a hub that is about to be freed.
    pub(crate) fn end_hub(&self, m: &Mutator) {
        // ORD: relaxed; nobody counts it any more.
        if let Some(number) = Header::hub_number(self.count.load(Ordering::Relaxed)) {
            // The last references were dropped by this thread.
            if model::HUBS {
                m.hubs.take(number);
            }
            m.space.hubs.retire(number as u32);
        }
    }

    /// Counts what threads have counted for themselves.
    pub(crate) fn add_hub_count(&self, sum: i64) {
        // ORD: relaxed; the world is stopped. It may have been made immortal, and drifts then.
        self.count.fetch_add(sum * model::UNIT, Ordering::Relaxed);
    }

    /// References to a hub that are entered in its header.
    pub(crate) fn hub_count(&self) -> i64 {
        // ORD: relaxed; asked while the world is stopped.
        let count = (self.count.load(Ordering::Relaxed) & ((1 << HUB_REFERENCES) - 1)) - HUB_BIAS;
        count / model::UNIT + model::further_references(self)
    }

    /// The number of the hub whose count this is, if it is one's.
    #[inline(always)]
    pub(crate) fn hub_number(count: i64) -> Option<usize> {
        if count >= 0 {
            return None;
        }
        // The second bit is the sign of what is left.
        let rest = count << 1;
        if rest < 0 { None } else { Some(rest as usize >> (HUB_REFERENCES + 1)) }
    }

    /// Makes the object immortal: from now on it is neither counted nor freed.
    #[inline]
    pub fn make_immortal(&self) {
        // ORD: relaxed; the caller is the only one to know the object, or nobody depends on when the change is seen.
        self.count.store(IMMORTAL, Ordering::Relaxed);
    }

    /// For a class: a hub, and published from birth.
    pub fn make_class(&self, space: &Space) {
        self.make_hub(space);
        self.set_published();
    }

    /// For an object outside the heap: immortal and published from birth.
    pub fn make_global(&self) {
        self.make_immortal();
        self.set_published();
    }

    /// Makes the block one that the collector passes over: the object has ended, its memory stays for a while.
    pub(crate) fn retire(&self) {
        // ORD: relaxed; nobody looks for objects but with the world stopped.
        self.shape.store(0, Ordering::Relaxed);
    }

    /// Says that the object's memory is about to be given back: nobody may look at the header any more.
    #[inline(always)]
    pub(crate) fn end(&self) {
        // SAFETY: the header is there.
        unsafe { ends(&self.count) };
    }

    /// As [`Header::increment`], on a thread that is solo.
    #[inline(always)]
    pub fn increment_solo(&self, m: &Mutator) {
        self.check_access(m);
        m.check_solo();
        stats::count(Stat::CountPlain);
        // ORD: relaxed load and store, one plain instruction: nobody else counts until the thread's next safepoint.
        self.count.store(self.count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// As [`Header::decrement`], on a thread that is solo.
    #[inline(always)]
    #[must_use]
    pub fn decrement_solo(&self, m: &Mutator) -> bool {
        self.check_access(m);
        m.check_solo();
        stats::count(Stat::CountPlain);
        // SAFETY: as in `increment_solo`, nobody else counts until the thread's next safepoint.
        unsafe { lower(&self.count) }
    }

    /// Adds a reference.
    #[inline(always)]
    pub fn increment(&self, m: &Mutator) {
        self.check_access(m);
        model::increment(self, m);
    }

    /// As [`Header::increment`] if that takes but a few instructions; else nothing is done, and the answer is no. For threads that
    /// are not solo: one that has become so may be told no for nothing.
    #[inline(always)]
    #[must_use]
    pub fn increment_quick(&self, m: &Mutator) -> bool {
        self.check_access(m);
        model::increment_quick(self, m)
    }

    /// Takes a reference away, if that takes but a few instructions. For threads that are not solo, as above. Whether the caller must go on
    /// with [`Mutator::end_drop`], which knows what has been done.
    #[inline(always)]
    #[must_use]
    pub fn count_down(&self, m: &Mutator) -> bool {
        self.check_access(m);
        model::count_down(self, m)
    }

    /// Feature `checks`: no other thread counts the object.
    #[inline(always)]
    fn check_own(&self) {
        if cfg!(feature = "checks") && !model::is_private(self) && !Mutator::current().owns_everything() {
            crate::fatal("an object that others know is counted as if it were confined (RC-1)");
        }
    }

    /// Adds a reference to an object that is confined.
    #[inline(always)]
    pub fn count_up_confined(&self) {
        self.check_own();
        stats::count(Stat::CountPlain);
        // ORD: as in `increment_private`.
        self.count.store(self.count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// As [`Header::count_down`], of an object that is confined. Whether the reference was the last one.
    #[inline(always)]
    #[must_use]
    pub fn count_down_confined(&self) -> bool {
        self.check_own();
        model::decrement_private(self)
    }

    /// Takes a reference to a published object away, if the thread has counted it for itself. Whether it was done; then the
    /// object has not ended.
    #[inline(always)]
    #[must_use]
    pub fn count_down_noted(&self, m: &Mutator) -> bool {
        self.check_access(m);
        model::count_down_noted(self, m)
    }

    /// Adds references to an object that is lasting (see [`Header::is_lasting`]); negative: takes
    /// some away, and none of them is the last one. Whether the object is lasting; else nothing is done.
    #[inline(always)]
    pub fn count_lasting(&self, m: &Mutator, by: i64) -> bool {
        self.check_access(m);
        model::count_lasting(self, m, by)
    }

    /// Makes [`Header::increment_quick`] of an object that is alive succeed when it is next tried. The thread is not solo.
    pub fn prepare_increment(&self, m: &Mutator) {
        model::prepare_increment(self, m);
    }

    /// Takes a reference away and says whether it was the last one.
    #[inline(always)]
    #[must_use]
    pub fn decrement(&self, m: &Mutator) -> bool {
        self.check_access(m);
        model::decrement(self, m)
    }

    /// As [`Header::decrement`] where the object itself says that it needs no more than a plain instruction; `None` where
    /// it depends on the thread, and nothing is done.
    #[inline(always)]
    #[must_use]
    pub(crate) fn decrement_private(&self) -> Option<bool> {
        if cfg!(feature = "checks") {
            self.check_access(Mutator::current());
        }
        model::is_private(self).then(|| model::decrement_private(self))
    }

    /// As [`Header::increment`] where the object itself says that it needs no more than a plain instruction; else nothing is
    /// done, and the answer is no.
    #[inline(always)]
    #[must_use]
    pub(crate) fn increment_private(&self) -> bool {
        if cfg!(feature = "checks") {
            self.check_access(Mutator::current());
        }
        let private = model::is_private(self);
        if private {
            stats::count(Stat::CountPlain);
            // ORD: relaxed load and store, one plain instruction: nobody else counts the object.
            self.count.store(self.count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        private
    }

    /// Adds a reference unless there is none left; for weak references, under the weak table's lock.
    #[inline]
    pub fn try_increment(&self, m: &Mutator) -> bool {
        model::try_increment(self, m)
    }
}
