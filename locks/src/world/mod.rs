//! All threads of one virtual machine: who exists, who is attached, who must wait.
//!
//! Shared by all threads in an [`Arc`]; there is one for each virtual machine and none is global. The state that attach
//! and detach touch is one atomic word (`word.rs`); everything rarer is under one mutex with one condition variable.
//!
//! | file | protocol |
//! |---|---|
//! | `attach.rs` | attach and detach |
//! | `solo.rs` | becoming the only thread, and ceasing to be (SOLO-1) |
//! | `stop.rs` | safepoints, stop-the-world (LOCK-3), threads that park when the program ends |
//! | `fork.rs` | the child of a fork |
//!
//! Whoever waits for a change of the word sets `WAITERS` in it under the mutex, and whoever makes such a change and
//! finds the bit locks the mutex and wakes everybody, so no wake-up is lost.

mod attach;
mod fork;
mod solo;
mod stop;
pub(crate) mod word;

pub use stop::StopGuard;

use crate::diagnostics::Diagnostics;
use crate::model::{Chosen, Model};
use crate::parking::ParkingTable;
use crate::primitive::{Arc, AtomicU32, AtomicU64, Clock, ForkCondvar, ForkMutex, Ordering, Weakened};
use crate::timeline::{State, Timeline};
use crate::{ThreadState, check};
use std::collections::VecDeque;
use std::time::Duration;
use word::StateWord;

/// What can be set when a world is made. Tests make rare things common with it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Buckets of the parking table.
    pub parking_buckets: usize,
    /// How long a thread waits for an object lock before it is handed it.
    pub fair_after: Duration,
    /// Whether a thread that is alone becomes solo at all.
    pub solo: bool,
    /// How long a thread must have been solo for its end not to count as thrashing.
    pub solo_hysteresis: Duration,
    /// See [`World::set_switch_interval`].
    pub switch_interval: Duration,
    /// With a GIL: give it up each time so many safepoints have passed, as before CPython 3.2, and not when asked.
    pub gil_ticks: Option<u32>,
    /// Record what each thread does and when ([`World::timeline`]).
    pub timeline: bool,
    /// For the model checker: the step that is left out.
    pub weakened: Weakened,
}

impl Default for Options {
    fn default() -> Self {
        let stress = cfg!(feature = "stress");
        let micros = |usual, stressed| Duration::from_micros(if stress { stressed } else { usual });
        Self {
            parking_buckets: if stress { 2 } else { 256 },
            fair_after: micros(1000, 5),
            solo: true,
            solo_hysteresis: micros(200, 5),
            switch_interval: micros(5000, 50),
            gil_ticks: None,
            timeline: false,
            weakened: Weakened::default(),
        }
    }
}

/// What is under the world's mutex.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    /// Every registered thread, at its key minus one.
    threads: Vec<Option<Arc<ThreadState>>>,
    /// Ids of the threads that want to stop the world, in order. The first is the one whose turn it is.
    stoppers: VecDeque<u64>,
    /// Threads that wait for a stop to end. The next stop lets them attach first.
    returning: usize,
    /// Threads that wait for a solo thread's acknowledgement.
    attaching: usize,
}

impl Registry {
    /// The thread with this key, which is attached.
    fn get(&self, key: u32) -> Option<&Arc<ThreadState>> {
        self.threads.get(key as usize - 1)?.as_ref()
    }

    fn all(&self) -> impl Iterator<Item = &Arc<ThreadState>> {
        self.threads.iter().flatten()
    }
}

/// See the module's head.
#[derive(Debug)]
pub struct World {
    word: StateWord,
    registry: ForkMutex<Registry>,
    /// The word has changed in a way that somebody waits for.
    changed: ForkCondvar,
    model: Chosen,
    pub(crate) parking: ParkingTable,
    pub(crate) diagnostics: Diagnostics,
    pub(crate) timeline: Option<Timeline>,
    pub(crate) weakened: Weakened,
    clock: Clock,
    switch_interval: AtomicU64,
    solo: bool,
    solo_hysteresis: u64,
    /// No thread becomes solo before this time. Written by the thread that ceases to be solo.
    solo_not_before: AtomicU64,
    /// How many times in a row solo did not last. Written by the thread that ceases to be solo.
    solo_short: AtomicU32,
    /// The id given last. Not in the registry, which is made new in the child of a fork.
    last_id: AtomicU64,
    /// Id of the thread that finalizes; 0 if none does.
    finalizer: AtomicU64,
}

