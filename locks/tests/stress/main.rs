//! Threads hammer each protocol of `ungil-locks` with the real primitives. Run with each model's feature and with
//! `checks`; loom explores the same protocols exhaustively, but small, in `loom-tests/`.
//!
//! Every test ends by itself: a lost wake-up would make it hang, so a watchdog aborts the process with the test's name.

// The tests watch from outside; what they synchronise with is not under test.
#![allow(clippy::disallowed_types)]

#[cfg(feature = "checks")]
mod checks;
mod fork;
mod gil;
mod obj_lock;
mod raw_lock;
mod solo;
mod stop;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ungil_locks::{ThreadState, World, check};

/// Runs `f`; aborts the process with `name` if it takes longer than a minute.
pub fn watched(name: &'static str, f: impl FnOnce()) {
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let dog = std::thread::spawn(move || {
        let end = Instant::now() + Duration::from_secs(60);
        while !seen.load(Ordering::Relaxed) {
            if Instant::now() > end {
                eprintln!("{name} hangs");
                std::process::abort();
            }
            std::thread::park_timeout(Duration::from_millis(200));
        }
    });
    f();
    done.store(true, Ordering::Relaxed);
    dog.thread().unpark();
    dog.join().expect("the watchdog ends");
}

/// The requests in a thread's check word. The rest stands there from its registration: ticks of the GIL, and `stress`.
pub fn requests(thread: &ThreadState) -> u32 {
    thread.check.get() & !(check::GIL_TICK | check::STRESS)
}

/// Starts `count` threads of `world`, each attached while it runs `f`, and waits for them.
pub fn attached_threads(world: &Arc<World>, count: usize, f: impl Fn(usize, &ThreadState) + Sync) {
    std::thread::scope(|scope| {
        for index in 0..count {
            let f = &f;
            scope.spawn(move || {
                let me = world.register();
                me.attach();
                f(index, &me);
                me.detach();
                world.unregister(&me);
            });
        }
    });
    assert_eq!(world.attached_count(), 0);
    assert_eq!(world.registered_count(), 0);
}

/// A counter that is only right if the protocol under test excludes and orders.
#[derive(Debug, Default)]
pub struct Plain(std::cell::UnsafeCell<u64>);

// SAFETY: that is what the tests are about.
unsafe impl Sync for Plain {}

impl Plain {
    /// Adds one, in two steps with something in between, so that an overlap shows.
    pub fn add(&self) {
        // SAFETY: the caller holds the lock under test.
        unsafe {
            let value = std::ptr::read_volatile(self.0.get());
            std::hint::spin_loop();
            std::ptr::write_volatile(self.0.get(), value + 1);
        }
    }

    pub fn get(&self) -> u64 {
        // SAFETY: as above.
        unsafe { std::ptr::read_volatile(self.0.get()) }
    }
}
