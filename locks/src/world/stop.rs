//! Safepoints and stop-the-world.
//!
//! A thread that stands still at a safepoint leaves the attached threads like one that detaches, and joins them again
//! when the stop ends. So the world is stopped when the count of attached threads is 1, the stopper itself: every other
//! thread is at a quiescent point then (LOCK-3). Threads that want to attach wait like those that stand still.
//!
//! Two rules keep a thread that stops the world all the time from starving the others. Stoppers take turns in the order
//! in which they came. And whoever waited for a stop to end joins before the next one begins (`returning`).
//!
//! When a thread finalizes the world, all others park for ever: at their next safepoint, or when they attach.

use super::word::{FINALIZING, STOP, WAITERS};
use super::{Registry, World};
use crate::ThreadState;
use crate::check::{self, ATTACH_REQUEST, GIL_DROP_REQUEST, GIL_TICK, SOLO_OFFER};
use crate::model::Model;
use crate::primitive::{MutexGuard, Ordering};
use crate::stats::{self, Stat, Timer};
use crate::timeline::State;
use crate::weaken::Step;
use std::marker::PhantomData;

/// The world is stopped while this exists. It belongs to the thread that stopped it.
#[derive(Debug)]
#[must_use = "the world starts again when the guard is dropped"]
pub struct StopGuard<'a> {
    world: &'a World,
    me: &'a ThreadState,
    since: Timer,
    not_send: PhantomData<*const ()>,
}

impl Drop for StopGuard<'_> {
    fn drop(&mut self) {
        self.world.start_again(self.me);
        self.me.does(State::Runs);
        self.since.stop(Stat::StopNanos, Stat::StopNanosMax);
    }
}

impl World {
    /// Services the bits of [`check::WORLD_BITS`] that are raised.
    #[cold]
    #[inline(never)]
    pub(crate) fn safepoint(&self, me: &ThreadState, bits: u32) {
        self.diagnostics.attached(me, true, "a safepoint");
        self.diagnostics.no_object_lock("a safepoint");
        stats::count(Stat::Safepoint);
        if me.is_stopping() {
            // It holds the world still and must not let go of anything. The bits stay for its next safepoint.
            return;
        }
        if bits & ATTACH_REQUEST != 0 {
            self.acknowledge(me);
        }
        if bits & check::STOP != 0 {
            self.stand_still(me);
        }
        if bits & GIL_DROP_REQUEST != 0 || bits & GIL_TICK != 0 && self.model.tick(me) {
            self.leave(me);
            self.model.give_turn(self, me);
            self.attach(me);
        }
        if bits & SOLO_OFFER != 0 {
            self.consider_solo(me);
        }
    }

    /// Lets a stop of the world happen, if there is one.
    fn stand_still(&self, me: &ThreadState) {
        // Cleared before the word is read: a stop that begins after this look raises it again. The clear acquires what
        // the raiser did to the word before.
        me.check.clear(check::STOP);
        // ORD: relaxed, see above.
        let word = self.word.load(Ordering::Relaxed);
        if word.has(STOP) || word.has(FINALIZING) && !self.is_finalizer(me) {
            self.leave(me);
            self.model.give_turn(self, me);
            self.attach(me);
        }
    }

    /// Waits for a stop to end. Whether the thread has joined the attached ones then.
    pub(super) fn wait_out_stop(&self, me: &ThreadState) -> bool {
        let mut registry = self.registry.lock();
        // ORD: relaxed, `STOP` changes only under the mutex.
        if !self.word.load(Ordering::Relaxed).has(STOP) {
            return false;
        }
        registry.returning += 1;
        // ORD: as above.
        while self.word.load(Ordering::Relaxed).has(STOP) {
            registry = self.changed.wait(registry);
        }
        let entered = self.enter_locked(me, &registry);
        registry.returning -= 1;
        if registry.returning == 0 && !registry.stoppers.is_empty() {
            self.changed.notify_all();
        }
        entered
    }

