//! The lock of a buffered or text stream: held while the stream calls what is below it.
//!
//! Waiting for it is detached. Its owner may try to take it again, when a signal handler or a finalizer runs while the
//! stream waits for the system: buffered streams refuse that as CPython does, text streams let it in.
//!
//! What the lock guards is reached in short borrows only, none of which lasts across a call that may run Python.

use std::time::Duration;
use ungil_locks::RawLock;
use ungil_locks::primitive::{AtomicU64, Ordering};
use ungil_runtime::prelude::*;

/// How long a stream is waited for when the program ends: its owner may be a daemon thread that never runs again.
const GRACE_AT_EXIT: Duration = Duration::from_secs(1);

/// See the module's head.
#[derive(Default)]
pub struct IoLock {
    raw: RawLock,
    /// The id of the thread that holds `raw`, 0 if none does.
    owner: AtomicU64,
}

/// Gives the lock back when dropped.
pub struct Held<'a> {
    lock: &'a IoLock,
    /// False for a hold within another one of the same thread.
    outermost: bool,
}

/// Why a lock was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// The calling thread holds it already.
    Reentered,
    /// Its owner will not run again.
    Finalizing,
}

impl IoLock {
    /// Takes the lock; not if the calling thread holds it.
    #[inline]
    pub fn take(&self, cx: &mut Cx) -> Result<Held<'_>, NotTaken> {
        let me = cx.thread.id();
        if !self.raw.try_acquire() {
            // ORD: relaxed; only the calling thread writes its own id here.
            if self.owner.load(Ordering::Relaxed) == me {
                return Err(NotTaken::Reentered);
            }
            if !self.wait(cx) {
                return Err(NotTaken::Finalizing);
            }
        }
        // ORD: as above; `raw` orders what the lock guards.
        self.owner.store(me, Ordering::Relaxed);
        Ok(Held { lock: self, outermost: true })
    }

    /// Takes the lock, or takes it again.
    #[inline]
    pub fn take_nested(&self, cx: &mut Cx) -> R<Held<'_>> {
        match self.take(cx) {
            Ok(held) => Ok(held),
            Err(NotTaken::Reentered) => Ok(Held { lock: self, outermost: false }),
            Err(NotTaken::Finalizing) => Err(at_exit(cx)),
        }
    }

    #[cold]
    fn wait(&self, cx: &mut Cx) -> bool {
        let timeout = cx.world.is_finalizing().then_some(GRACE_AT_EXIT);
        cx.detached(|| self.raw.acquire(timeout))
    }
}

/// The error of a stream whose owner will not run again.
pub fn at_exit(cx: &mut Cx) -> Err {
    cx.runtime_error(
        "could not acquire lock of a stream at interpreter shutdown, possibly due to daemon threads",
    )
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.outermost {
            // ORD: as in `take`.
            self.lock.owner.store(0, Ordering::Relaxed);
            self.lock.raw.release();
        }
    }
}
