//! Solo: a thread that is the only attached one owns every object and lock (SOLO-1).
//!
//! A thread becomes solo when it attaches and nobody else is, or at a safepoint after the last other thread has detached;
//! the one that detaches raises `SOLO_OFFER` for that. It ceases to be solo when another thread wants to
//! attach: that one raises `ATTACH_REQUEST` and waits until the solo thread acknowledges at a safepoint, or detaches.
//!
//! **Hysteresis.** An acknowledgement costs the attaching thread a wait. So a thread that was solo for less than
//! `solo_hysteresis` does not become solo again before that much time has passed, doubled each time it happens in a row.
//! A helper that wakes up briefly every millisecond costs two slow safepoints each time; one that does so every 20
//! microseconds keeps the main thread out of solo, and it locks meanwhile. Until the time comes the offer stays
//! raised, and each safepoint costs a count-down. When the check word is zero nothing is counted.

use super::World;
use super::word::{SOLO, STOP, WAITERS};
use crate::ThreadState;
use crate::check::{ATTACH_REQUEST, SOLO_OFFER};
use crate::primitive::{self, Ordering};
use crate::stats::{self, Stat};
use crate::weaken::Step;

/// Safepoints between two looks at the clock while a thread waits to become solo.
const POLLS: u32 = primitive::spins(256);

/// The hysteresis doubles at most this often.
const MAX_DOUBLINGS: u32 = 5;

/// Looks at the word before an attaching thread sleeps. A thread that runs bytecode acknowledges within a microsecond.
const SPINS: u32 = primitive::spins(200);

impl World {
    /// Whether solo is on and enough time has passed since it did not last.
    #[inline]
    pub(super) fn may_be_solo(&self) -> bool {
        // ORD: relaxed, a heuristic.
        let not_before = self.solo_not_before.load(Ordering::Relaxed);
        self.solo && (not_before == 0 || self.clock.nanos() >= not_before)
    }

    /// `me` has attached and is alone.
    #[inline]
    pub(super) fn became_solo_at_attach(&self, me: &ThreadState) {
        // The clock is read only where solo has ended before: a program with one thread never pays for it.
        // ORD: relaxed, heuristics and the thread's own.
        let contested = self.solo_not_before.load(Ordering::Relaxed) != 0;
        let since = if contested { self.clock.nanos().max(1) } else { 0 };
        me.solo_since.store(since, Ordering::Relaxed);
        me.set_solo(true);
    }

    /// `me`, which is solo, ceases to be because another thread wants to attach.
    pub(super) fn solo_was_ended(&self, me: &ThreadState) {
        // ORD: relaxed throughout: heuristics, written only by the thread that is solo.
        let since = me.solo_since.load(Ordering::Relaxed);
        let now = self.clock.nanos();
        if since == 0 || now.saturating_sub(since) >= self.solo_hysteresis {
            self.solo_short.store(0, Ordering::Relaxed);
            // Not zero: from now on it matters how long solo lasts.
            self.solo_not_before.store(1, Ordering::Relaxed);
            return;
        }
        let short = self.solo_short.load(Ordering::Relaxed);
        self.solo_short.store((short + 1).min(MAX_DOUBLINGS), Ordering::Relaxed);
        self.solo_not_before.store(now + (self.solo_hysteresis << short), Ordering::Relaxed);
    }

    /// At a safepoint: `me` was asked to let another thread attach.
    pub(super) fn acknowledge(&self, me: &ThreadState) {
        me.check.clear(ATTACH_REQUEST);
        if !me.is_solo() {
            return;
        }
        me.set_solo(false);
        stats::count(Stat::SoloEnd);
        self.solo_was_ended(me);
        // ORD: release, with the acquire of `try_enter`: what this thread wrote without locks. `polls` below is relaxed, the
        // thread's own.
        let release = self.weakened.ordering(Step::SoloAckRelease, Ordering::Release);
        let before = self.word.clear(SOLO | WAITERS, release);
        // The request may be an old one, of a thread that attached while this one was detached. Then nobody comes, and
        // nobody leaves and makes an offer; so this thread looks again after a while.
        me.polls.store(POLLS, Ordering::Relaxed);
        me.check.raise(SOLO_OFFER);
        if before.has(WAITERS) && !self.weakened.skips(Step::SoloAckNotifies) {
            let _registry = self.registry.lock();
            self.changed.notify_all();
        }
    }

