//! A thread's side of grace periods: what it has found dead and must not free yet, and when it goes online and offline.
//!
//! Called by `mutator.rs` at safepoints, when the thread attaches and detaches, and by the counting of the default model. See
//! `grace.rs` for the protocol between threads.

use crate::grace::Member;
use crate::heap;
use crate::model::{self, PUBLISHES, SHARED};
use crate::{Header, Mutator, Pending, Retired};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use ungil_locks::primitive::{AtomicBool, Mutex, Ordering, Weakened, fence};
use ungil_locks::weaken::Step;
use ungil_locks::{ThreadState, check};

/// Bytes that may wait for a grace period before threads that die more wait for those that lag behind (EPOCH-3).
const MAX_WAITING: usize = 64 << 20;

/// Whether several threads run at a time.
const CONCURRENT: bool = PUBLISHES || SHARED;

/// How many objects, and how many bytes, are sealed without further waiting.
const MANY: usize = 64;
const MANY_BYTES: usize = 64 << 10;

/// Safepoints between two batches of a thread which are not that large.
const POLLS: u32 = 16;

/// When what is open is sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sealing {
    WhenDue,
    /// At once, unless an older batch waits.
    Now,
    Forced,
}

/// What a thread has not sealed yet.
pub(crate) struct Retiring {
    pub(crate) member: Member,
    open: RefCell<Vec<Retired>>,
    bytes: Cell<usize>,
    /// Safepoints that pass before what is open is sealed.
    polls: Cell<u32>,
    /// An older batch of the thread waits; when it has been applied, the thread is asked to seal.
    refused: Cell<bool>,
    /// The number of the thread's last limbo.
    limbo: Cell<i64>,
    online: Cell<bool>,
}

/// What waits to be finalized and has been left by threads that detached.
#[derive(Default)]
pub(crate) struct Orphans {
    any: AtomicBool,
    list: Mutex<OrphanList>,
}

