//! What `_thread.lock` stands on: a lock that any thread may release, with timeouts and interruptible waits.
//!
//! Callers detach around a wait and attach again afterwards. Nothing here touches objects, object locks or the
//! world; the queue's mutex is a leaf and is held for a few instructions.
//!
//! | `QUEUED` | `LOCKED` | state |
//! |---|---|---|
//! | 0 | 0 | free |
//! | 0 | 1 | held |
//! | 1 | 1 | held, the queue is not empty or somebody is about to enter it |
//! | 1 | 0 | free, the queue is not empty; one of it has been woken |
//!
//! `QUEUED` changes only under the queue's mutex.

use crate::check::{VM_BITS, WAITING};
use crate::primitive::{Arc, AtomicU8, Clock, ForkMutex, Ordering, Parker, Weakened};
use crate::thread_state::ThreadState;
use crate::waiter::Waiter;
use crate::weaken::Step;
use std::collections::VecDeque;
use std::time::Duration;

const LOCKED: u8 = 1;
const QUEUED: u8 = 2;

/// A thread that has waited this long is handed the lock, in nanoseconds.
const FAIR_AFTER: u64 = 1_000_000;

/// How an interruptible wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcquireResult {
    /// The caller holds the lock.
    Acquired,
    /// The time was up first.
    TimedOut,
    /// One of the VM's bits is raised in the thread's check word. The caller attaches, services and clears all of them,
    /// and tries again: while one stays raised every wait ends at once.
    Interrupted,
}

/// See the module's head.
#[derive(Debug)]
pub struct RawLock {
    state: AtomicU8,
    queue: ForkMutex<VecDeque<Arc<Waiter>>>,
    clock: Clock,
}

impl Default for RawLock {
    fn default() -> Self {
        Self::new()
    }
}

impl RawLock {
    /// A free lock.
    pub fn new() -> Self {
        Self { state: AtomicU8::new(0), queue: ForkMutex::new(VecDeque::new()), clock: Clock::new() }
    }

