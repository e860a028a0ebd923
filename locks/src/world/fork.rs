//! The child of a fork: one thread is left, and whatever the others held is gone.
//!
//! The VM forks with the world stopped, so no object lock is held and no thread is between two states. But a thread may
//! have been in a mutex of this crate, about to attach; so those are made new, not unlocked.

use super::word::{FINALIZING, SOLO, STOP};
use super::{Registry, World};
use crate::ThreadState;
use crate::check::{ATTACH_REQUEST, SOLO_OFFER, STOP as CHECK_STOP};
use crate::model::Model;
use crate::primitive::Ordering;

impl World {
    /// Forgets all threads but `me`, which called `fork` while attached, and makes every lock of the world new. If `me`
    /// had stopped the world it stays stopped until the guard is dropped. `me` is solo afterwards, where the model has
    /// that.
    ///
    /// # Safety
    /// This is the child of a fork, `me` is the calling thread, and no other thread has been started since.
    pub unsafe fn after_fork_child(&self, me: &ThreadState) {
        self.diagnostics.attached(me, true, "a fork");
        let mut registry = Registry::default();
        registry.threads.resize(me.key as usize, None);
        registry.threads[me.key as usize - 1] = me.to_arc();
        if me.is_stopping() {
            registry.stoppers.push_back(me.id());
        }
        // SAFETY: as the caller promises, there is no other thread; this one holds no guard.
        unsafe {
            self.registry.reset(registry);
            self.changed.reset();
            self.parking.reset();
            self.diagnostics.reset();
            self.model.reset_after_fork(me);
            if let Some(timeline) = &self.timeline {
                timeline.reset(me);
            }
        }
        let stopped = if me.is_stopping() { STOP } else { 0 };
        // ORD: relaxed, there is no other thread.
        let finalizing = if self.is_finalizing() { FINALIZING } else { 0 };
        let solo = if self.solo { SOLO } else { 0 };
        self.word.reset(me.key, solo | stopped | finalizing);
        self.finalizer.store(if finalizing == 0 { 0 } else { me.id() }, Ordering::Relaxed);
        self.solo_not_before.store(0, Ordering::Relaxed);
        self.solo_short.store(0, Ordering::Relaxed);
        me.solo_since.store(0, Ordering::Relaxed);
        me.check.clear(CHECK_STOP | ATTACH_REQUEST | SOLO_OFFER);
        me.set_solo(self.solo);
    }
}