impl Orphans {
    /// Whether there seems to be anything.
    fn any(&self) -> bool {
        // ORD: relaxed, a hint; the mutex orders.
        self.any.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
struct OrphanList(VecDeque<Pending>);

// SAFETY: the objects have been published, and their references are counted in their headers: any thread may take them over.
unsafe impl Send for OrphanList {}

/// Bits of the number of a limbo that the thread's id is shifted by.
const LIMBO_ID_SHIFT: u32 = 40;
const LIMBO_ID_MASK: u64 = (1 << 22) - 1;

impl Retiring {
    pub(crate) fn new(thread: &Arc<ThreadState>) -> Retiring {
        let first = ((thread.id() & LIMBO_ID_MASK) << LIMBO_ID_SHIFT) as i64;
        Retiring {
            member: Member::new(Arc::clone(thread)),
            open: RefCell::default(),
            bytes: Cell::new(0),
            polls: Cell::new(0),
            refused: Cell::new(false),
            limbo: Cell::new(first),
            online: Cell::new(false),
        }
    }
}

impl Mutator {
    /// A count that says that an object is in a limbo which no other one is confused with.
    pub(crate) fn next_limbo(&self) -> i64 {
        let limbo = self.retiring.limbo.get() + 1;
        self.retiring.limbo.set(limbo);
        limbo | crate::header::LIMBO
    }

    /// Enters what the thread has counted for itself in the headers.
    pub(crate) fn enter_tallies(&self) {
        if PUBLISHES && !self.tallies.is_empty() && !Weakened::current().skips(Step::TalliesEntered) {
            // SAFETY: the thread has references to them.
            self.tallies.drain(|h, extra| model::enter(unsafe { &*h }, self, extra));
        }
    }

    /// The references to an object that its header and this thread know of. At least `u32::MAX` for immortal objects and
    /// hubs.
    pub fn references(&self, h: &Header) -> i64 {
        h.ref_count() + self.tallies.get(h)
    }

    /// Enters one reference that the thread has counted for itself, before it moves into a published container.
    pub(crate) fn enter_one(&self, h: *mut Header) {
        if PUBLISHES && self.tallies.take(h) {
            // SAFETY: the thread has a reference to it.
            model::enter(unsafe { &*h }, self, 1);
        }
    }

    /// Takes over an object whose header counts no reference any more. Whether it has ended at once: no other thread can have
    /// any.
    pub(crate) fn enter_limbo(&self, h: &Header, limbo: i64) -> bool {
        // ORD: pairs with the fence in `Grace::online`: a thread that attaches after this look finds no reference to the object.
        fence(Ordering::SeqCst);
        if self.world.is_only_attached() {
            self.enter_tallies();
            return model::end_limbo(h, limbo);
        }
        let h = std::ptr::from_ref(h).cast_mut();
        // SAFETY: an object in limbo is there until a grace period has passed.
        let bytes = unsafe { self.size_of(h) };
        self.retire(Retired::Object(h, limbo), bytes);
        false
    }

    /// Gives the memory of a buffer back when no thread that reads without a lock can look at it any more.
    ///
    /// # Safety
    /// As for [`Mutator::free_buffer`], but for such readers.
    #[cold]
    #[inline(never)]
    pub unsafe fn retire_buffer(&self, buffer: *mut u8, size: usize) {
        if self.owns_everything() {
            // SAFETY: as the caller promises, and nobody else reads.
            unsafe { self.free_buffer(buffer, size) };
            return;
        }
        self.retire(Retired::Buffer(buffer, size), size);
    }

    /// Large blocks may be unmapped when they are freed, and threads that read slots without a lock look at the header
    /// of what they find.
    ///
    /// # Safety
    /// The caller owns the object, which is empty.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn retire_block(&self, h: *mut Header, size: usize) {
        // SAFETY: as the caller promises.
        unsafe { (*h).retire() };
        self.retire(Retired::Block(h, size), size);
    }

    fn retire(&self, what: Retired, bytes: usize) {
        let retiring = &self.retiring;
        let mut open = retiring.open.borrow_mut();
        if open.is_empty() {
            // To be sealed at the next safepoint.
            self.thread.raise_check(check::QUIESCE);
        }
        open.push(what);
        retiring.bytes.set(retiring.bytes.get() + bytes);
    }

    /// A quiescent point of the thread.
    pub(crate) fn quiesce(&self) {
        let asked = self.retiring.member.is_asked();
        if !CONCURRENT || self.is_solo() {
            if asked {
                // By a thread that has detached meanwhile.
                self.thread.clear_check(check::QUIESCE);
            }
            return;
        }
        if asked
            && (self.space.grace.is_behind(&self.retiring.member)
                || self.space.orphans.any()
                || self.is_due())
        {
            self.answer(Sealing::WhenDue);
        }
    }

    /// Notes a quiescent point, and sees to what is dead.
    #[inline(never)]
    fn answer(&self, sealing: Sealing) {
        self.enter_tallies();
        self.space.grace.quiesce(&self.retiring.member);
        self.settle(sealing);
        self.take_orphans();
        if !self.retiring.open.borrow().is_empty() && !self.retiring.refused.get() {
            self.thread.raise_check(check::QUIESCE);
        }
        while self.space.grace.bytes() > MAX_WAITING && !self.world.is_only_attached() {
            self.detach();
            std::thread::sleep(Duration::from_micros(100));
            self.attach();
        }
    }

    /// A quiescent point before a wait: what has died among threads ends now, if no other thread has to be waited for. The caller
    /// runs what is pending then.
    pub fn rest(&self) {
        if PUBLISHES && !self.is_solo() && self.retiring.member.is_asked() {
            self.answer(Sealing::Now);
        }
    }

    /// Whether what is dead should be sealed: there is much of it, or it has waited for some safepoints, of which this is one.
    /// Sealing makes all threads answer, and so does what that seals in turn.
    fn is_due(&self) -> bool {
        let Retiring { open, bytes, polls, .. } = &self.retiring;
        polls.set(polls.get().saturating_sub(1));
        polls.get() == 0 || open.borrow().len() >= MANY || bytes.get() >= MANY_BYTES
    }

    /// Leaves what waits to be finalized to another attached thread, if there is one: this one may wait for long.
    pub(crate) fn hand_over_pending(&self) {
        if !PUBLISHES || !self.has_pending() || self.world.is_only_attached() {
            return;
        }
        let is_shared = |what: &Pending| {
            let (Pending::Finalize(obj) | Pending::WeakCallback(obj)) = what;
            obj.r().header().is_some_and(Header::is_published)
        };
        let (mut shared, mut own): (VecDeque<_>, VecDeque<_>) =
            self.take_pending().into_iter().partition(is_shared);
        let orphans = &self.space.orphans;
        let mut list = orphans.list.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // What this thread has counted of them since.
        self.enter_tallies();
        if !shared.is_empty() && self.space.grace.ask_another(&self.retiring.member) {
            list.0.append(&mut shared);
            // ORD: relaxed; under the mutex, and who is asked acquires that.
            orphans.any.store(true, Ordering::Relaxed);
        }
        drop(list);
        shared.append(&mut own);
        self.append_pending(&mut shared);
    }

    /// Takes over what [`Mutator::hand_over_pending`] has left.
    fn take_orphans(&self) {
        let orphans = &self.space.orphans;
        if orphans.any() {
            let mut list = orphans.list.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            orphans.any.store(false, Ordering::Relaxed);
            self.append_pending(&mut list.0);
        }
    }

    /// Applies what is ripe and seals what has come up, until neither is left.
    fn settle(&self, sealing: Sealing) {
        loop {
            if sealing != Sealing::WhenDue || self.is_due() {
                self.seal(sealing == Sealing::Forced);
            }
            let ripe = self.space.grace.take_ripe(&self.retiring.member);
            if ripe.is_empty() {
                return;
            }
            self.retiring.refused.set(false);
            self.apply(ripe);
        }
    }

    /// Seals what the thread has found dead. Whether there is a new batch: it may be ripe at once.
    fn seal(&self, force: bool) -> bool {
        let retiring = &self.retiring;
        let open = retiring.open.take();
        if open.is_empty() {
            return false;
        }
        match self.space.grace.seal(&retiring.member, open, retiring.bytes.get(), force) {
            Ok(()) => {
                retiring.bytes.set(0);
                retiring.polls.set(POLLS);
                retiring.refused.set(false);
                true
            }
            Err(open) => {
                *retiring.open.borrow_mut() = open;
                retiring.refused.set(true);
                false
            }
        }
    }

    fn apply(&self, batches: Vec<Vec<Retired>>) {
        for what in batches.into_iter().flatten() {
            // SAFETY: the grace period has passed: no thread looks at memory that was retired, and an object that is in its
            // limbo still has no references.
            unsafe {
                match what {
                    Retired::Object(h, limbo) => {
                        if model::end_limbo(&*h, limbo) {
                            self.destroy(h);
                        }
                    }
                    Retired::Buffer(buffer, size) => self.free_buffer(buffer, size),
                    Retired::Block(h, size) => {
                        heap::free_large(&self.space.pool, h.cast(), size, self.owns_everything());
                        self.forgive(size);
                    }
                }
            }
        }
    }

    /// Before the thread detaches, or stands still: it has entered everything, and nobody waits for it. In both cases another
    /// one may be solo afterwards, which counts plainly and so must not meet an object in limbo.
    pub(crate) fn go_offline(&self) {
        if !CONCURRENT || self.is_solo() {
            return;
        }
        self.enter_tallies();
        self.leave_others();
    }

    /// The thread, which has entered its tallies, goes offline.
    fn leave_others(&self) {
        self.retiring.online.set(false);
        let mut look = self.seal(true);
        loop {
            look |= self.space.grace.offline(&self.retiring.member);
            if !look {
                return;
            }
            // It was the last one that others waited for, perhaps.
            self.settle(Sealing::Forced);
            look = false;
        }
    }

    /// After the thread has attached, or has come from a safepoint.
    #[inline]
    pub(crate) fn go_online(&self, solo: bool) {
        if !CONCURRENT {
            return;
        }
        if solo == self.retiring.online.get() {
            self.change_online(!solo);
        }
        if solo && self.space.grace.has_waiting() {
            // All others are offline.
            self.settle(Sealing::Forced);
        }
        if solo {
            self.take_orphans();
        }
    }

    #[cold]
    #[inline(never)]
    fn change_online(&self, online: bool) {
        if online {
            self.retiring.online.set(true);
            if self.space.grace.online(&self.retiring.member) {
                self.settle(Sealing::WhenDue);
            }
            if self.space.orphans.any() {
                self.thread.raise_check(check::QUIESCE);
            }
        } else {
            self.leave_others();
        }
    }

    /// Takes over what another thread, which is gone, has not sealed.
    pub(crate) fn adopt(&self, open: Vec<Retired>) {
        for what in open {
            self.retire(what, 0);
        }
    }

    /// Frees everything that has ended: what waits for a grace period, or for its owner to know (`model::settle_stw`).
    ///
    /// # Safety
    /// The world is stopped.
    pub(crate) unsafe fn settle_stw(&self) {
        if !CONCURRENT {
            return;
        }
        // SAFETY: as the caller promises: every thread is at a quiescent point and has entered its tallies.
        unsafe {
            // First, as what ends by this may leave blocks that wait for a grace period.
            model::settle_stw(self);
            loop {
                self.enter_tallies();
                let mut all = self.space.grace.take_all_stw(&self.retiring.member);
                self.space.mutators.take_open_stw(&mut |open| all.push(open));
                if all.iter().all(Vec::is_empty) {
                    return;
                }
                self.apply(all);
            }
        }
    }

    /// What the thread has not sealed.
    ///
    /// # Safety
    /// The world is stopped.
    pub(crate) unsafe fn take_open_stw(&self) -> Vec<Retired> {
        if cfg!(feature = "checks") && !self.tallies.is_empty() {
            crate::fatal("a thread stands still that has not entered its tallies");
        }
        self.retiring.bytes.set(0);
        self.retiring.open.take()
    }
}
