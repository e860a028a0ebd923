//! The global interpreter lock, as CPython has had it since 3.2 (`Python/ceval_gil.c`; the design is Antoine Pitrou's).
//!
//! A thread that wants the GIL waits on a condition variable for one switch interval. If the same thread still holds
//! it then, the waiter raises `GIL_DROP_REQUEST` in the holder's check word. The holder gives the GIL up at its next
//! safepoint and, having been asked, waits until another thread has really taken it: otherwise it would take the GIL
//! again before the waiter has woken up (the forced switch). Blocking calls detach, which gives the GIL up at once.
//!
//! Who gets the GIL of several waiters is the condition variable's choice. Nobody starves: every waiter that has seen
//! no switch for an interval asks for one.
//!
//! **By ticks.** Before 3.2 there was no request: a thread gave the GIL up every hundred ticks, signalled, and took it again
//! at once if it could (`ceval.c` of those days, `sys.setcheckinterval`). A waiter that has to wake up first, perhaps on
//! another core, mostly comes too late, which is what David Beazley showed in 2009. With [`Options::gil_ticks`] it is so here:
//! a tick is a safepoint, that is a back-edge or a call, where it was about one instruction then. The check word's bit
//! stays raised, so that each of them is one.
//!
//! Everything is under one mutex. The world's mutex is taken inside it, to find the holder's check word; nothing of this
//! is held while running.

use super::Model;
use crate::check::{GIL_DROP_REQUEST, GIL_TICK};
use crate::primitive::{ForkCondvar, ForkMutex, MutexGuard, Ordering};
use crate::stats::{self, Stat};
use crate::timeline::State as Does;
use crate::weaken::Step;
use crate::{Options, ThreadState, World};
use std::time::Duration;

/// How long a waiter that has asked already waits before it looks again. It is woken when the GIL is given up.
const PATIENCE: Duration = Duration::from_millis(1);

/// A thread's place in the registry; 0 is nobody.
type Key = u32;

#[derive(Debug, Default)]
struct State {
    holder: Key,
    /// Who held the GIL last, or does.
    last: Key,
    /// How many times the GIL went from one thread to another.
    switches: u64,
    /// Threads in `take_turn`.
    waiting: usize,
    /// Threads in `give_turn` that wait for a switch.
    forcing: usize,
}

/// See the module's head.
#[derive(Debug)]
pub struct Gil {
    state: ForkMutex<State>,
    /// The GIL was given up.
    freed: ForkCondvar,
    /// The GIL went to another thread.
    switched: ForkCondvar,
    /// Safepoints between two times that the GIL is given up; `None`: it is given up when asked.
    ticks: Option<u32>,
}

impl Gil {
    /// Waits until nobody holds the GIL.
    fn wait_until_free<'a>(
        &'a self,
        world: &World,
        mut state: MutexGuard<'a, State>,
    ) -> MutexGuard<'a, State> {
        let mut asked = None;
        while state.holder != 0 {
            if self.ticks.is_some() {
                state = self.freed.wait(state);
                continue;
            }
            let seen = state.switches;
            let interval = world.switch_interval();
            let time = if asked == Some(seen) { interval.max(PATIENCE) } else { interval };
            let timed_out;
            (state, timed_out) = self.freed.wait_timeout(state, time);
            if timed_out && state.holder != 0 && state.switches == seen {
                world.raise_check_of(state.holder, GIL_DROP_REQUEST);
                asked = Some(seen);
            }
        }
        state
    }
}

impl Model for Gil {
    const NAME: &'static str = "gil";
    const GIL_ENABLED: bool = true;
    const SOLO: bool = true;

    fn new(options: &Options) -> Self {
        Self {
            ticks: options.gil_ticks.map(|ticks| ticks.max(1)),
            state: ForkMutex::new(State::default()),
            freed: ForkCondvar::new(),
            switched: ForkCondvar::new(),
        }
    }

    fn standing_bits(&self) -> u32 {
        if self.ticks.is_some() { GIL_TICK } else { 0 }
    }

    fn tick(&self, thread: &ThreadState) -> bool {
        let Some(interval) = self.ticks else { return false };
        // ORD: relaxed, the thread's own.
        let left = thread.ticks.load(Ordering::Relaxed);
        thread.ticks.store(if left == 0 { interval - 1 } else { left - 1 }, Ordering::Relaxed);
        left == 0
    }

    #[inline(always)]
    fn exclusive(_thread: &ThreadState) -> bool {
        true
    }

    fn take_turn(&self, world: &World, thread: &ThreadState) {
        let mut state = self.state.lock();
        if state.holder != 0 {
            thread.does(Does::WaitsForGil);
            state.waiting += 1;
            state = self.wait_until_free(world, state);
            state.waiting -= 1;
        }
        state.holder = thread.key;
        if state.last != thread.key {
            state.last = thread.key;
            state.switches += 1;
            stats::count(Stat::GilHandover);
            if state.forcing > 0 {
                self.switched.notify_all();
            }
        }
        // Requests are raised under the mutex and name the holder, so any that is here is for an earlier turn.
        if thread.check.get() & GIL_DROP_REQUEST != 0 {
            thread.check.clear(GIL_DROP_REQUEST);
        }
    }

    fn give_turn(&self, world: &World, thread: &ThreadState) {
        let mut state = self.state.lock();
        state.holder = 0;
        if state.waiting == 0 {
            return;
        }
        if !world.weakened.skips(Step::GilNotifies) {
            self.freed.notify_one();
        }
        if thread.check.get() & GIL_DROP_REQUEST == 0 || world.weakened.skips(Step::GilForcesSwitch) {
            return;
        }
        let seen = state.switches;
        thread.does(Does::WaitsForGil);
        state.forcing += 1;
        while state.switches == seen && state.waiting > 0 {
            state = self.switched.wait(state);
        }
        state.forcing -= 1;
        thread.does(Does::Blocks);
    }

    unsafe fn reset_after_fork(&self, thread: &ThreadState) {
        let state = State { holder: thread.key, last: thread.key, ..State::default() };
        // SAFETY: as the caller promises.
        unsafe {
            self.state.reset(state);
            self.freed.reset();
            self.switched.reset();
        }
        thread.check.clear(GIL_DROP_REQUEST);
    }
}
