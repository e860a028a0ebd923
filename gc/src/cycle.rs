//! The stop-the-world collector of reference cycles.
//!
//! Trial deletion over the whole heap, as CPython's `gcmodule.c` does it: a copy of each container's count, minus the
//! references that containers hold, tells which are reachable from outside (registers, natives, immortal objects);
//! what those do not reach is garbage. Everything a running thread holds is counted, so no stack is scanned.
//!
//! Phases: with the world stopped, find the garbage and take a reference to each piece; with the world running, let
//! weak references die and finalizers run; stopped again, find what finalizers have resurrected; running, break the
//! rest by dropping its fields.

use crate::heap::block_number;
use crate::mutator::{KEPT_BLOCKS, Mutator, Pending};
use crate::ops::shape_flag;
use crate::{Header, Obj, Value, flag};
use std::collections::{HashMap, HashSet};
use ungil_locks::check;
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

    /// Adds bytes handed out, or given back if negative; true if an automatic collection is due.
    pub fn charge(&self, bytes: i64) -> bool {
        // ORD: relaxed; an estimate.
        let total = self.outstanding.fetch_add(bytes, Ordering::Relaxed) + bytes;
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

/// Bits of [`Header::mark`], set while the world is stopped only: the object is under examination; and lies in no page.
const CANDIDATE: u8 = 1;
const LARGE: u8 = 2;

/// The objects under examination, and what remains of their counts after subtracting references from within the set: by
/// the number of the object's block, of those that lie in no page by address.
struct Candidates {
    objects: Vec<*mut Header>,
    external: Vec<i32>,
    large: HashMap<*mut Header, usize, BuildPointerHasher>,
}

/// Stands for a count of an object that is referenced from outside, or reached from one that is.
const REACHED: i32 = i32::MAX;

/// Hashes an address by multiplication.
#[derive(Default, Clone)]
struct PointerHasher(u64);
type BuildPointerHasher = std::hash::BuildHasherDefault<PointerHasher>;

impl std::hash::Hasher for PointerHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.0 = self.0.rotate_left(8) ^ b as u64);
    }

    fn write_usize(&mut self, n: usize) {
        let mixed = (n as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

impl Candidates {
    /// Finds which of `objects` are referenced from nowhere but each other. `held` references to each are the
    /// caller's own and do not count.
    ///
    /// # Safety
    /// The world is stopped; the objects are alive.
    unsafe fn unreachable_stw(m: &Mutator, objects: Vec<*mut Header>, held: i64) -> Vec<*mut Header> {
        // SAFETY: as the caller promises.
        unsafe {
            let mut set = Candidates::mark(m, objects, held);
            set.subtract_internal(m);
            set.keep_reachable(m);
            set.unmark(m)
        }
    }

    unsafe fn mark(m: &Mutator, objects: Vec<*mut Header>, held: i64) -> Candidates {
        let pool = &m.space.pool;
        // SAFETY: the world is stopped.
        let blocks = unsafe { pool.number_blocks_stw() };
        let large = pool.large_objects();
        let mut set = Candidates {
            external: vec![0; blocks + large.len()],
            large: large.iter().copied().zip(blocks..).collect(),
            objects,
        };
        for h in large {
            // SAFETY: registered objects are there.
            unsafe { (*h).set_mark(LARGE) };
        }
        for i in 0..set.objects.len() {
            let h = set.objects[i];
            // SAFETY: alive, and nobody changes counts.
            let count = unsafe { (*h).ref_count() } - held;
            // SAFETY: alive.
            unsafe { (*h).set_mark(CANDIDATE | (*h).mark()) };
            if let Some(at) = set.place(h) {
                set.external[at] = count.min(REACHED as i64) as i32;
            }
        }
        set
    }

    /// The place of an object's count, if it is under examination.
    #[inline(always)]
    fn place(&self, h: *mut Header) -> Option<usize> {
        // SAFETY: callers pass live objects.
        let mark = unsafe { (*h).mark() };
        if mark & CANDIDATE == 0 {
            return None;
        }
        if mark & LARGE != 0 {
            return self.large.get(&h).copied();
        }
        // SAFETY: what is under examination comes from a page if it is not large.
        Some(unsafe { block_number(h) })
    }

    unsafe fn subtract_internal(&mut self, m: &Mutator) {
        for i in 0..self.objects.len() {
            let h = self.objects[i];
            // SAFETY: alive and unchanging.
            unsafe {
                trace(m, h, &mut |child| {
                    if let Some(at) = self.place(child)
                        && self.external[at] != REACHED
                    {
                        self.external[at] -= 1;
                    }
                });
            }
        }
    }

    unsafe fn keep_reachable(&mut self, m: &Mutator) {
        let mut work: Vec<*mut Header> = Vec::new();
        for i in 0..self.objects.len() {
            let h = self.objects[i];
            // SAFETY: alive.
            let immortal = unsafe { (*h).is_immortal() };
            if let Some(at) = self.place(h)
                && (self.external[at] > 0 || immortal)
            {
                self.external[at] = REACHED;
                work.push(h);
            }
        }
        while let Some(h) = work.pop() {
            // SAFETY: alive and unchanging.
            unsafe {
                trace(m, h, &mut |child| {
                    if let Some(at) = self.place(child)
                        && self.external[at] != REACHED
                    {
                        self.external[at] = REACHED;
                        work.push(child);
                    }
                });
            }
        }
    }

    /// Takes the marks away again; what has not been reached.
    unsafe fn unmark(mut self, m: &Mutator) -> Vec<*mut Header> {
        let objects = std::mem::take(&mut self.objects);
        let is_garbage = |h: &*mut Header| self.place(*h).is_some_and(|at| self.external[at] != REACHED);
        let garbage = objects.iter().copied().filter(is_garbage).collect();
        objects.into_iter().chain(m.space.pool.large_objects()).for_each(|h| {
            // SAFETY: alive.
            unsafe { (*h).set_mark(0) };
        });
        garbage
    }
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
            if tracked && ((*h).is_immortal() || (*h).ref_count() > 0) {
                found.push(h);
            }
        });
    }
    found
}

