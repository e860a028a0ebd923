//! Asserts of the `checks` feature: who holds which object lock, and what a thread may do in which state.
//!
//! The functions always exist and are empty when the feature is off. They panic with what they know; none of them
//! changes what the program does.

use crate::ThreadState;

#[cfg(feature = "checks")]
mod on {
    use super::ThreadState;
    use crate::primitive::{ForkMutex, thread};
    use std::collections::HashMap;

    /// See the module's head.
    #[derive(Debug)]
    pub(crate) struct Diagnostics {
        held: ForkMutex<HashMap<usize, thread::ThreadId>>,
    }

    impl Diagnostics {
        pub(crate) fn new() -> Self {
            Self { held: ForkMutex::new(HashMap::new()) }
        }

        /// A thread is about to wait for an object lock: not one that it holds.
        pub(crate) fn before_lock(&self, address: usize) {
            let me = thread::current().id();
            let held = self.held.lock().get(&address) == Some(&me);
            assert!(!held, "{me:?} locks the object lock at {address:#x} a second time");
        }

        /// The current thread has got an object lock.
        pub(crate) fn locked(&self, address: usize) {
            let me = thread::current().id();
            let before = self.held.lock().insert(address, me);
            assert!(
                before.is_none(),
                "the object lock at {address:#x}, got by {me:?}, is held by {before:?}"
            );
        }

        /// The current thread is about to give an object lock back.
        pub(crate) fn unlocked(&self, address: usize, is_locked: bool) {
            let me = thread::current().id();
            let holder = self.held.lock().remove(&address);
            assert!(is_locked, "{me:?} unlocks the object lock at {address:#x}, which is free");
            assert!(holder == Some(me), "{me:?} unlocks the object lock at {address:#x}, held by {holder:?}");
        }

        /// LOCK-1: no object lock is held across `what`.
        pub(crate) fn no_object_lock(&self, what: &str) {
            let me = thread::current().id();
            let held = self.held.lock();
            let address = held.iter().find(|&(_, holder)| *holder == me).map(|(address, _)| *address);
            drop(held);
            assert!(address.is_none(), "{me:?} holds the object lock at {address:#x?} across {what}");
        }

        /// The thread must be attached, or detached, to do `what`.
        pub(crate) fn attached(&self, thread: &ThreadState, wanted: bool, what: &str) {
            let is = thread.is_attached();
            assert!(is == wanted, "thread {} is {} at {what}", thread.id(), state(is));
        }

        /// The thread that stopped the world must start it again before `what`.
        pub(crate) fn not_stopping(&self, thread: &ThreadState, what: &str) {
            assert!(!thread.is_stopping(), "thread {} has stopped the world at {what}", thread.id());
        }

        /// Forgets the locks of threads that did not survive a fork.
        ///
        /// # Safety
        /// No other thread exists.
        pub(crate) unsafe fn reset(&self) {
            // SAFETY: as the caller promises.
            unsafe { self.held.reset(HashMap::new()) };
        }
    }

    fn state(attached: bool) -> &'static str {
        if attached { "attached" } else { "detached" }
    }
}

#[cfg(not(feature = "checks"))]
mod off {
    use super::ThreadState;

    /// See the module's head.
    #[derive(Debug)]
    pub(crate) struct Diagnostics;

    impl Diagnostics {
        #[inline(always)]
        pub(crate) fn new() -> Self {
            Self
        }
        #[inline(always)]
        pub(crate) fn before_lock(&self, _address: usize) {}
        #[inline(always)]
        pub(crate) fn locked(&self, _address: usize) {}
        #[inline(always)]
        pub(crate) fn unlocked(&self, _address: usize, _is_locked: bool) {}
        #[inline(always)]
        pub(crate) fn no_object_lock(&self, _what: &str) {}
        #[inline(always)]
        pub(crate) fn attached(&self, _thread: &ThreadState, _wanted: bool, _what: &str) {}
        #[inline(always)]
        pub(crate) fn not_stopping(&self, _thread: &ThreadState, _what: &str) {}
        /// # Safety
        /// None is needed; the checking twin needs to be the only thread.
        #[inline(always)]
        pub(crate) unsafe fn reset(&self) {}
    }
}

#[cfg(not(feature = "checks"))]
pub(crate) use off::Diagnostics;
#[cfg(feature = "checks")]
pub(crate) use on::Diagnostics;
