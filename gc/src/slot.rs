//! `Slot`, a place in an object that holds a counted reference, and the one publishing store (PUB-1).
//!
//! Every store into an object's slot goes through [`Slot::replace`] or [`Slot::init`], which know the container.
//! The caller holds the container's lock, or the container is exclusively its own.

use crate::{Header, Mutator, Obj, Value, model};
use ungil_locks::const_unless_loom;
use ungil_locks::primitive::{AtomicU64, Ordering, Weakened, exchange_alone};
use ungil_locks::weaken::Step;

/// `v` if it may be used without a count where others may let go of it: an immediate, or what lasts. Else `UNDEF`. `again`
/// reads the place where it was found.
#[inline(always)]
pub fn lasting(v: Value, again: impl FnOnce() -> Value) -> Value {
    if model::LOCKS_READS {
        return Value::UNDEF;
    }
    // SAFETY: headers are there after their objects have gone: small ones lie in pages that stay, large ones wait for a
    // grace period. If the place holds the value still, the header was that of this object.
    if !v.is_ptr() || unsafe { (*v.ptr()).is_lasting() } && again() == v { v } else { Value::UNDEF }
}

/// A counted reference inside an object.
#[repr(transparent)]
pub struct Slot(AtomicU64);

impl Slot {
    const_unless_loom! {
        /// A slot that holds nothing.
        #[inline(always)]
        pub fn empty() -> Slot {
            Slot(AtomicU64::new(Value::UNDEF.0))
        }
    }

    /// A slot of an object that is being made; nobody else can reach it yet.
    #[inline(always)]
    pub fn new(v: Obj) -> Slot {
        Slot(AtomicU64::new(v.into_value().0))
    }

    /// The word, borrowed: valid only while the container's lock is held or the container is exclusive.
    #[inline(always)]
    pub fn peek(&self) -> Value {
        // ORD: relaxed; the container's lock orders.
        Value(self.0.load(Ordering::Relaxed))
    }

    /// The word, borrowed from a published container without its lock: valid until the thread's next quiescent point, as
    /// nothing that a published container held is freed before (`grace.rs`). In models in which that is not so, `UNDEF`
    /// in place of what may be freed, as if the slot were being changed: the caller takes the lock then.
    #[inline(always)]
    pub fn peek_shared(&self) -> Value {
        // ORD: acquire, with the release of `replace_locked`: what the object consists of.
        let v = Value(self.0.load(Ordering::Acquire));
        if model::BORROWS { v } else { lasting(v, || Value(self.0.load(Ordering::Acquire))) }
    }

