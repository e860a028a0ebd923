//! The parking table: where threads sleep that wait for an object lock.
//!
//! A lock is one byte, too small for a queue. So the queues are here, hashed by the lock's address, as in Linux's
//! futexes, WebKit's `ParkingLot` and CPython's `parking_lot.c`. The table hangs off the world. A bucket's mutex is a leaf: nothing
//! else is locked under it, and no thread sleeps with it.
//!
//! A waiting thread stays attached (LOCK-1): what is done under an object lock is bounded and meets no safepoint, so
//! the wait is bounded too, and a stop of the world merely takes that much longer.

use crate::primitive::{Arc, Clock, ForkMutex, Parker};
use crate::waiter::Waiter;
use std::collections::VecDeque;

type Queue = VecDeque<(usize, Arc<Waiter>)>;

/// See the module's head.
#[derive(Debug)]
pub struct ParkingTable {
    buckets: Box<[ForkMutex<Queue>]>,
    clock: Clock,
    /// A thread that has waited this long, in nanoseconds, is handed the lock instead of merely woken.
    fair_after: u64,
}

/// What the thread that unlocks learns about the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unparked {
    /// Somebody was waiting and will be woken.
    pub found: bool,
    /// That thread has waited so long that it should be given the lock.
    pub be_fair: bool,
    /// More threads wait for the same lock.
    pub more: bool,
}

impl ParkingTable {
    pub(crate) fn new(buckets: usize, fair_after: u64) -> Self {
        let buckets = (0..buckets.max(1)).map(|_| ForkMutex::new(Queue::new())).collect();
        Self { buckets, clock: Clock::new(), fair_after }
    }

    fn bucket(&self, address: usize) -> &ForkMutex<Queue> {
        // Fibonacci hashing: the low bits of addresses of objects are alike.
        let hash = (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        &self.buckets[hash as usize % self.buckets.len()]
    }

    /// Sleeps until woken, if `validate` (called with the bucket locked) still wants to. Whether the lock was handed
    /// over to this thread.
    pub(crate) fn park(&self, address: usize, validate: impl FnOnce() -> bool) -> bool {
        let waiter = Waiter::new(Parker::current(), self.clock.nanos());
        {
            let mut queue = self.bucket(address).lock();
            if !validate() {
                return false;
            }
            queue.push_back((address, Arc::clone(&waiter)));
        }
        waiter.sleep()
    }

    /// Takes the first thread that waits at `address` out of the queue and wakes it. `decide`, called with the bucket
    /// locked, stores the lock's new state and says whether the lock is handed over.
    pub(crate) fn unpark_one(&self, address: usize, decide: impl FnOnce(Unparked) -> bool) {
        let mut queue = self.bucket(address).lock();
        let first = queue.iter().position(|(key, _)| *key == address);
        let waiter = first.and_then(|index| queue.remove(index)).map(|(_, waiter)| waiter);
        let Some(waiter) = waiter else {
            decide(Unparked { found: false, be_fair: false, more: false });
            return;
        };
        let more = queue.iter().any(|(key, _)| *key == address);
        let be_fair = self.clock.nanos().saturating_sub(waiter.since) >= self.fair_after;
        let handed = decide(Unparked { found: true, be_fair, more });
        drop(queue);
        waiter.wake(handed);
    }

    /// Forgets all waiters: they do not exist in the child of a fork.
    ///
    /// # Safety
    /// No other thread exists, and this thread is not inside the table.
    pub(crate) unsafe fn reset(&self) {
        for bucket in &self.buckets {
            // SAFETY: as the caller promises.
            unsafe { bucket.reset(Queue::new()) };
        }
    }
}
