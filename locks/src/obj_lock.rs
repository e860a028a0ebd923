//! The lock in each object's header: one byte.
//!
//! Taken by writers of published objects, and by readers whose lock-free attempt failed. LOCK-1: none is held while
//! Python runs, or across a safepoint or detach; two are taken in address order; what is done under one is bounded.
//!
//! | `PARKED` | `LOCKED` | state | left by |
//! |---|---|---|---|
//! | 0 | 0 | free | `lock`, by anyone |
//! | 0 | 1 | held, nobody sleeps | `unlock` by the holder; a waiter about to sleep sets `PARKED` |
//! | 1 | 1 | held, somebody sleeps or is about to | `unlock_slow` by the holder, under the bucket's mutex |
//! | 1 | 0 | free, somebody sleeps still | `lock`, by anyone |
//!
//! The design is that of WebKit's and parking_lot's one-byte locks, with PEP 703's rule that a thread that has waited
//! a millisecond is handed the lock.

use crate::primitive::{self, AtomicU8, Ordering};
use crate::stats::{self, Stat};
use crate::weaken::Step;
use crate::{World, assert_layout, const_unless_loom};

const LOCKED: u8 = 1;
const PARKED: u8 = 2;

/// How often a thread that finds the lock taken looks again before it sleeps, and how long it spins before the first look,
/// doubled each time. It does not look at once: the holder, which has the object in its cache, gets much done meanwhile,
/// where two threads that take turns at each operation would wait for the cache line all the time.
const ROUNDS: u32 = primitive::spins(6);
const FIRST_SPINS: u32 = 16;

/// See the module's head.
#[derive(Debug)]
#[repr(transparent)]
pub struct ObjLock(AtomicU8);

assert_layout!(size_of::<ObjLock>() == 1);

impl Default for ObjLock {
    fn default() -> Self {
        Self::new()
    }
}

impl ObjLock {
    const_unless_loom! {
        /// A free lock.
        #[inline]
        pub fn new() -> Self {
            Self(AtomicU8::new(0))
        }
    }

    #[inline]
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Takes the lock, waiting if need be. The thread stays attached.
    #[inline]
    pub fn lock(&self, world: &World) {
        world.diagnostics.before_lock(self.address());
        // ORD: acquire, with the release of `unlock`: what the last holder wrote. Relaxed on failure: nothing is read.
        if self.0.compare_exchange(0, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.lock_slow(world);
        } else {
            stats::count(Stat::LockFast);
        }
        world.diagnostics.locked(self.address());
    }

