//! Locks, parking, attach and detach, safepoints, stop-the-world, solo and the GIL of ungil.
//!
//! The crate knows nothing of Python objects. `gc` and the `vm` crates use it:
//!
//! | what | where |
//! |---|---|
//! | the shim over `std` and `loom` | [`primitive`] |
//! | a lock of one byte in each object | [`ObjLock`], [`parking`] |
//! | what `_thread.lock` stands on | [`RawLock`] |
//! | all threads of one virtual machine | [`World`] |
//! | one thread of it | [`ThreadState`] |
//! | the word a thread tests at each back-edge and call | [`CheckWord`], [`check`] |
//! | the concurrency models | [`model`] |
//! | what each thread did and when | `timeline` |
//! | counters of the feature `stats` | [`stats`] |
//!
//! Lock order, outermost first: an object lock (never held while any of the following is waited for), the GIL's
//! mutex, the world's mutex. Buckets of the parking table, queues of [`RawLock`] and the timeline's mutexes are leaves.
//!
//! There are no process-wide statics here: everything hangs off [`World`] and [`ThreadState`], which is also what
//! lets loom start afresh in each execution.

pub mod check;
mod diagnostics;
pub mod model;
mod obj_lock;
pub mod parking;
pub mod primitive;
mod raw_lock;
pub mod stats;
mod thread_state;
mod timeline;
#[cfg(any(feature = "stats", shuttle))]
mod twins;
mod waiter;
pub mod weaken;
mod world;

pub use check::CheckWord;
pub use obj_lock::{ObjGuard, ObjLock, ObjPairGuard, lock_two, unlock_two};
pub use raw_lock::{AcquireResult, RawLock};
pub use thread_state::ThreadState;
pub use world::{Options, StopGuard, World};
