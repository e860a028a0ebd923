//! Counters of the feature `stats`: how often a thread counted, locked, published, met a safepoint, and where it executed
//! atomic read-modify-writes.
//!
//! The functions always exist and are empty when the feature is off. Each thread has a [`table`](self) of its own, which it
//! alone writes and any thread may read, so that counting takes no lock, allocates nothing after a thread's first time, and
//! may be done in a signal handler. Tables outlive their threads: a later thread goes on with one, so that the sums are
//! those of the process.
//!
//! Atomics and mutexes of [`crate::primitive`] are twins of the standard library's ones then (`twins.rs`), which note each
//! read-modify-write and each lock with the line of source that asked for it. This is the one place in which they are
//! counted: whoever synchronises through the shim is seen, without having to say so.
//!
//! The list of tables is a static, the one exception of this crate: what is counted is the process, and atomics know no
//! world.

#[cfg(feature = "stats")]
mod table;

#[cfg(all(feature = "stats", loom))]
compile_error!("the feature `stats` replaces the atomics that loom would check");

/// Whether anything is counted.
pub const ENABLED: bool = cfg!(feature = "stats");

macro_rules! counters {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)*) => {
        /// What is counted by number alone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Stat {
            $($(#[$meta])* $variant,)*
        }

        impl Stat {
            /// All of them, in the order of a report.
            pub const ALL: &[Stat] = &[$(Stat::$variant),*];

            /// The name in a report.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Stat::$variant => $name,)*
                }
            }
        }
    };
}

counters! {
    /// References added or dropped by plain arithmetic.
    CountPlain = "counts_plain",
    /// References to published objects that a thread counted in a place of its own: hubs, biased counts.
    CountBiased = "counts_biased",
    /// References counted by an atomic instruction.
    CountAtomic = "counts_atomic",
    /// Object locks taken at the first attempt.
    LockFast = "object_locks_fast",
    /// Object locks that needed more than one look.
    LockSlow = "object_locks_slow",
    /// Sleeps of threads that waited for an object lock.
    LockContended = "object_locks_contended",
    /// Objects published.
    Published = "objects_published",
    /// Answers to requests of other threads.
    Safepoint = "safepoints",
    /// Times a thread attached, also after a stop of the world.
    Attach = "attaches",
    /// Times a solo thread let another one attach.
    SoloEnd = "solo_ends",
    /// Times the world was stopped.
    Stop = "stops",
    /// How long the world was stopped or stopping, in nanoseconds.
    StopNanos = "stop_nanos",
    /// The longest of these pauses.
    StopNanosMax = "stop_nanos_max",
    /// Times the GIL went from one thread to another.
    GilHandover = "gil_handovers",
    /// Objects whose biased count was merged because another thread asked for it.
    MergeQueued = "merges_queued",
}

/// What is counted by line of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Atomic read-modify-writes.
    Rmw,
    /// Mutexes and read-write locks taken.
    Mutex,
    /// Objects published.
    Publish,
}

/// What one thread's table says, or the sum of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In the order of [`Stat::ALL`].
    pub numbers: Vec<u64>,
    /// What was counted, the line of source, how often; sorted.
    pub sites: Vec<(&'static str, String, u64)>,
}

impl Counts {
    /// As a JSON object.
    pub fn to_json(&self) -> String {
        let mut parts: Vec<String> = Stat::ALL
            .iter()
            .zip(&self.numbers)
            .map(|(stat, n)| format!("\"{}\": {n}", stat.name()))
            .collect();
        for kind in SITES {
            let lines: Vec<String> = self
                .sites
                .iter()
                .filter(|(name, ..)| *name == kind)
                .map(|(_, line, n)| format!("\"{}\": {n}", line.replace(['"', '\\'], "?")))
                .collect();
            parts.push(format!("\"{kind}\": {{{}}}", lines.join(", ")));
        }
        format!("{{{}}}", parts.join(", "))
    }
}

/// Names of [`Site`]s in a report, in their order.
pub const SITES: [&str; 3] = ["rmw_sites", "mutex_sites", "publish_sites"];

/// Everything counted so far: the sum, then each table. `None` if the feature is off.
pub fn report() -> Option<(Counts, Vec<Counts>)> {
    #[cfg(feature = "stats")]
    return Some(table::report());
    #[cfg(not(feature = "stats"))]
    None
}

/// Counts one.
#[inline(always)]
pub fn count(what: Stat) {
    add(what, 1);
}

/// Adds to a counter.
#[inline(always)]
pub fn add(what: Stat, n: u64) {
    #[cfg(feature = "stats")]
    table::add(what, n);
    #[cfg(not(feature = "stats"))]
    let _ = (what, n);
}

/// Raises a counter to `n` if it is less.
#[inline(always)]
pub fn at_least(what: Stat, n: u64) {
    #[cfg(feature = "stats")]
    table::at_least(what, n);
    #[cfg(not(feature = "stats"))]
    let _ = (what, n);
}

/// Counts one for the line that called the caller of this function.
#[inline(always)]
#[cfg_attr(feature = "stats", track_caller)]
pub fn site(kind: Site) {
    #[cfg(feature = "stats")]
    table::site(kind, std::panic::Location::caller());
    #[cfg(not(feature = "stats"))]
    let _ = kind;
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Timer(#[cfg(feature = "stats")] std::time::Instant);

impl Timer {
    /// Starts now.
    #[inline(always)]
    pub fn start() -> Timer {
        Timer(
            #[cfg(feature = "stats")]
            std::time::Instant::now(),
        )
    }

    /// Adds the time since the start, in nanoseconds.
    #[inline(always)]
    pub fn stop(self, sum: Stat, longest: Stat) {
        #[cfg(feature = "stats")]
        {
            let nanos = u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX);
            add(sum, nanos);
            at_least(longest, nanos);
        }
        #[cfg(not(feature = "stats"))]
        let _ = (sum, longest);
    }
}