    /// Takes the lock if that needs no waiting.
    #[inline]
    pub fn try_lock(&self, world: &World) -> bool {
        // ORD: relaxed, a guess that the exchange verifies.
        let state = self.0.load(Ordering::Relaxed);
        // ORD: as in `lock`.
        let taken = state & LOCKED == 0
            && self.0.compare_exchange(state, state | LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if taken {
            stats::count(Stat::LockFast);
            world.diagnostics.locked(self.address());
        }
        taken
    }

    /// Gives the lock back. The caller holds it.
    #[inline]
    pub fn unlock(&self, world: &World) {
        world.diagnostics.unlocked(self.address(), self.is_locked());
        // ORD: release, with the acquire of `lock`: the next holder sees what this one wrote.
        let release = world.weakened.ordering(Step::ObjLockRelease, Ordering::Release);
        if self.0.compare_exchange(LOCKED, 0, release, Ordering::Relaxed).is_err() {
            self.unlock_slow(world);
        }
    }

    /// Whether anybody holds the lock. Old news by the time it is read, unless it is the caller.
    #[inline]
    pub fn is_locked(&self) -> bool {
        // ORD: relaxed, a hint.
        self.0.load(Ordering::Relaxed) & LOCKED != 0
    }

    /// Takes the lock; the guard gives it back.
    #[inline]
    pub fn guard<'a>(&'a self, world: &'a World) -> ObjGuard<'a> {
        self.lock(world);
        ObjGuard { lock: self, world }
    }

    #[cold]
    #[inline(never)]
    fn lock_slow(&self, world: &World) {
        stats::count(Stat::LockSlow);
        let mut round = 0;
        loop {
            // ORD: relaxed, a guess that the exchanges verify.
            let state = self.0.load(Ordering::Relaxed);
            if state & LOCKED == 0 {
                // ORD: as in `lock`. The parked bit stays: others sleep still.
                let taken =
                    self.0.compare_exchange_weak(state, state | LOCKED, Ordering::Acquire, Ordering::Relaxed);
                if taken.is_ok() {
                    return;
                }
                continue;
            }
            if state & PARKED == 0 {
                if round < ROUNDS {
                    (0..FIRST_SPINS << round).for_each(|_| primitive::spin_loop());
                    round += 1;
                    continue;
                }
                // ORD: relaxed, the bucket's mutex orders it: the holder that sees the bit locks the bucket.
                let marked =
                    self.0.compare_exchange_weak(state, state | PARKED, Ordering::Relaxed, Ordering::Relaxed);
                if marked.is_err() {
                    continue;
                }
            }
            if self.park(world) {
                return;
            }
            round = 0;
        }
    }

    /// Sleeps until the lock may be free; true if it was handed to this thread.
    fn park(&self, world: &World) -> bool {
        stats::count(Stat::LockContended);
        let still_wants_to = || {
            // ORD: relaxed, `unlock_slow` changes this state only under the bucket's mutex, which is held here.
            let state = self.0.load(Ordering::Relaxed);
            state == LOCKED | PARKED || world.weakened.skips(Step::ObjLockValidates)
        };
        world.waiting_for_lock(|| world.parking.park(self.address(), still_wants_to))
    }

    #[cold]
    #[inline(never)]
    fn unlock_slow(&self, world: &World) {
        world.parking.unpark_one(self.address(), |unparked| {
            let keep = unparked.more && !world.weakened.skips(Step::ObjLockKeepsParked);
            let parked = if keep { PARKED } else { 0 };
            let hand = unparked.found && unparked.be_fair;
            // While both bits are set nobody but the holder changes the byte, so a store is enough.
            // ORD: release, with the acquire of `lock`. When the lock is handed over the waiter's own word carries
            // what this thread wrote, and the bit only stays.
            self.0.store(if hand { LOCKED | parked } else { parked }, Ordering::Release);
            hand
        });
    }
}

/// Holds one object's lock.
#[derive(Debug)]
pub struct ObjGuard<'a> {
    lock: &'a ObjLock,
    world: &'a World,
}

impl Drop for ObjGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.lock.unlock(self.world);
    }
}

/// Holds the locks of two objects, or of one that was given twice.
#[derive(Debug)]
pub struct ObjPairGuard<'a> {
    first: &'a ObjLock,
    second: &'a ObjLock,
    world: &'a World,
}

impl Drop for ObjPairGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        unlock_two(self.first, self.second, self.world);
    }
}

/// Takes the locks of two objects in address order (LOCK-1), or one lock once if they are the same.
#[inline]
pub fn lock_two<'a>(a: &'a ObjLock, b: &'a ObjLock, world: &'a World) -> ObjPairGuard<'a> {
    let swap = b.address() < a.address() && !world.weakened.skips(Step::LockTwoOrders);
    let (first, second) = if swap { (b, a) } else { (a, b) };
    first.lock(world);
    if !std::ptr::eq(first, second) {
        second.lock(world);
    }
    ObjPairGuard { first, second, world }
}

/// Gives back what [`lock_two`] took, where its guard was forgotten.
#[inline]
pub fn unlock_two(a: &ObjLock, b: &ObjLock, world: &World) {
    if !std::ptr::eq(a, b) {
        b.unlock(world);
    }
    a.unlock(world);
}
