//! Feature `stress`: what happens rarely happens all the time.
//!
//! A bit of the check word stays raised, so that every back-edge and call is a safepoint. A part of them, chosen by a
//! generator of random numbers, becomes an occasion: the world is stopped and goes on, the thread detaches and attaches,
//! or cycles are collected, which `gc.disable()` forbids as ever. Tables, intervals and the bounds of memory are tiny then
//! (`cfg!(feature = "stress")` where each is declared).
//!
//! The numbers begin with a seed that `UNGIL_STRESS_SEED` sets, and with the thread's number, so that a program with one
//! thread does the same each time.

use crate::Mutator;

/// At a safepoint of this thread, when all else is done; the bits that are left, to which it may add.
#[inline(always)]
pub(crate) fn at_safepoint(m: &Mutator, bits: u32) -> u32 {
    #[cfg(feature = "stress")]
    return on::at_safepoint(m, bits);
    #[cfg(not(feature = "stress"))]
    {
        let _ = m;
        bits
    }
}

#[cfg(feature = "stress")]
mod on {
    use crate::Mutator;
    use std::cell::Cell;
    use ungil_locks::check::COLLECT;

    /// One safepoint in so many stops the world,
    const STOPS: u64 = 64;
    /// lets go of the right to touch objects for a moment,
    const DETACHES: u64 = 32;
    /// or collects cycles.
    const COLLECTS: u64 = 8192;

    thread_local! {
        static RANDOM: Cell<u64> = const { Cell::new(0) };
    }

    /// Marsaglia's xorshift.
    fn random(m: &Mutator) -> u64 {
        let mut n = RANDOM.get();
        if n == 0 {
            let seed = std::env::var("UNGIL_STRESS_SEED").ok().and_then(|seed| seed.parse().ok());
            n = (m.thread.id() ^ seed.unwrap_or(1u64) << 20).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        }
        n ^= n << 13;
        n ^= n >> 7;
        n ^= n << 17;
        RANDOM.set(n);
        n >> 8
    }

    pub(super) fn at_safepoint(m: &Mutator, bits: u32) -> u32 {
        if m.thread.is_stopping() {
            return bits;
        }
        let n = random(m);
        if n.is_multiple_of(STOPS) {
            drop(m.stop_the_world());
        }
        if n % DETACHES == 1 {
            m.detach();
            m.attach();
        }
        if n % COLLECTS == 2 && m.space.collector.is_enabled() {
            return bits | COLLECT;
        }
        bits
    }
}