    /// Takes the lock if it is free.
    #[inline]
    pub fn try_acquire(&self) -> bool {
        // ORD: relaxed, a guess that the exchange verifies.
        let mut state = self.state.load(Ordering::Relaxed);
        while state & LOCKED == 0 {
            // ORD: acquire, with the release of `release`.
            match self.state.compare_exchange_weak(
                state,
                state | LOCKED,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Takes the lock, waiting for at most `timeout` (`None`: for ever). False if the time was up.
    pub fn acquire(&self, timeout: Option<Duration>) -> bool {
        self.try_acquire() || self.acquire_slow(timeout, None) == AcquireResult::Acquired
    }

    /// Like [`acquire`](Self::acquire), but ends early when one of [`VM_BITS`] is raised in the check word of `me`,
    /// the calling thread. A lock that is free is taken even then.
    pub fn acquire_interruptible(&self, timeout: Option<Duration>, me: &ThreadState) -> AcquireResult {
        if self.try_acquire() {
            return AcquireResult::Acquired;
        }
        self.acquire_slow(timeout, Some(me))
    }

    /// Gives the lock back; any thread may. False, and nothing happens, if nobody holds it.
    #[inline]
    pub fn release(&self) -> bool {
        // ORD: release, with the acquire of `try_acquire`.
        let release = Weakened::current().ordering(Step::RawLockRelease, Ordering::Release);
        match self.state.compare_exchange(LOCKED, 0, release, Ordering::Relaxed) {
            Ok(_) => true,
            Err(state) if state & LOCKED == 0 => false,
            Err(_) => self.release_slow(),
        }
    }

    /// Whether somebody holds the lock.
    #[inline]
    pub fn locked(&self) -> bool {
        // ORD: relaxed, a hint.
        self.state.load(Ordering::Relaxed) & LOCKED != 0
    }

    /// Frees the lock and forgets who waits, in the child of a fork.
    ///
    /// # Safety
    /// No other thread exists.
    pub unsafe fn at_fork_reinit(&self) {
        // SAFETY: as the caller promises.
        unsafe { self.queue.reset(VecDeque::new()) };
        // ORD: relaxed, there is no other thread.
        self.state.store(0, Ordering::Relaxed);
    }

    #[cold]
    fn acquire_slow(&self, timeout: Option<Duration>, me: Option<&ThreadState>) -> AcquireResult {
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return AcquireResult::TimedOut;
        }
        let parker = me.map_or_else(Parker::current, |me| me.parker().clone());
        let waiter = Waiter::new(parker, self.clock.nanos());
        let deadline = timeout.map(|timeout| waiter.since.saturating_add(as_nanos(timeout)));
        let Some(waiter) = self.enqueue(waiter) else { return AcquireResult::Acquired };
        if let Some(me) = me {
            me.begin_interruptible();
        }
        let result = self.wait(waiter, deadline, me);
        if let Some(me) = me {
            me.end_interruptible();
        }
        result
    }

    /// Enters the queue; `None` if the lock turned out to be free and was taken.
    fn enqueue(&self, waiter: Arc<Waiter>) -> Option<Arc<Waiter>> {
        let mut queue = self.queue.lock();
        // ORD: acquire for the case that the lock is free, with the release of `release`.
        let before = self.state.fetch_or(LOCKED | QUEUED, Ordering::Acquire);
        if before & LOCKED == 0 {
            if queue.is_empty() {
                // ORD: relaxed, only the bit of the queue, whose mutex is held.
                self.state.fetch_and(!QUEUED, Ordering::Relaxed);
            }
            return None;
        }
        queue.push_back(Arc::clone(&waiter));
        Some(waiter)
    }

    fn wait(
        &self,
        mut waiter: Arc<Waiter>,
        deadline: Option<u64>,
        me: Option<&ThreadState>,
    ) -> AcquireResult {
        loop {
            let left = deadline.map(|deadline| deadline.saturating_sub(self.clock.nanos()));
            if let Some(handed) = waiter.woken() {
                if handed || self.try_acquire() {
                    return AcquireResult::Acquired;
                }
                if left == Some(0) {
                    return AcquireResult::TimedOut;
                }
                // Somebody was faster. The wait began when it began: fairness counts from there.
                match self.enqueue(waiter.again()) {
                    None => return AcquireResult::Acquired,
                    Some(again) => waiter = again,
                }
                continue;
            }
            let interrupted = me.is_some_and(|me| me.check.get() & VM_BITS != 0);
            if interrupted || left == Some(0) {
                let failure = if interrupted { AcquireResult::Interrupted } else { AcquireResult::TimedOut };
                return self.give_up(&waiter, failure);
            }
            waiter.sleep_once(left.map(Duration::from_nanos));
        }
    }

    /// Leaves the queue. If the thread was woken meanwhile, it tries the lock once more, since that wake-up was for
    /// this lock and nobody else got it.
    fn give_up(&self, waiter: &Arc<Waiter>, failure: AcquireResult) -> AcquireResult {
        {
            let mut queue = self.queue.lock();
            if let Some(index) = queue.iter().position(|other| Arc::ptr_eq(other, waiter)) {
                queue.remove(index);
                if queue.is_empty() {
                    // ORD: relaxed, only the bit of the queue, whose mutex is held.
                    self.state.fetch_and(!QUEUED, Ordering::Relaxed);
                }
                return failure;
            }
        }
        // Out of the queue, so the waker is past the queue's mutex and about to write its verdict.
        let handed = waiter.sleep();
        let tries = !Weakened::current().skips(Step::RawLockTriesAgain);
        if handed || tries && self.try_acquire() { AcquireResult::Acquired } else { failure }
    }

    #[cold]
    fn release_slow(&self) -> bool {
        let mut queue = self.queue.lock();
        let first = queue.pop_front();
        let queued = if queue.is_empty() { 0 } else { QUEUED };
        let hand = first
            .as_ref()
            .is_some_and(|waiter| self.clock.nanos().saturating_sub(waiter.since) >= FAIR_AFTER);
        let after = if hand { LOCKED | queued } else { queued };
        // Two threads may release at the same time; only one of them may find the lock held.
        // ORD: release, with the acquire of `try_acquire`.
        let changed = self.state.fetch_update(Ordering::Release, Ordering::Relaxed, |state| {
            (state & LOCKED != 0).then_some(after)
        });
        if changed.is_err() {
            if let Some(first) = first {
                queue.push_front(first);
            }
            return false;
        }
        drop(queue);
        if let Some(waiter) = first
            && !Weakened::current().skips(Step::RawLockWakes)
        {
            waiter.wake(hand);
        }
        true
    }
}

fn as_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl ThreadState {
    /// From now on raising one of [`VM_BITS`] also ends a park of this thread.
    fn begin_interruptible(&self) {
        // The bit is in the same word as those it is about, so that either this thread sees them after setting it
        // or the raiser sees it.
        self.check.raise(WAITING);
    }

    fn end_interruptible(&self) {
        self.check.clear(WAITING);
    }

    /// Sleeps for `time`, or until one of [`VM_BITS`] is raised in this thread's check word; false in that case.
    /// The calling thread is the one this state belongs to, and has detached.
    pub fn sleep_interruptible(&self, time: Duration) -> bool {
        let clock = Clock::new();
        let end = as_nanos(time);
        let parker = self.parker();
        self.begin_interruptible();
        let undisturbed = loop {
            if self.check.get() & VM_BITS != 0 {
                break false;
            }
            let left = end.saturating_sub(clock.nanos());
            if left == 0 {
                break true;
            }
            parker.park(Some(Duration::from_nanos(left)));
        };
        self.end_interruptible();
        undisturbed
    }
}