/// Collects cyclic garbage; gives the number of unreachable objects found, as `gc.collect()` does. `run_pending`
/// runs what the mutator has queued (finalizers, weak callbacks); it may run any Python. Does nothing if a
/// collection is under way already.
pub fn collect(m: &Mutator, mut run_pending: impl FnMut()) -> usize {
    let state = &m.space.collector;
    // ORD: acquire and release below, so that two collections are ordered.
    if state.collecting.swap(true, Ordering::Acquire) {
        return 0;
    }
    let garbage = find_garbage(m);
    let mut found = 0;
    if !garbage.is_empty() {
        finalize(m, &garbage);
        run_pending();
        found = clear(m, garbage);
        run_pending();
    }
    m.world.for_each_thread(|thread| thread.raise_check(check::DONATE));
    m.donate(KEPT_BLOCKS);
    state.finished();
    state.collecting.store(false, Ordering::Release);
    found
}

fn find_garbage(m: &Mutator) -> Vec<Obj> {
    let stopped = m.stop_the_world();
    // SAFETY: the world is stopped; what is found is alive, and owned before the world goes on.
    let garbage = unsafe {
        m.free_retired_stw();
        let all = containers_stw(m);
        let garbage = Candidates::unreachable_stw(m, all, 0);
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
fn clear(m: &Mutator, garbage: Vec<Obj>) -> usize {
    let stopped = m.stop_the_world();
    let objects = garbage.iter().map(|obj| obj.value().ptr()).collect();
    // SAFETY: the world is stopped, and `garbage` holds one reference to each.
    let dead = unsafe { Candidates::unreachable_stw(m, objects, 1) };
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
            (*h).set_flag(flag::DYING);
        }
    }
    found
}
