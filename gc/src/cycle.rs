//! The stop-the-world collector of reference cycles.
//!
//! Trial deletion over the whole heap, as CPython's `gcmodule.c` does it: a copy of each container's count, minus the
//! references that containers hold, tells which are reachable from outside (registers, natives, immortal objects);
//! what those do not reach is garbage (`candidates.rs`).
//!
//! Phases: with the world stopped, find the garbage and take a reference to each piece; with the world running, let
//! weak references die and finalizers run; stopped again, find what finalizers have resurrected; running, break the
//! rest by dropping its fields. Hubs are freed last, by the collector itself: among them are the classes that say how
//! the others are freed.

use crate::candidates::{BuildPointerHasher, Candidates};
use crate::mutator::{KEPT_BYTES, Mutator, Pending};
use crate::ops::shape_flag;
use crate::{Header, Obj, Value, flag};
use std::collections::HashSet;
use std::ops::Range;
use ungil_locks::primitive::{AtomicBool, AtomicI64, Ordering};

/// Least growth in bytes between two automatic collections.
const MIN_GROWTH: i64 = 8 << 20;

/// When to collect: bytes handed out to threads and not given back are counted, and a collection is due when they have
/// grown by three quarters since the last one. Blocks on a thread's own free lists count as handed out, so that
/// allocating and freeing in turn costs nothing here; a collection makes all threads give surplus blocks back.
pub struct CollectorState {
    enabled: AtomicBool,
    collecting: AtomicBool,
    outstanding: AtomicI64,
    limit: AtomicI64,
    growth: AtomicI64,
}

impl Default for CollectorState {
    fn default() -> Self {
        CollectorState {
            enabled: AtomicBool::new(true),
            collecting: AtomicBool::new(false),
            outstanding: AtomicI64::new(0),
            limit: AtomicI64::new(MIN_GROWTH),
            growth: AtomicI64::new(MIN_GROWTH),
        }
    }
}

impl CollectorState {
    /// `gc.enable()` and `gc.disable()`.
    pub fn set_enabled(&self, on: bool) {
        // ORD: relaxed; a flag that nothing else depends on.
        self.enabled.store(on, Ordering::Relaxed);
    }

    /// `gc.isenabled()`.
    pub fn is_enabled(&self) -> bool {
        // ORD: as in `set_enabled`.
        self.enabled.load(Ordering::Relaxed)
    }

    /// Adds bytes handed out, or given back if negative, by a thread that may be `alone`; true if an automatic collection is due.
    pub fn charge(&self, bytes: i64, alone: bool) -> bool {
        // ORD: relaxed; an estimate.
        let total = if alone {
            let total = self.outstanding.load(Ordering::Relaxed) + bytes;
            self.outstanding.store(total, Ordering::Relaxed);
            total
        } else {
            self.outstanding.fetch_add(bytes, Ordering::Relaxed) + bytes
        };
        self.is_enabled() && total >= self.limit.load(Ordering::Relaxed)
    }

    /// The least growth in bytes between two automatic collections, `None` for the usual one.
    pub fn set_growth(&self, bytes: Option<i64>) {
        // ORD: relaxed; estimates.
        self.growth.store(bytes.unwrap_or(MIN_GROWTH), Ordering::Relaxed);
        self.finished();
    }

    fn finished(&self) {
        // ORD: relaxed; estimates.
        let (live, growth) = (self.outstanding.load(Ordering::Relaxed), self.growth.load(Ordering::Relaxed));
        let growth = if growth < MIN_GROWTH { growth } else { growth.max(live / 4 * 3) };
        self.limit.store(live.saturating_add(growth), Ordering::Relaxed);
    }
}

/// What the runtime does for a collection.
pub trait Collection {
    /// Runs what the mutator has queued (finalizers, weak callbacks); it may run any Python.
    fn run_pending(&mut self);

    /// Calls `visit` with every word of the stacks of values of all threads.
    ///
    /// # Safety
    /// The world is stopped.
    unsafe fn stack_words_stw(&self, visit: &mut dyn FnMut(usize));

    /// Calls `visit` with the ranges of addresses at which a native may know a hub or a part of it.
    ///
    /// # Safety
    /// The hub is alive.
    unsafe fn extents(&self, hub: *mut Header, visit: &mut dyn FnMut(Range<usize>));

    /// Forgets uncounted references to hubs that are about to be freed.
    ///
    /// # Safety
    /// The world is stopped; the hubs are alive and unreachable.
    unsafe fn forget_stw(&mut self, hubs: &[*mut Header]);

    /// Frees what belongs to hubs and is not in their blocks.
    ///
    /// # Safety
    /// Nothing refers to the hubs, whose fields have been dropped.
    unsafe fn release(&mut self, hubs: &[*mut Header]);
}