impl World {
    /// A world without threads.
    pub fn new() -> Arc<World> {
        Self::with_options(Options::default())
    }

    /// A world without threads.
    pub fn with_options(options: Options) -> Arc<World> {
        options.weakened.install();
        Arc::new(World {
            word: StateWord::new(),
            registry: ForkMutex::new(Registry::default()),
            changed: ForkCondvar::new(),
            model: Chosen::new(&options),
            parking: ParkingTable::new(options.parking_buckets, as_nanos(options.fair_after)),
            diagnostics: Diagnostics::new(),
            timeline: options.timeline.then(Timeline::new),
            weakened: options.weakened,
            clock: Clock::new(),
            switch_interval: AtomicU64::new(as_nanos(options.switch_interval)),
            solo: options.solo && Chosen::SOLO,
            solo_hysteresis: as_nanos(options.solo_hysteresis),
            solo_not_before: AtomicU64::new(0),
            solo_short: AtomicU32::new(0),
            last_id: AtomicU64::new(0),
            finalizer: AtomicU64::new(0),
        })
    }

    /// Makes the state of a new thread, detached. Any thread may do that for the one it is about to start.
    pub fn register(self: &Arc<Self>) -> Arc<ThreadState> {
        let mut registry = self.registry.lock();
        // ORD: relaxed, only the number matters.
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let free = registry.threads.iter().position(Option::is_none);
        let index = free.unwrap_or_else(|| {
            registry.threads.push(None);
            registry.threads.len() - 1
        });
        assert!(index < word::COUNT as usize, "more than a million threads");
        let thread = ThreadState::new(Arc::clone(self), index as u32 + 1, id);
        thread
            .check
            .raise(self.model.standing_bits() | if cfg!(feature = "stress") { check::STRESS } else { 0 });
        registry.threads[index] = Some(Arc::clone(&thread));
        thread
    }

    /// Forgets a thread, which is detached and will not attach again.
    pub fn unregister(&self, thread: &ThreadState) {
        self.diagnostics.attached(thread, false, "unregister");
        let mut registry = self.registry.lock();
        let entry = registry.threads.get_mut(thread.key as usize - 1).and_then(Option::take);
        drop(registry);
        thread.does(State::Ended);
        // The last reference may go here, outside the mutex.
        drop(entry);
    }

    /// How many threads are attached.
    pub fn attached_count(&self) -> usize {
        // ORD: relaxed, old news by the time it is used; the world's stopper knows it anyway.
        self.word.load(Ordering::Relaxed).count()
    }

    /// Whether the calling thread is the only attached one. Others may attach at any time; what those that have detached
    /// did is visible.
    pub fn is_only_attached(&self) -> bool {
        // ORD: acquire, with the release of `leave`.
        self.word.load(Ordering::Acquire).count() == 1
    }

    /// How many threads are registered.
    pub fn registered_count(&self) -> usize {
        self.registry.lock().all().count()
    }

    /// Calls `f` with each registered thread, in the order of their ids. `f` may do anything: the threads are collected
    /// first.
    pub fn for_each_thread(&self, mut f: impl FnMut(&Arc<ThreadState>)) {
        let mut threads: Vec<_> = self.registry.lock().all().cloned().collect();
        threads.sort_by_key(|thread| thread.id());
        threads.iter().for_each(&mut f);
    }

    /// How long a thread waits for the GIL before it asks for it.
    pub fn switch_interval(&self) -> Duration {
        // ORD: relaxed, a setting.
        Duration::from_nanos(self.switch_interval.load(Ordering::Relaxed))
    }

    /// Sets how long a thread waits for the GIL before it asks for it. Kept in every model, used with a GIL.
    pub fn set_switch_interval(&self, interval: Duration) {
        // ORD: relaxed, a setting.
        self.switch_interval.store(as_nanos(interval), Ordering::Relaxed);
    }

    /// Raises bits in the check word of an attached thread.
    pub(crate) fn raise_check_of(&self, key: u32, bits: u32) {
        if let Some(thread) = self.registry.lock().get(key) {
            thread.raise_check(bits);
        }
    }
}

fn as_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
