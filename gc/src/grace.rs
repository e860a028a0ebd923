//! Grace periods: what no thread may look at any more is freed once every thread has been at a quiescent point.
//!
//! Quiescent-state-based reclamation (McKenney and Slingwine 1998; Hart et al. 2007). What has died is put into batches.
//! Sealing one begins an epoch and raises [`check::QUIESCE`] for every thread that is online; each notes the new epoch at
//! its next safepoint, where it borrows nothing and has entered its tallies. The batch is ripe when all have, and whoever finds
//! that applies it. Threads that are detached or solo are offline: they have entered everything and nobody waits for them.
//!
//! Used by `retire.rs`, which says what a batch consists of. Everything but going online and offline and the notes of
//! quiescent points is under one mutex, a leaf.

use std::collections::VecDeque;
use std::sync::Arc;
use ungil_locks::primitive::{AtomicBool, AtomicU64, AtomicUsize, Mutex, Ordering, Weakened, fence};
use ungil_locks::weaken::Step;
use ungil_locks::{ThreadState, check};

/// What [`Member::seen`] is while a thread is offline.
const OFFLINE: u64 = u64::MAX;

/// One thread's part. It does not move between [`Grace::join`] and [`Grace::part`].
pub struct Member {
    /// The epoch that the thread has seen at its last quiescent point, or [`OFFLINE`]. Written by the thread alone.
    seen: AtomicU64,
    /// The thread has more to seal when its batch that waits is applied.
    more: AtomicBool,
    thread: Arc<ThreadState>,
}

impl Member {
    /// The part of a thread, offline.
    pub fn new(thread: Arc<ThreadState>) -> Member {
        Member { seen: AtomicU64::new(OFFLINE), more: AtomicBool::new(false), thread }
    }

    /// Whether others wait for this thread to be quiescent.
    #[inline]
    pub fn is_asked(&self) -> bool {
        self.thread.check.get() & check::QUIESCE != 0
    }
}

struct Batch<T> {
    epoch: u64,
    owner: *const Member,
    bytes: usize,
    items: Vec<T>,
}

struct Inner<T> {
    members: Vec<*const Member>,
    /// Oldest first.
    batches: VecDeque<Batch<T>>,
}

// SAFETY: members are there until they part, and batches are nobody's. `T` is what the user says may be freed by any thread.
unsafe impl<T> Send for Inner<T> {}

/// See the module's head.
pub struct Grace<T> {
    epoch: AtomicU64,
    /// Batches that wait.
    waiting: AtomicUsize,
    /// What those say they weigh.
    bytes: AtomicUsize,
    inner: Mutex<Inner<T>>,
}

impl<T> Default for Grace<T> {
    fn default() -> Self {
        Grace {
            epoch: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            inner: Mutex::new(Inner { members: Vec::new(), batches: VecDeque::new() }),
        }
    }
}

impl<T> Grace<T> {
    fn locked(&self) -> impl std::ops::DerefMut<Target = Inner<T>> + '_ {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether a batch waits.
    #[inline]
    pub fn has_waiting(&self) -> bool {
        // ORD: relaxed; who has sealed a batch that nobody else sees yet applies it itself.
        self.waiting.load(Ordering::Relaxed) != 0
    }

    /// Whether an epoch has begun that the thread, which is online, has not answered.
    #[inline]
    pub fn is_behind(&self, me: &Member) -> bool {
        // ORD: relaxed; a new epoch asks the thread with a releasing step.
        self.epoch.load(Ordering::Relaxed) != me.seen.load(Ordering::Relaxed)
    }

    /// Bytes that wait.
    #[inline]
    pub fn bytes(&self) -> usize {
        // ORD: relaxed, an estimate.
        self.bytes.load(Ordering::Relaxed)
    }

    /// Enters a thread, which is offline.
    pub fn join(&self, me: &Member) {
        self.locked().members.push(me);
    }

    /// Takes a thread out. It is offline.
    pub fn part(&self, me: &Member) {
        self.locked().members.retain(|&other| !std::ptr::eq(other, me));
    }

    /// In the child of a fork: takes all threads out but this one.
    pub fn forget_others(&self, me: &Member) {
        self.locked().members.retain(|&other| std::ptr::eq(other, me));
    }

    /// The thread has attached among others: from here on batches wait for it. Whether one has begun to meanwhile that nobody
    /// will ask it for: then the caller must take what is ripe.
    #[inline]
    #[must_use]
    pub fn online(&self, me: &Member) -> bool {
        let mut may_be_waited_for = false;
        loop {
            // ORD: relaxed; the fence below orders.
            let epoch = self.epoch.load(Ordering::Relaxed);
            me.seen.store(epoch, Ordering::Relaxed);
            if !Weakened::current().skips(Step::GraceOnlineFence) {
                // ORD: pairs with the fence in `seal`. Either that sees this thread online and asks it, or this one sees the
                // new epoch; and what it reads afterwards is what was there when the epoch began.
                fence(Ordering::SeqCst);
            }
            if self.epoch.load(Ordering::Relaxed) == epoch {
                return may_be_waited_for && !Weakened::current().skips(Step::GraceOnlineLooks);
            }
            // Who sealed the batch may have seen the thread offline, so that it is not asked, and then seen the older epoch.
            may_be_waited_for = true;
        }
    }

