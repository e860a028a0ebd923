//! The check word: one 32-bit word a thread, tested for non-zero at every back-edge and call.
//!
//! The interpreter reads it relaxed; any thread, and a signal handler, may raise bits. Nothing here allocates, locks
//! or blocks.
//!
//! | bits | who raises | who clears |
//! |---|---|---|
//! | [`STOP`] | a thread that stops the world, or begins to finalize | the owner at its safepoint |
//! | [`GIL_DROP_REQUEST`] | a thread that has waited one interval for the GIL | the owner when it takes the GIL |
//! | [`ATTACH_REQUEST`] | a thread that wants to attach while the owner is solo | the owner at its safepoint or detach |
//! | [`SOLO_OFFER`] | the thread whose detach left the owner alone | the owner at its safepoint |
//! | [`QUIESCE`] | a thread that has sealed a batch of garbage | the owner at its safepoint or detach |
//! | [`WAITING`] | the owner, in a wait that a signal may interrupt | the owner |
//! | [`GIL_TICK`], [`STRESS`] | when the thread is registered | nobody |
//! | [`MERGE`] | a thread that drops what the owner has counted | the owner at its safepoint |
//! | [`SIGNAL`] and the rest of [`VM_BITS`] | the VM, signal handlers | the VM |

use crate::primitive::{AtomicU32, Ordering, Weakened};
use crate::weaken::Step;

/// The world is stopping.
pub const STOP: u32 = 1 << 0;
/// Another thread has waited one switch interval for the GIL.
pub const GIL_DROP_REQUEST: u32 = 1 << 1;
/// Another thread wants to attach; this one is solo (SOLO-1).
pub const ATTACH_REQUEST: u32 = 1 << 2;
/// A signal has arrived whose handler the VM must run.
pub const SIGNAL: u32 = 1 << 3;
/// An exception was sent to this thread (`PyThreadState_SetAsyncExc`).
pub const ASYNC_EXC: u32 = 1 << 4;
/// A collection of cycles is due.
pub const COLLECT: u32 = 1 << 5;
/// This thread may be alone: see whether it can become solo.
pub const SOLO_OFFER: u32 = 1 << 6;
/// Others wait for this thread to come to a quiescent point. Serviced by `ungil-gc`.
pub const QUIESCE: u32 = 1 << 8;
/// This thread sleeps in a wait that the VM's bits interrupt.
pub const WAITING: u32 = 1 << 7;

/// The GIL is given up after a number of safepoints, which are counted: the bit stays raised (`model/gil.rs`).
pub const GIL_TICK: u32 = 1 << 10;
/// Feature `stress`: each safepoint may be made an occasion. The bit stays raised.
pub const STRESS: u32 = 1 << 11;
/// Objects wait for this thread to merge their counts: the heap's business in the model `pep703`.
pub const MERGE: u32 = 1 << 9;

/// What `safepoint` services itself.
pub const WORLD_BITS: u32 = STOP | GIL_DROP_REQUEST | ATTACH_REQUEST | SOLO_OFFER | GIL_TICK | STRESS;
/// What `safepoint` hands to the VM: signals, exceptions, collections, [`QUIESCE`] and all bits from `1 << 16`.
pub const VM_BITS: u32 = !(WORLD_BITS | WAITING);

/// One thread's check word.
#[derive(Debug)]
#[repr(transparent)]
pub struct CheckWord(AtomicU32);

impl CheckWord {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// The word, zero if there is nothing to do.
    #[inline(always)]
    pub fn get(&self) -> u32 {
        // ORD: relaxed, a poll. What a bit stands for is read by the owner after an acquiring `clear`.
        self.0.load(Ordering::Relaxed)
    }

    /// Whether there is something to do.
    #[inline(always)]
    pub fn is_raised(&self) -> bool {
        self.get() != 0
    }

    /// Sets `bits`; the word before.
    pub(crate) fn raise(&self, bits: u32) -> u32 {
        // ORD: release, with the acquire of `clear`: who sees the bit sees why it was raised. Acquire, for the
        // partner of `WAITING`.
        self.0.fetch_or(bits, Weakened::current().ordering(Step::CheckRaiseReleases, Ordering::AcqRel))
    }

    /// Clears `bits`; the word before.
    pub(crate) fn clear(&self, bits: u32) -> u32 {
        // ORD: acquire, with the release of `raise`: when this erases a bit, what the raiser did before is visible, so
        // that the owner looks only after clearing and misses nothing.
        self.0.fetch_and(!bits, Weakened::current().ordering(Step::CheckClearAcquires, Ordering::AcqRel))
    }
}