    /// Asks the solo thread to let `me` attach and waits until it has, or until something else is in the way. Whether
    /// `me` has attached.
    pub(super) fn ask_to_attach(&self, me: &ThreadState) -> bool {
        let mut registry = self.registry.lock();
        registry.attaching += 1;
        let mut spins = SPINS;
        loop {
            // ORD: relaxed; what is read is verified by an exchange, here or in `enter_locked`.
            let word = self.word.load(Ordering::Relaxed);
            if !word.has(SOLO) || word.has(STOP) {
                break;
            }
            if let Some(thread) = word.only_key().and_then(|key| registry.get(key)) {
                thread.check.raise(ATTACH_REQUEST);
            }
            if spins > 0 {
                drop(registry);
                self.spin_while_solo(&mut spins);
                registry = self.registry.lock();
            } else {
                registry = self.wait_for_change(registry, word);
            }
        }
        let entered = self.enter_locked(me, &registry);
        registry.attaching -= 1;
        entered
    }

    fn spin_while_solo(&self, spins: &mut u32) {
        // ORD: relaxed, a hint.
        while *spins > 0 && self.word.load(Ordering::Relaxed).has(SOLO) {
            primitive::spin_loop();
            *spins -= 1;
        }
    }

    /// Whether `me`, which is attached, is not the only one.
    fn others_are_attached(&self) -> bool {
        // ORD: relaxed; who has left before making the offer that `me` has cleared is seen to have left.
        self.word.load(Ordering::Relaxed).count() > 1
    }

    /// Whether a safepoint with `SOLO_OFFER` raised need do no more about it than this: it is not time to look at the clock.
    pub(crate) fn puts_solo_off(&self, me: &ThreadState) -> bool {
        // ORD: relaxed, the thread's own.
        let polls = me.polls.load(Ordering::Relaxed);
        let later = polls > 0 && !self.others_are_attached();
        if later {
            me.polls.store(polls - 1, Ordering::Relaxed);
        }
        later
    }

    /// At a safepoint with `SOLO_OFFER` raised: becomes solo if `me` is alone and it is time.
    pub(super) fn consider_solo(&self, me: &ThreadState) {
        if self.others_are_attached() {
            // The last of them to leave makes a new offer. If that came before this look, it has been cleared too.
            me.check.clear(SOLO_OFFER);
            if self.others_are_attached() || self.weakened.skips(Step::SoloLooksAgain) {
                return;
            }
            me.check.raise(SOLO_OFFER);
        }
        // ORD: relaxed, the thread's own.
        let polls = me.polls.load(Ordering::Relaxed);
        if polls > 0 {
            me.polls.store(polls - 1, Ordering::Relaxed);
            return;
        }
        if !self.solo {
            me.check.clear(SOLO_OFFER);
            return;
        }
        if !self.may_be_solo() {
            // ORD: relaxed, the thread's own.
            me.polls.store(POLLS, Ordering::Relaxed);
            return;
        }
        // Cleared first: an offer made after this look raises it again.
        me.check.clear(SOLO_OFFER);
        let registry = self.registry.lock();
        // ORD: relaxed, verified by the exchange.
        let mut word = self.word.load(Ordering::Relaxed);
        // A thread that wants to attach goes first; when it leaves it makes a new offer.
        while word.count() == 1 && !word.has(SOLO | STOP) && registry.attaching == 0 {
            // ORD: acquire, with the release of `leave`: what the threads that have left wrote.
            match self.word.replace(word, word.with(SOLO), Ordering::Acquire) {
                Ok(()) => {
                    // ORD: relaxed, the thread's own.
                    me.solo_since.store(self.clock.nanos().max(1), Ordering::Relaxed);
                    me.set_solo(true);
                    return;
                }
                Err(now) => word = now,
            }
        }
    }
}