    /// The thread has entered its tallies and borrows nothing: no batch waits for it from here on. Whether one did: then the
    /// caller must take what is ripe.
    #[inline]
    #[must_use]
    pub fn offline(&self, me: &Member) -> bool {
        // ORD: release, with the acquire in `take_ripe`: what this thread did comes before what is freed then.
        me.seen.store(OFFLINE, Ordering::Release);
        // ORD: pairs with the fence in `seal`: either that sees the thread offline, or this sees that it is asked.
        fence(Ordering::SeqCst);
        let asked = me.is_asked() && !Weakened::current().skips(Step::GraceOfflineLooks);
        if asked {
            me.thread.clear_check(check::QUIESCE);
        }
        asked
    }

    /// Notes a quiescent point of the thread, which is online and has entered its tallies.
    pub fn quiesce(&self, me: &Member) {
        // Cleared first: an epoch that begins after this look asks again.
        me.thread.clear_check(check::QUIESCE);
        // ORD: the clear has acquired what the asker did. Release, with the acquire in `take_ripe`.
        let epoch = self.epoch.load(Ordering::Relaxed);
        me.seen.store(epoch, Ordering::Release);
        // ORD: as in `online`: what is read from here on is what was there when the epoch began.
        fence(Ordering::SeqCst);
    }

    /// Seals a batch that weighs `bytes`: begins an epoch and asks all threads that are online, but for `me`, whose quiescent
    /// point this is. Unless `force`, the batch is given back while an older one of the same thread waits; the thread is
    /// asked when that has been applied. The caller takes what is ripe next.
    pub fn seal(&self, me: &Member, items: Vec<T>, bytes: usize, force: bool) -> Result<(), Vec<T>> {
        let mut inner = self.locked();
        if !force && inner.batches.iter().any(|batch| std::ptr::eq(batch.owner, me)) {
            // ORD: relaxed; under the mutex.
            me.more.store(true, Ordering::Relaxed);
            return Err(items);
        }
        // ORD: relaxed; written under the mutex alone, and the fence below orders.
        let epoch = self.epoch.load(Ordering::Relaxed) + 1;
        self.epoch.store(epoch, Ordering::Relaxed);
        // ORD: see `online` and `offline`.
        fence(Ordering::SeqCst);
        let online = me.seen.load(Ordering::Relaxed) != OFFLINE;
        if online {
            me.seen.store(epoch, Ordering::Release);
        }
        for &member in inner.members.iter().filter(|&&member| !std::ptr::eq(member, me)) {
            // SAFETY: members are there until they part, which takes the mutex.
            let member = unsafe { &*member };
            // ORD: relaxed; the fence above orders.
            if member.seen.load(Ordering::Relaxed) != OFFLINE {
                member.thread.raise_check(check::QUIESCE);
            }
        }
        // ORD: pairs with the fence in `offline`: a thread that has not seen that it is asked is seen offline by the caller's
        // look at what is ripe, which follows.
        fence(Ordering::SeqCst);
        inner.batches.push_back(Batch { epoch, owner: me, bytes, items });
        // ORD: relaxed, hints.
        self.waiting.store(inner.batches.len(), Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Asks one thread that is online, but for `me`, to come to a quiescent point. Whether there is any.
    pub fn ask_another(&self, me: &Member) -> bool {
        let inner = self.locked();
        let other = inner.members.iter().find(|&&member| {
            // SAFETY: as in `seal`.
            // ORD: relaxed; a thread that goes offline now sees that it is asked.
            !std::ptr::eq(member, me) && unsafe { (*member).seen.load(Ordering::Relaxed) } != OFFLINE
        });
        if let Some(&member) = other {
            // SAFETY: as above.
            unsafe { (*member).thread.raise_check(check::QUIESCE) };
        }
        other.is_some()
    }

    /// The batches that every thread has been quiescent for.
    pub fn take_ripe(&self, me: &Member) -> Vec<Vec<T>> {
        let mut inner = self.locked();
        // SAFETY: as in `seal`.
        // ORD: acquire, with the releases of `seen`: what the threads did before comes before what is freed now.
        let seen =
            inner.members.iter().map(|&member| unsafe { (*member).seen.load(Ordering::Acquire) }).min();
        let ripe = inner.batches.partition_point(|batch| {
            seen.is_none_or(|seen| batch.epoch <= seen) || Weakened::current().skips(Step::GraceWaits)
        });
        self.take(&mut inner, ripe, me)
    }

    /// All batches.
    ///
    /// # Safety
    /// Every thread is at a quiescent point.
    pub unsafe fn take_all_stw(&self, me: &Member) -> Vec<Vec<T>> {
        let mut inner = self.locked();
        let all = inner.batches.len();
        self.take(&mut inner, all, me)
    }

    fn take(&self, inner: &mut Inner<T>, count: usize, me: &Member) -> Vec<Vec<T>> {
        let Inner { members, batches } = inner;
        let taken = batches.drain(..count);
        let items = taken.map(|batch| {
            // ORD: relaxed, an estimate.
            self.bytes.fetch_sub(batch.bytes, Ordering::Relaxed);
            if !std::ptr::eq(batch.owner, me) && members.contains(&batch.owner) {
                // SAFETY: it is a member still.
                let owner = unsafe { &*batch.owner };
                // ORD: relaxed; under the mutex.
                if owner.more.swap(false, Ordering::Relaxed) && owner.seen.load(Ordering::Relaxed) != OFFLINE
                {
                    owner.thread.raise_check(check::QUIESCE);
                }
            }
            batch.items
        });
        let items = items.collect();
        // ORD: relaxed, a hint.
        self.waiting.store(batches.len(), Ordering::Relaxed);
        items
    }
}
