//! What the tests share: a world for the model checker, a heap of nodes, and the exploration of one protocol.
//!
//! Empty without `--cfg loom` or `--cfg shuttle`. See README.md for how to run and how to reproduce a failure.
#![cfg(any(loom, shuttle))]

#[cfg(loom)]
mod explore;
pub mod heap;

#[cfg(loom)]
pub use explore::{explore, explore_heap};

use std::sync::Arc;
use std::time::Duration;
use ungil_locks::primitive::{UnsafeCell, Weakened, thread};
use ungil_locks::weaken::Step;
use ungil_locks::{ObjLock, Options, ThreadState, World};

/// Options that make everything happen as early as it may: one bucket, no hysteresis, no switch interval.
pub fn options(weakened: Option<Step>) -> Options {
    Options {
        parking_buckets: 1,
        fair_after: Duration::MAX,
        solo: true,
        solo_hysteresis: Duration::ZERO,
        switch_interval: Duration::ZERO,
        gil_ticks: None,
        timeline: false,
        weakened: Weakened(weakened),
    }
}

/// A world with [`options`].
pub fn world(weakened: Option<Step>) -> Arc<World> {
    World::with_options(options(weakened))
}

/// A world in which nobody becomes solo, for the protocols that do not need it.
pub fn world_without_solo(weakened: Option<Step>) -> Arc<World> {
    World::with_options(Options { solo: false, ..options(weakened) })
}

/// Data without synchronisation of its own. loom panics when two threads touch it without order between them.
#[derive(Debug)]
pub struct Plain(UnsafeCell<u32>);

// SAFETY: loom finds the races, which is what the tests are about.
unsafe impl Sync for Plain {}
// SAFETY: as above.
unsafe impl Send for Plain {}

impl Default for Plain {
    fn default() -> Self {
        Self(UnsafeCell::new(0))
    }
}

impl Plain {
    /// Adds one; the value before.
    pub fn add(&self) -> u32 {
        // SAFETY: loom checks that nobody else touches it.
        self.0.with_mut(|value| unsafe {
            *value += 1;
            *value - 1
        })
    }

    /// The value.
    pub fn get(&self) -> u32 {
        // SAFETY: loom checks that nobody writes meanwhile.
        self.0.with(|value| unsafe { *value })
    }
}

/// Data under an object's lock.
#[derive(Debug)]
pub struct Object {
    pub world: Arc<World>,
    pub lock: ObjLock,
    pub data: Plain,
}

impl Object {
    pub fn new(world: &Arc<World>) -> Arc<Object> {
        Arc::new(Object { world: Arc::clone(world), lock: ObjLock::new(), data: Plain::default() })
    }

    /// Adds one under the lock; the value before.
    pub fn add(&self) -> u32 {
        let _guard = self.lock.guard(&self.world);
        self.data.add()
    }
}

/// Runs `mine` on the main thread of the model and `theirs` on another one, each attached for that long. What they gave, once
/// both have detached and are forgotten.
pub fn two_attached<A, B: Send + 'static>(
    world: &Arc<World>,
    mine: impl FnOnce(&ThreadState) -> A,
    theirs: impl FnOnce(&ThreadState) -> B + Send + 'static,
) -> (A, B) {
    let (me, other) = (world.register(), world.register());
    me.attach();
    let thread = {
        let other = Arc::clone(&other);
        thread::spawn(move || {
            other.attach();
            let theirs = theirs(&other);
            other.detach();
            theirs
        })
    };
    let mine = mine(&me);
    me.detach();
    let theirs = thread.join().expect("joined");
    assert_eq!(world.attached_count(), 0);
    world.unregister(&me);
    world.unregister(&other);
    (mine, theirs)
}