    /// Stops all other threads: returns when each is at a safepoint or detached. They run again when the guard is
    /// dropped. If another thread is stopping the world, `me` stands still for it first. `me` is the caller, is attached,
    /// holds no object lock and borrows nothing. Like a safepoint, this may end solo.
    pub fn stop_the_world<'a>(&'a self, me: &'a ThreadState) -> StopGuard<'a> {
        self.diagnostics.attached(me, true, "a stop of the world");
        self.diagnostics.not_stopping(me, "a stop of the world");
        self.diagnostics.no_object_lock("a stop of the world");
        let registry = self.wait_for_turn_to_stop(me);
        me.does(State::Stops);
        let since = Timer::start();
        stats::count(Stat::Stop);
        // ORD: acquire and release: the threads that stop see what this one did, and it what they did.
        let before = self.word.set(STOP, Ordering::AcqRel);
        if before.count() > 1 {
            self.raise_stop_of_others(me, &registry);
        }
        self.wait_until_alone(registry);
        me.set_stopping(true);
        StopGuard { world: self, me, since, not_send: PhantomData }
    }

    /// Returns with the mutex held, `me` attached, nobody stopping and nobody still coming back from a stop.
    fn wait_for_turn_to_stop(&self, me: &ThreadState) -> MutexGuard<'_, Registry> {
        let id = me.id();
        let is_my_turn = |registry: &Registry| {
            registry.stoppers.front() == Some(&id) && registry.returning == 0
                || self.weakened.skips(Step::StopTakesTurns)
        };
        let mut registry = self.registry.lock();
        registry.stoppers.push_back(id);
        while !is_my_turn(&registry) {
            drop(registry);
            self.detach(me);
            me.does(State::StandsStill);
            registry = self.registry.lock();
            while !is_my_turn(&registry) {
                registry = self.changed.wait(registry);
            }
            drop(registry);
            self.attach(me);
            registry = self.registry.lock();
        }
        registry
    }

    fn raise_stop_of_others(&self, me: &ThreadState, registry: &Registry) {
        if self.weakened.skips(Step::StopRaises) {
            return;
        }
        for thread in registry.all().filter(|thread| thread.key != me.key) {
            thread.check.raise(check::STOP);
        }
    }

    fn wait_until_alone<'a>(&'a self, mut registry: MutexGuard<'a, Registry>) {
        if self.weakened.skips(Step::StopWaits) {
            return;
        }
        loop {
            // ORD: acquire, with the release of `leave`: what the stopped threads wrote.
            let word = self.word.load(Ordering::Acquire);
            if word.count() <= 1 {
                return;
            }
            registry = self.wait_for_change(registry, word);
        }
    }

    /// The end of a stop.
    fn start_again(&self, me: &ThreadState) {
        let mut registry = self.registry.lock();
        me.set_stopping(false);
        registry.stoppers.pop_front();
        // ORD: release, with the acquire of `try_enter`: what the stopper wrote.
        let before = self.word.clear(STOP, Ordering::Release);
        if before.count() == 1 && !me.is_solo() {
            // Threads that left for good during the stop made no offer.
            me.check.raise(SOLO_OFFER);
        }
        if registry.returning > 0 || !registry.stoppers.is_empty() || before.has(WAITERS) {
            self.wake_locked(&registry);
        }
    }

    /// From now on every thread but `me`, which is the caller and attached, parks for ever at its next safepoint or when
    /// it attaches. The first call counts.
    pub fn set_finalizing(&self, me: &ThreadState) {
        // ORD: release, with the acquire of `is_finalizer`, which reads it after seeing the bit.
        let first = self.finalizer.compare_exchange(0, me.id(), Ordering::Release, Ordering::Relaxed);
        if first.is_err() {
            return;
        }
        let registry = self.registry.lock();
        // ORD: release, carries the id with it.
        self.word.set(FINALIZING, Ordering::Release);
        self.raise_stop_of_others(me, &registry);
        self.changed.notify_all();
    }

    /// Whether a thread has begun to finalize the world.
    pub fn is_finalizing(&self) -> bool {
        // ORD: relaxed, a flag that is never cleared.
        self.finalizer.load(Ordering::Relaxed) != 0
    }

    pub(super) fn is_finalizer(&self, me: &ThreadState) -> bool {
        // ORD: acquire, with the release of `set_finalizing`. An old value is 0, which is nobody's id, and the bit in the
        // word is set only after the id.
        self.finalizer.load(Ordering::Acquire) == me.id()
    }
}
