//! Attach and detach: one exchange of the state word each when nothing is going on.
//!
//! Attaching is an acquire of the word and detaching a release. Changes of the word are read-modify-writes, so the
//! release sequence never breaks: who attaches sees everything that was written by threads that have detached,
//! and the one stopper sees everything.

use super::word::{FINALIZING, SOLO, STOP, WAITERS, Word};
use super::{Registry, World};
use crate::ThreadState;
use crate::check::{ATTACH_REQUEST, SOLO_OFFER};
use crate::model::Model;
use crate::primitive::{self, MutexGuard, Ordering};
use crate::stats::{self, Stat};
use crate::timeline::State;
use crate::weaken::Step;

impl World {
    #[inline]
    pub(crate) fn attach(&self, me: &ThreadState) {
        self.diagnostics.attached(me, false, "attach");
        self.model.take_turn(self, me);
        self.enter(me);
        me.does(State::Runs);
    }

    #[inline]
    pub(crate) fn detach(&self, me: &ThreadState) {
        self.diagnostics.attached(me, true, "detach");
        self.diagnostics.not_stopping(me, "detach");
        self.diagnostics.no_object_lock("a detach");
        self.leave(me);
        me.does(State::Blocks);
        self.model.give_turn(self, me);
    }

    /// Whether `me` must not attach while the word is this.
    #[inline]
    pub(super) fn blocks(&self, word: Word, me: &ThreadState) -> bool {
        if !word.has(STOP | SOLO | FINALIZING) {
            return false;
        }
        word.has(STOP)
            || word.has(SOLO) && !self.weakened.skips(Step::SoloWaits)
            || word.has(FINALIZING) && !self.is_finalizer(me)
    }

    /// Joins the attached threads.
    #[inline]
    fn enter(&self, me: &ThreadState) {
        // ORD: relaxed, a guess that the exchange verifies.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if self.blocks(word, me) {
                if self.enter_slow(me) {
                    return;
                }
                word = self.word.load(Ordering::Relaxed);
                continue;
            }
            match self.try_enter(me, word) {
                Ok(()) => return,
                Err(now) => word = now,
            }
        }
    }

    /// Joins the attached threads if the word is still this one, which does not block `me`.
    #[inline]
    fn try_enter(&self, me: &ThreadState, word: Word) -> Result<(), Word> {
        let alone = word.count() == 0;
        let solo = alone && self.may_be_solo();
        let with_me = word.plus(me.key);
        // ORD: acquire, with the release of `leave` and `acknowledge`: what the threads that have left wrote, and above
        // all what a solo thread wrote without locks.
        self.word.replace(word, if solo { with_me.with(SOLO) } else { with_me }, Ordering::Acquire)?;
        me.set_attached(true);
        stats::count(Stat::Attach);
        if solo {
            self.became_solo_at_attach(me);
        } else if alone && self.solo {
            // Too early: solo did not last lately. The thread looks again later.
            me.check.raise(SOLO_OFFER);
        }
        Ok(())
    }

    /// Waits until what is in the way may be gone. Whether the thread has joined meanwhile.
    #[cold]
    #[inline(never)]
    fn enter_slow(&self, me: &ThreadState) -> bool {
        // ORD: relaxed, decides only what to wait for; each wait looks again under the mutex.
        let word = self.word.load(Ordering::Relaxed);
        if word.has(FINALIZING) && !self.is_finalizer(me) {
            self.model.give_turn(self, me);
            self.park_for_ever(me);
        }
        if word.has(STOP) {
            me.does(State::StandsStill);
            return self.wait_out_stop(me);
        }
        if word.has(SOLO) {
            me.does(State::WaitsToAttach);
        }
        word.has(SOLO) && self.ask_to_attach(me)
    }

    /// Joins the attached threads unless something is in the way. The mutex is held, so that no stop begins.
    pub(super) fn enter_locked(&self, me: &ThreadState, _registry: &Registry) -> bool {
        // ORD: relaxed, a guess that the exchange verifies.
        let mut word = self.word.load(Ordering::Relaxed);
        while !self.blocks(word, me) {
            match self.try_enter(me, word) {
                Ok(()) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Takes the thread out of the attached ones.
    #[inline]
    pub(super) fn leave(&self, me: &ThreadState) {
        let solo = me.is_solo();
        if me.check.get() & ATTACH_REQUEST != 0 {
            me.check.clear(ATTACH_REQUEST);
            if solo {
                self.solo_was_ended(me);
            }
        }
        me.set_solo(false);
        me.set_attached(false);
        // ORD: release, with the acquire of `try_enter` and `stop_the_world`: what this thread wrote.
        let release = self.weakened.ordering(Step::LeaveRelease, Ordering::Release);
        let before = self.word.remove(me.key, solo, release);
        if before.has(WAITERS) || before.count() == 2 && !before.has(STOP) {
            self.leave_slow(before);
        }
    }

    /// Wakes those who wait for this thread to leave, and tells the one that remains that it is alone.
    #[cold]
    #[inline(never)]
    fn leave_slow(&self, before: Word) {
        let registry = self.registry.lock();
        if before.has(WAITERS) && !self.weakened.skips(Step::LeaveNotifies) {
            self.wake_locked(&registry);
        }
        // ORD: relaxed, only who to tell; that thread looks itself.
        let word = self.word.load(Ordering::Relaxed);
        if !word.has(SOLO | STOP)
            && let Some(thread) = word.only_key().and_then(|key| registry.get(key))
        {
            thread.check.raise(SOLO_OFFER);
        }
    }

    /// Wakes all who wait for a change of the word.
    pub(super) fn wake_locked(&self, _registry: &Registry) {
        // ORD: relaxed, the bit is set under the mutex, which is held.
        self.word.clear(WAITERS, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Waits for a change of the word from `word`, or returns at once if there was one already.
    pub(super) fn wait_for_change<'a>(
        &'a self,
        registry: MutexGuard<'a, Registry>,
        word: Word,
    ) -> MutexGuard<'a, Registry> {
        // ORD: relaxed; that the exchange succeeds says that the change has not happened yet, and who makes it sees the
        // bit and then needs the mutex.
        if !word.has(WAITERS) && self.word.replace(word, word.with(WAITERS), Ordering::Relaxed).is_err() {
            return registry;
        }
        self.changed.wait(registry)
    }

    /// The end of a thread that still runs when the program exits.
    pub(super) fn park_for_ever(&self, me: &ThreadState) -> ! {
        me.does(State::StandsStill);
        {
            let mut registry = self.registry.lock();
            let id = me.id();
            registry.stoppers.retain(|stopper| *stopper != id);
            self.changed.notify_all();
        }
        primitive::park_for_ever()
    }
}
