//! A thread that sleeps in a queue until another one wakes it.
//!
//! Used by the parking table of object locks and by the queue of a [`RawLock`](crate::RawLock). The queue's mutex
//! orders enqueueing and dequeueing; waking happens outside it.

use crate::primitive::{Arc, AtomicU32, Ordering, Parker};
use std::time::Duration;

const ASLEEP: u32 = 0;
const WOKEN: u32 = 1;
const HANDED: u32 = 2;

/// One sleeping thread.
#[derive(Debug)]
pub(crate) struct Waiter {
    state: AtomicU32,
    parker: Parker,
    /// When the wait began, on the clock of whoever owns the queue.
    pub(crate) since: u64,
}

impl Waiter {
    /// A waiter for the current thread, whose parker this is.
    pub(crate) fn new(parker: Parker, since: u64) -> Arc<Self> {
        Arc::new(Self { state: AtomicU32::new(ASLEEP), parker, since })
    }

    /// Wakes the thread. `handed` tells it that it holds the lock already.
    pub(crate) fn wake(&self, handed: bool) {
        // ORD: release, with the acquire of `woken`: a lock handed over brings with it what was written under it.
        self.state.store(if handed { HANDED } else { WOKEN }, Ordering::Release);
        self.parker.unpark();
    }

    /// Whether the thread was woken, and if so whether it was handed the lock.
    pub(crate) fn woken(&self) -> Option<bool> {
        // ORD: acquire, see `wake`.
        match self.state.load(Ordering::Acquire) {
            ASLEEP => None,
            state => Some(state == HANDED),
        }
    }

    /// Sleeps until woken; whether the lock was handed over.
    pub(crate) fn sleep(&self) -> bool {
        loop {
            if let Some(handed) = self.woken() {
                return handed;
            }
            self.parker.park(None);
        }
    }

    /// Sleeps once, for at most `timeout`. The caller asks `woken` before and after.
    pub(crate) fn sleep_once(&self, timeout: Option<Duration>) {
        self.parker.park(timeout);
    }

    /// Another waiter for the same thread and the same wait.
    pub(crate) fn again(&self) -> Arc<Self> {
        Self::new(self.parker.clone(), self.since)
    }
}