    /// Whether nothing is held.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.peek().is_undef()
    }

    /// An owned copy of what is held, `None` if nothing is. The caller holds the lock or owns the container.
    #[inline(always)]
    pub fn get_locked(&self, m: &Mutator) -> Option<Obj> {
        match self.peek() {
            Value::UNDEF => None,
            // SAFETY: the slot holds a reference, and nobody can take it away meanwhile.
            v => Some(unsafe { Obj::from_borrowed(v, m) }),
        }
    }

    /// An owned copy, taking the container's lock unless it is exclusively this thread's.
    #[inline(always)]
    pub fn get(&self, container: &Header, m: &Mutator) -> Option<Obj> {
        if m.is_exclusive(container) {
            return self.get_locked(m);
        }
        container.lock.lock(&m.world);
        let v = self.get_locked(m);
        container.lock.unlock(&m.world);
        v
    }

    /// Stores, and gives back what was there. The caller holds the lock or owns the container.
    #[inline(always)]
    #[cfg_attr(feature = "stats", track_caller)]
    pub fn replace_locked(&self, container: &Header, v: Obj) -> Option<Obj> {
        let v = v.into_value();
        if !Weakened::current().skips(Step::PublishesFirst) {
            model::publish(container, v);
        }
        // ORD: the load is relaxed, the lock orders it; the store is a release, with the acquire of `peek_shared`: a reader
        // without the lock sees the object's contents, and that it is published.
        let old = Value(self.0.load(Ordering::Relaxed));
        self.0.store(v.0, Weakened::current().ordering(Step::SlotRelease, Ordering::Release));
        if old.is_undef() {
            return None;
        }
        // SAFETY: the slot owned this reference and has given it up.
        Some(unsafe { Obj::from_owned(old) })
    }

    /// Stores, taking the lock unless the container is exclusive. What was there is dropped after the unlock.
    #[inline(always)]
    #[cfg_attr(feature = "stats", track_caller)]
    pub fn set(&self, container: &Header, m: &Mutator, v: Obj) {
        let old = if m.is_exclusive(container) {
            self.replace_locked(container, v)
        } else {
            container.lock.lock(&m.world);
            let old = self.replace_locked(container, v);
            container.lock.unlock(&m.world);
            old
        };
        drop(old);
    }

    /// Exchanges the contents of two slots of one container, which counts nothing. The caller holds the container's lock or
    /// owns it.
    #[inline(always)]
    pub fn swap_locked(&self, other: &Slot) {
        let (a, b) = (self.peek(), other.peek());
        // ORD: release, as in `replace_locked`.
        self.0.store(b.0, Ordering::Release);
        other.0.store(a.0, Ordering::Release);
    }

    /// Gives up the reference, and leaves the word where it is for what is to be stored over it. The caller holds the lock or
    /// owns the container.
    #[inline(always)]
    pub fn get_out_locked(&self) -> Option<Obj> {
        match self.peek() {
            Value::UNDEF => None,
            // SAFETY: the slot owned the reference, which it does not use any more.
            v => Some(unsafe { Obj::from_owned(v) }),
        }
    }

    /// Stores an owned word, which has been published with the container, and gives back the owned one that was there. The caller
    /// holds the container's lock or owns it.
    #[inline(always)]
    pub fn swap_locked_word(&self, v: Value) -> Value {
        let old = self.peek();
        // ORD: release, as in `replace_locked`.
        self.0.store(v.0, Ordering::Release);
        old
    }

    /// Stores an owned word and gives back the owned one that was there. The container is confined, or exclusive and the
    /// word an immediate: nothing need be published.
    #[inline(always)]
    pub fn swap_exclusive(&self, v: Value) -> Value {
        // ORD: relaxed; no other thread looks at the container.
        let old = Value(self.0.load(Ordering::Relaxed));
        self.0.store(v.0, Ordering::Relaxed);
        old
    }

    /// Empties the slot and gives back what was there. The caller holds the lock or owns the container.
    #[inline(always)]
    pub fn take_locked(&self) -> Option<Obj> {
        // ORD: relaxed; the container's lock orders.
        let old = Value(self.0.load(Ordering::Relaxed));
        self.0.store(Value::UNDEF.0, Ordering::Relaxed);
        if old.is_undef() {
            return None;
        }
        // SAFETY: the slot owned this reference and has given it up.
        Some(unsafe { Obj::from_owned(old) })
    }

    /// Empties the slot and gives up the reference as a bare word, for destruction.
    #[inline(always)]
    pub(crate) fn take_value(&self) -> Value {
        // SAFETY: the slot is there. The object is this thread's alone.
        Value(unsafe { exchange_alone(&self.0, Value::UNDEF.0) })
    }

    /// Empties the slot and drops what it held, for destruction: nobody else reaches the container.
    #[inline(always)]
    pub fn clear(&self, m: &Mutator) {
        m.drop_value(self.take_value());
    }

    /// Empties the slot, taking the lock unless the container is exclusive.
    #[inline]
    pub fn take(&self, container: &Header, m: &Mutator) -> Option<Obj> {
        if m.is_exclusive(container) {
            return self.take_locked();
        }
        container.lock.lock(&m.world);
        let old = self.take_locked();
        container.lock.unlock(&m.world);
        old
    }
}
