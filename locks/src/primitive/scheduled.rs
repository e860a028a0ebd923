//! What [`super`] consists of with `--cfg shuttle`: whole programs under schedules that shuttle chooses at random.
//!
//! All threads of a program are shuttle's, which runs one at a time. It may let another one run wherever a thread waits, and at
//! each atomic access ([`point`], which the twins of the atomics call). They are the standard library's atomics otherwise, of the
//! same size: what shuttle finds are bad interleavings, not missing orderings, for which there is loom. Time does not pass by
//! itself: each look at a clock takes a microsecond, and a timed wait is over when some other threads have run.

pub use shuttle::thread;
pub use std::cell;

/// See [`std::sync`].
pub mod sync {
    pub use shuttle::sync::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
    /// What the twins stand for.
    pub mod atomic {
        pub use std::sync::atomic::*;
    }
}

/// See [`std::hint`].
pub mod hint {
    /// Lets another thread run.
    pub fn spin_loop() {
        super::thread::yield_now();
    }
}

use std::cell::Cell;

/// How often others may run before a timed wait is over.
pub(crate) const PATIENCE: usize = 3;

// Of the thread of the system that all threads of a program are run by.
std::thread_local! {
    static RUNNING: Cell<bool> = const { Cell::new(false) };
    static NANOS: Cell<u64> = const { Cell::new(0) };
}

/// Another thread may run here, if a program does.
pub(crate) fn point() {
    if RUNNING.get() && !std::thread::panicking() {
        // Nobody sleeps: it is the plain step from thread to thread.
        thread::sleep(std::time::Duration::ZERO);
    }
}

/// The time.
pub(crate) fn nanos() -> u64 {
    NANOS.set(NANOS.get() + 1000);
    NANOS.get()
}

/// Runs a program under as many schedules, which follow from the seed. Panics if one of them fails, and says how to
/// run that one again.
pub fn run(seed: u64, schedules: usize, program: impl Fn() + Send + Sync + 'static) {
    let mut config = shuttle::Config::new();
    config.stack_size = 1 << 20;
    config.max_steps = shuttle::MaxSteps::FailAfter(10_000_000);
    let scheduler = shuttle::scheduler::RandomScheduler::new_from_seed(seed, schedules);
    shuttle::Runner::new(scheduler, config).run(move || {
        NANOS.set(0);
        RUNNING.set(true);
        program();
        RUNNING.set(false);
    });
}
