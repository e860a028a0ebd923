//! Locks, parking, attach and detach, safepoints, stop-the-world and the GIL of ungil.