/// Calls `visit` for every object that `h` holds a reference to.
///
/// # Safety
/// The object is alive, and nobody changes it meanwhile.
pub(crate) unsafe fn trace(m: &Mutator, h: *mut Header, visit: &mut dyn FnMut(*mut Header)) {
    // SAFETY: the caller passes a live object.
    unsafe {
        let shape = m.shape(h);
        for slot in (*shape).attr_area(h) {
            let v = slot.peek();
            if v.is_ptr() {
                visit(v.ptr());
            }
        }
        if let Some(trace) = (*shape).ops.trace {
            trace(h, &mut |v| {
                if v.is_ptr() {
                    visit(v.ptr());
                }
            });
        }
    }
}

/// As [`trace`], with the class that `h` does not count.
///
/// # Safety
/// As for [`trace`].
pub(crate) unsafe fn trace_all(m: &Mutator, h: *mut Header, visit: &mut dyn FnMut(*mut Header)) {
    // SAFETY: as the caller promises.
    unsafe {
        let class = (*m.shape(h)).class;
        if !class.is_null() {
            visit(class);
        }
        trace(m, h, visit);
    }
}

/// A reference to an object that was found by walking the heap: it may be another thread's, so it is published.
///
/// # Safety
/// The world is stopped, and the object is alive.
unsafe fn found_stw(m: &Mutator, h: *mut Header) -> Obj {
    let v = Value::from_ptr(h);
    m.publish(v);
    // SAFETY: alive, and nobody else counts while the world is stopped.
    unsafe { Obj::from_borrowed(v, m) }
}

/// Every object that the collector tracks (`gc.get_objects()`), with a reference each.
pub fn tracked_objects(m: &Mutator) -> Vec<Obj> {
    let stopped = m.stop_the_world();
    // SAFETY: the world is stopped.
    let found = unsafe { containers_stw(m) };
    // SAFETY: all are alive, and nobody else counts while the world is stopped.
    let owned = found.into_iter().map(|h| unsafe { found_stw(m, h) }).collect();
    drop(stopped);
    owned
}

/// Objects that hold a reference to one of `targets` (`gc.get_referrers()`).
pub fn referrers(m: &Mutator, targets: &[Value]) -> Vec<Obj> {
    let stopped = m.stop_the_world();
    let mut found = Vec::new();
    // SAFETY: the world is stopped.
    unsafe {
        for h in containers_stw(m) {
            let mut hit = false;
            trace(m, h, &mut |child| hit |= targets.contains(&Value::from_ptr(child)));
            if hit {
                found.push(found_stw(m, h));
            }
        }
    }
    drop(stopped);
    found
}

/// Objects that `target` refers to (`gc.get_referents()`).
pub fn referents(m: &Mutator, target: Value) -> Vec<Obj> {
    if !target.is_ptr() {
        return Vec::new();
    }
    let stopped = m.stop_the_world();
    let mut found = Vec::new();
    // SAFETY: the caller holds the target, and the world is stopped.
    unsafe {
        let (h, shape) = (target.ptr(), m.shape(target.ptr()));
        let mut add = |v: Value| match v {
            Value::UNDEF | Value::NOT_FOUND => {}
            v if v.is_ptr() => found.push(found_stw(m, v.ptr())),
            v => found.push(Obj::immediate(v)),
        };
        (*shape).attr_area(h).iter().for_each(|slot| add(slot.peek()));
        if let Some(trace) = (*shape).ops.trace {
            trace(h, &mut add);
        }
    }
    drop(stopped);
    found
}

/// Live containers; a count of zero is an object whose owner is about to free it.
unsafe fn containers_stw(m: &Mutator) -> Vec<*mut Header> {
    let mut found = Vec::new();
    // SAFETY: the world is stopped, and nothing is allocated on this heap meanwhile.
    unsafe {
        m.space.pool.walk_stw(|h| {
            // ORD: relaxed; the world is stopped.
            let tracked = (*m.shape(h)).flags.load(Ordering::Relaxed) & shape_flag::GC != 0;
            if tracked && (*h).ref_count() > 0 {
                found.push(h);
            }
        });
    }
    found
}

/// Collects cyclic garbage; gives the number of unreachable objects found, as `gc.collect()` does. Does nothing if a
/// collection is under way already.
pub fn collect(m: &Mutator, runtime: &mut dyn Collection) -> usize {
    let state = &m.space.collector;
    // ORD: acquire and release below, so that two collections are ordered.
    if state.collecting.swap(true, Ordering::Acquire) {
        return 0;
    }
    // What the collector's own functions hold keeps nothing alive.
    m.collecting.record();
    let found = collect_garbage(m, runtime);
    m.collecting.forget();
    m.donate(KEPT_BYTES);
    state.finished();
    state.collecting.store(false, Ordering::Release);
    found
}

