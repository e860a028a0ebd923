//! Publishing: what happens before a second thread can reach an object (PUB-1 to PUB-3).
//!
//! An object is born confined to the thread that makes it. Storing it into a published container publishes it first,
//! with all that it reaches, by worklist. As long as one thread is all there has been, nothing is published; when the
//! second one is about to start, everything on the heap is. Called by the publishing store (`slot.rs`, `model/`), by
//! whoever hands an object to another thread, and by the collector for garbage of other threads.

use crate::{Header, Mutator, Space, Value, WeakCell, flag, model};
use ungil_locks::primitive::{AtomicBool, Ordering};
use ungil_locks::stats::{self, Site, Stat};

/// What all threads of a runtime share about publishing.
#[derive(Default)]
pub struct Publishing {
    active: AtomicBool,
}

impl Publishing {
    /// Whether a second thread has been started.
    #[inline]
    pub fn is_active(&self) -> bool {
        // ORD: relaxed; set before the second thread starts, whose start orders.
        model::PUBLISHES && self.active.load(Ordering::Relaxed)
    }
}

impl Space {
    /// Whether functions and modules that all threads use are to become hubs: there is more than one thread, or no
    /// difference is made.
    #[inline]
    pub fn makes_hubs(&self) -> bool {
        model::HUBS && (model::SHARED || self.publishing.is_active())
    }
}

impl Mutator {
    /// To be called before a thread is started: the first time it publishes everything that there is (PUB-3).
    pub fn begin_publishing(&self) {
        let publishing = &self.space.publishing;
        if !model::PUBLISHES || publishing.is_active() {
            return;
        }
        let stopped = self.stop_the_world();
        // SAFETY: the world is stopped, and marking neither allocates nor frees objects.
        unsafe { self.space.pool.walk_stw(|h| (*h).set_published()) };
        // ORD: relaxed, as in `is_active`.
        publishing.active.store(true, Ordering::Relaxed);
        drop(stopped);
    }

    /// Publishes what a value refers to, with all that it reaches, if there is more than one thread. The calling
    /// thread is its owner, or has stopped the world.
    #[inline]
    #[cfg_attr(feature = "stats", track_caller)]
    pub fn publish(&self, v: Value) {
        if v.is_ptr() && self.space.publishing.is_active() {
            // SAFETY: a value that is a pointer refers to a live object, which its holder keeps alive.
            match unsafe { (*v.ptr()).is_published() } {
                true => self.enter_one(v.ptr()),
                false => {
                    stats::site(Site::Publish);
                    publish_all(self, v.ptr());
                }
            }
        }
    }
}

/// Publishes what is about to be stored into a published container.
#[cfg_attr(
    any(feature = "gil", feature = "pep703", feature = "gilectomy"),
    expect(dead_code, reason = "the model publishes nothing")
)]
#[inline(always)]
#[cfg_attr(feature = "stats", track_caller)]
pub(crate) fn publish_value(v: Value) {
    // SAFETY: whoever stores a value holds a reference to what it refers to.
    unsafe {
        if !(*v.ptr()).is_published() {
            stats::site(Site::Publish);
            publish_in_store(v.ptr());
        } else if !(*v.ptr()).is_lasting() {
            enter_in_store(v.ptr());
        }
    }
}

/// RC-1: the reference that is about to be stored into a published container is counted in the header.
#[cfg_attr(
    any(feature = "gil", feature = "pep703", feature = "gilectomy"),
    allow(dead_code, reason = "as above")
)]
#[inline(never)]
fn enter_in_store(h: *mut Header) {
    Mutator::current().enter_one(h);
}

#[cfg_attr(
    any(feature = "gil", feature = "pep703", feature = "gilectomy"),
    allow(dead_code, reason = "as above")
)]
#[cold]
#[inline(never)]
fn publish_in_store(h: *mut Header) {
    let m = Mutator::current();
    // Classes are published from birth. What they refer to need not be before there is a second thread (PUB-3).
    if m.space.publishing.is_active() {
        publish_all(m, h);
    }
}

/// Publishes an object and all that it reaches, by slots, and by weak edges in both directions. Its class, to which no
/// slot leads, was published when it was made.
#[inline(never)]
fn publish_all(m: &Mutator, first: *mut Header) {
    let mut work = Vec::new();
    let reach = |work: &mut Vec<*mut Header>, h: *mut Header| {
        // SAFETY: what a confined object refers to is alive.
        unsafe {
            if !(*h).is_published() {
                (*h).set_published();
                stats::count(Stat::Published);
                work.push(h);
            } else {
                // The reference that led here is one in a published container from now on (RC-1).
                m.enter_one(h);
            }
        }
    };
    reach(&mut work, first);
    while let Some(h) = work.pop() {
        // SAFETY: the object was confined to this thread when it was reached, so nobody changes it meanwhile.
        unsafe {
            crate::cycle::trace(m, h, &mut |child| reach(&mut work, child));
            if (*h).has_flag(flag::WEAK_CELL) {
                m.space.weak.with_target(h.cast::<WeakCell>(), |target| reach(&mut work, target));
            }
            if (*h).has_flag(flag::WEAKLY_REFERENCED) {
                m.space.weak.for_each_cell(h, |cell| reach(&mut work, cell.cast()));
            }
        }
    }
}

/// Feature `checks`: asserts PUB-1 for the whole heap.
///
/// # Safety
/// The world is stopped.
#[cfg(feature = "checks")]
pub(crate) unsafe fn verify_stw(m: &Mutator) {
    if !m.space.publishing.is_active() {
        return;
    }
    let name = |h: *mut Header| {
        // SAFETY: alive, since it is reached from a live object.
        unsafe { (*m.shape(h)).ops.name }
    };
    // SAFETY: the world is stopped, and nothing is allocated on this heap meanwhile.
    unsafe {
        m.space.pool.walk_stw(|h| {
            if !(*h).is_published() || (!(*h).is_immortal() && (*h).ref_count() == 0) {
                return;
            }
            let mut check = |child: *mut Header| {
                if !(*child).is_published() {
                    panic!("a published {} refers to a confined {} (PUB-1)", name(h), name(child));
                }
            };
            crate::cycle::trace(m, h, &mut check);
            if (*h).has_flag(flag::WEAK_CELL) {
                m.space.weak.with_target(h.cast::<WeakCell>(), check);
            }
            if (*h).has_flag(flag::WEAKLY_REFERENCED) {
                m.space.weak.for_each_cell(h, |cell| check(cell.cast()));
            }
        });
    }
}

/// Feature `checks`: a number for the calling OS thread.
#[cfg(feature = "checks")]
#[expect(
    clippy::disallowed_types,
    reason = "a static counter that no protocol knows of; loom's cannot be static"
)]
pub(crate) fn thread_number() -> u64 {
    use std::sync::atomic::AtomicU64;
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        // ORD: relaxed; only uniqueness matters.
        static NUMBER: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|&n| n)
}

/// Feature `checks`: a confined object is touched by its owner alone.
#[cfg(feature = "checks")]
#[cold]
pub(crate) fn check_owner(h: &Header, owner: u64, m: &Mutator) {
    if owner != thread_number() && m.space.publishing.is_active() && !m.thread.is_stopping() {
        // SAFETY: the object is alive.
        let name = unsafe { (*m.shape(std::ptr::from_ref(h).cast_mut())).ops.name };
        panic!("thread {} touches a confined {name} of thread {owner} (PUB-1)", thread_number());
    }
}