#[inline(never)]
fn collect_garbage(m: &Mutator, runtime: &mut dyn Collection) -> usize {
    let garbage = find_garbage(m, runtime);
    if garbage.is_empty() {
        return 0;
    }
    finalize(m, &garbage);
    runtime.run_pending();
    let found = clear(m, runtime, garbage);
    runtime.run_pending();
    found
}

fn find_garbage(m: &Mutator, runtime: &dyn Collection) -> Vec<Obj> {
    let stopped = m.stop_the_world();
    // SAFETY: the world is stopped; what is found is alive, and owned before the world goes on.
    let garbage = unsafe {
        m.settle_stw();
        // What threads have freed and keep must not count as memory in use when the next collection is planned.
        m.space.mutators.donate_all_stw();
        let all = containers_stw(m);
        let garbage = Candidates::unreachable_stw(m, runtime, all, 0);
        #[cfg(feature = "checks")]
        crate::publish::verify_stw(m);
        garbage.into_iter().map(|h| found_stw(m, h)).collect()
    };
    drop(stopped);
    garbage
}

fn finalize(m: &Mutator, garbage: &[Obj]) {
    let dead: HashSet<*mut Header, BuildPointerHasher> =
        garbage.iter().map(|obj| obj.value().ptr()).collect();
    for obj in garbage {
        let h = obj.value().ptr();
        // SAFETY: `garbage` keeps every object alive.
        unsafe {
            if (*h).has_flag(flag::WEAKLY_REFERENCED) {
                // A weak reference that is garbage itself does not call back.
                m.space.weak.clear(m, h, |cell| !dead.contains(&cell));
            }
        }
    }
    for obj in garbage {
        let h = obj.value().ptr();
        // SAFETY: as above.
        unsafe {
            let shape = m.shape(h);
            // ORD: relaxed; see `Mutator::destroy_one`.
            if (*shape).flags.load(Ordering::Relaxed) & shape_flag::FINALIZER != 0
                && !(*h).has_flag(flag::FINALIZED)
                && ((*shape).ops.needs_finalizer)(h)
            {
                (*h).set_flag(flag::FINALIZED);
                m.push_pending(Pending::Finalize(obj.clone()));
            }
        }
    }
}

/// Ends what finalizers have not brought back; how many objects that are.
fn clear(m: &Mutator, runtime: &mut dyn Collection, garbage: Vec<Obj>) -> usize {
    let stopped = m.stop_the_world();
    // SAFETY: the world is stopped.
    unsafe { m.settle_stw() };
    let objects = garbage.iter().map(|obj| obj.value().ptr()).collect();
    // SAFETY: the world is stopped, and `garbage` holds one reference to each.
    let dead = unsafe { Candidates::unreachable_stw(m, runtime, objects, 1) };
    // SAFETY: `garbage` keeps them alive.
    let hubs: Vec<*mut Header> = dead.iter().copied().filter(|&h| unsafe { (*h).is_hub() }).collect();
    // SAFETY: the world is stopped, and nothing that lives on refers to them.
    unsafe { runtime.forget_stw(&hubs) };
    for &h in &dead {
        // Another thread could find a dead weak reference through its live target once the world runs again.
        // SAFETY: alive and unreachable; the flag says that it is a weak reference.
        unsafe {
            if (*h).has_flag(flag::WEAK_CELL) {
                m.space.weak.remove(h.cast());
            }
        }
    }
    drop(stopped);
    // SAFETY: `garbage` keeps every object alive.
    let found = dead.iter().filter(|&&h| unsafe { !(*h).has_flag(flag::PART) }).count();
    for h in dead {
        // SAFETY: unreachable but for `garbage`, which keeps it alive until the end of this function.
        unsafe {
            m.drop_fields(h, m.shape(h));
            (*h).set_flag(flag::DYING | flag::FINALIZED);
        }
    }
    drop(garbage);
    if !hubs.is_empty() || !m.owns_everything() {
        let stopped = m.stop_the_world();
        // SAFETY: the world is stopped. What has referred to the hubs is gone, once what waits for a grace period has been freed:
        // among that are instances of classes.
        unsafe {
            m.settle_stw();
            free_hubs(m, runtime, &hubs);
            // Their blocks would wait for a grace period, too, and count as memory in use when the next collection is planned.
            m.settle_stw();
        }
        drop(stopped);
    }
    found
}

/// Frees hubs after everything else that was garbage with them.
///
/// # Safety
/// Nothing refers to them, and their fields have been dropped.
unsafe fn free_hubs(m: &Mutator, runtime: &mut dyn Collection, hubs: &[*mut Header]) {
    // SAFETY: as the caller promises; shapes go with their classes, so the sizes are asked before.
    unsafe {
        for &h in hubs {
            (*h).end_hub(m);
        }
        let sizes: Vec<usize> = hubs.iter().map(|&h| m.size_of(h)).collect();
        runtime.release(hubs);
        for (&h, size) in hubs.iter().zip(sizes) {
            m.free_emptied(h, size);
        }
    }
}
