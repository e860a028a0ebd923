//! The stop-the-world collector of reference cycles.
//!
//! Trial deletion over the whole heap, as CPython's `gcmodule.c` does it: a copy of each container's count, minus the
//! references that containers hold, tells which are reachable from outside (registers, natives, immortal objects);
//! what those do not reach is garbage (`candidates.rs`).
//!
//! Objects are of three generations (`Header::mark`): a collection of one examines that and the younger ones, and what it
//! leaves is of the next. What `gc.freeze()` has set apart is never examined. The classes, functions and modules among the
//! objects, hubs, are examined by collections of everything only: what refers to them is not always counted.
//!
//! Phases: with the world stopped, find the garbage; where nobody can see how it ends, drop its fields at once. Else take a
//! reference to each piece; with the world running, let weak references die and finalizers run; stopped again, find what
//! finalizers have resurrected; running, break the rest by dropping its fields. Hubs are freed last, by the collector itself:
//! among them are the classes that say how the others are freed.

use crate::candidates::{BuildPointerHasher, Candidates, age, set_age};
use crate::mutator::{KEPT_BYTES, Mutator, Pending};
use crate::ops::shape_flag;
use crate::{Header, Obj, Ref, Value, flag};
use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use ungil_locks::primitive::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

/// Generations of objects, the oldest one included.
pub const GENERATIONS: usize = 3;
/// The oldest generation: a collection of it examines everything but what is frozen.
pub const OLDEST: u8 = GENERATIONS as u8 - 1;
/// In place of a generation: set apart by [`freeze`].
pub const FROZEN: u8 = OLDEST + 1;

/// Least growth in bytes between two automatic collections of everything.
const MIN_GROWTH: i64 = 8 << 20;
/// Least growth between two of the young.
const MIN_YOUNG_GROWTH: i64 = 2 << 20;
/// What may be in use before the first one of all: programs that do little more than import something come to an end without.
const FIRST_LIMIT: i64 = 5 << 20;
/// A collection that frees as many objects was worth while.
const MANY: usize = 4096;

/// When to collect: bytes handed out to threads and not given back are counted, and a collection of everything is due when
/// they have grown by three quarters since the last one. Blocks on a thread's own free lists count as handed out, so that
/// allocating and freeing in turn costs nothing here; a collection makes all threads give surplus blocks back.
///
/// Small programs would take as much again for their garbage as for the rest. So when a collection of everything has found
/// much, the young are collected in between, which takes less time the fewer they are, until little comes of it: programs that
/// build something large would look at it once more than they need to.
pub struct CollectorState {
    enabled: AtomicBool,
    collecting: AtomicBool,
    outstanding: AtomicI64,
    /// What `outstanding` is compared with: the lesser of `full_limit` and where the young are due.
    limit: AtomicI64,
    full_limit: AtomicI64,
    growth: AtomicI64,
    /// Whether the next collection of the young takes those in that the last one has left.
    deeper: AtomicBool,
    /// Whether collections of the young are worth while.
    worth_while: AtomicBool,
    /// Containers that the last collection has left, and the last one of everything.
    left: AtomicUsize,
    long_lived: AtomicUsize,
}

impl Default for CollectorState {
    fn default() -> Self {
        CollectorState {
            enabled: AtomicBool::new(true),
            collecting: AtomicBool::new(false),
            outstanding: AtomicI64::new(0),
            limit: AtomicI64::new(FIRST_LIMIT),
            full_limit: AtomicI64::new(FIRST_LIMIT),
            growth: AtomicI64::new(MIN_GROWTH),
            deeper: AtomicBool::new(false),
            worth_while: AtomicBool::new(false),
            left: AtomicUsize::new(0),
            long_lived: AtomicUsize::new(0),
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
        self.finished(OLDEST, 0);
    }

    /// Whether a collection is under way.
    pub fn is_collecting(&self) -> bool {
        // ORD: relaxed; who needs to be alone asks by swapping.
        self.collecting.load(Ordering::Relaxed)
    }

    /// Containers that the last collection of everything has left.
    pub fn long_lived(&self) -> usize {
        // ORD: relaxed; a number to be shown.
        self.long_lived.load(Ordering::Relaxed)
    }

    /// The generation that an automatic collection is due for.
    pub fn due(&self) -> u8 {
        // ORD: relaxed; estimates.
        let total = self.outstanding.load(Ordering::Relaxed);
        // Where `stress` asks for one that no growth has made due, it is of everything.
        let asked = cfg!(feature = "stress") && total < self.limit.load(Ordering::Relaxed);
        if asked || total >= self.full_limit.load(Ordering::Relaxed) {
            return OLDEST;
        }
        let deeper = self.deeper.load(Ordering::Relaxed);
        self.deeper.store(!deeper, Ordering::Relaxed);
        u8::from(deeper)
    }

    /// Plans the next collections after one of a generation that has freed so many objects.
    fn finished(&self, generation: u8, freed: usize) {
        // ORD: relaxed; estimates.
        let (live, growth) = (self.outstanding.load(Ordering::Relaxed), self.growth.load(Ordering::Relaxed));
        if generation != OLDEST || freed >= MANY {
            self.worth_while.store(freed >= MANY, Ordering::Relaxed);
        }
        if generation == OLDEST {
            let growth = if growth < MIN_GROWTH { growth } else { growth.max(live / 4 * 3) };
            self.full_limit.store(live.saturating_add(growth), Ordering::Relaxed);
        }
        let full = self.full_limit.load(Ordering::Relaxed);
        // Where the program has said when to collect, that holds.
        let young = if growth == MIN_GROWTH && self.worth_while.load(Ordering::Relaxed) {
            live + MIN_YOUNG_GROWTH.max(live / 8)
        } else {
            full
        };
        self.limit.store(full.min(young), Ordering::Relaxed);
    }
}

/// What the runtime does for a collection.
pub trait Collection {
    /// Runs what the mutator has queued (finalizers, weak callbacks); it may run any Python.
    fn run_pending(&mut self);

    /// Whether there can be objects for [`Collection::is_uncollectable`] at all.
    fn any_uncollectable(&self) -> bool;

    /// Whether the object's end runs code that may run only once nothing refers to the object: a cycle that it is in stays.
    ///
    /// # Safety
    /// The object is alive.
    unsafe fn is_uncollectable(&self, h: *mut Header) -> bool;

    /// Whether what is found is to be shown or kept: then it goes to [`Collection::found`] and the others.
    fn watches(&self) -> bool;

    /// Told what has been found, before anything is done to it; it may run any Python. Garbage that nobody watches may end
    /// without.
    fn found(&mut self, garbage: &[Obj]);

    /// Told what stays as it cannot be collected; it may run any Python.
    fn stays(&mut self, uncollectable: Vec<Obj>);

    /// Whether to give what would be freed to [`Collection::save`] instead.
    fn saves(&self) -> bool;

    /// Takes what would be freed; it may run any Python.
    fn save(&mut self, garbage: Vec<Obj>);

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
pub(crate) unsafe fn trace<F>(m: &Mutator, h: *mut Header, visit: &mut F)
where
    F: FnMut(*mut Header) + ?Sized,
{
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
pub(crate) unsafe fn trace_all<F>(m: &Mutator, h: *mut Header, visit: &mut F)
where
    F: FnMut(*mut Header) + ?Sized,
{
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

/// The wanted ones of the objects that the collector tracks and that are of one of these generations, with a reference each
/// (`gc.get_objects()`). `wanted` is asked with the world stopped: it only looks.
pub fn tracked_objects(
    m: &Mutator,
    generations: RangeInclusive<u8>,
    wanted: impl Fn(Ref<'_>) -> bool,
) -> Vec<Obj> {
    let stopped = m.stop_the_world();
    let mut found = Vec::new();
    // SAFETY: the world is stopped; what is found is alive, and nobody else counts meanwhile.
    let owned = unsafe {
        walk_stw(m, |h| {
            if generations.contains(&age(h)) && wanted(Ref::from_value(Value::from_ptr(h))) {
                found.push(h);
            }
        });
        found.into_iter().map(|h| found_stw(m, h)).collect()
    };
    drop(stopped);
    owned
}

/// How many containers there are of each generation, and frozen ones.
pub fn census(m: &Mutator) -> [usize; GENERATIONS + 1] {
    let mut numbers = [0; GENERATIONS + 1];
    let stopped = m.stop_the_world();
    // SAFETY: the world is stopped, and the walk neither allocates nor frees.
    unsafe { walk_stw(m, |h| numbers[age(h) as usize] += 1) };
    drop(stopped);
    numbers
}

/// How many more containers there are than the last collection has left; where there are less, it is as if it had left
/// as many as there are now.
pub fn new_containers(m: &Mutator) -> usize {
    let now = census(m).iter().sum();
    // ORD: relaxed; a number to be shown.
    let left = m.space.collector.left.fetch_min(now, Ordering::Relaxed);
    now - left.min(now)
}

/// Sets all objects that there are apart: collections pass over them (`gc.freeze()`).
pub fn freeze(m: &Mutator) {
    let stopped = m.stop_the_world();
    // SAFETY: as in `census`.
    unsafe { walk_stw(m, |h| set_age(h, FROZEN)) };
    drop(stopped);
}

/// Undoes [`freeze`]: the objects are of the oldest generation.
pub fn unfreeze(m: &Mutator) {
    let stopped = m.stop_the_world();
    // SAFETY: as in `census`.
    unsafe { walk_stw(m, |h| set_age(h, age(h).min(OLDEST))) };
    drop(stopped);
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
        // ORD: relaxed; the world is stopped.
        if (*shape).flags.load(Ordering::Relaxed) & shape_flag::GC == 0 {
            return found;
        }
        let mut add = |v: Value| match v {
            Value::UNDEF | Value::NOT_FOUND => {}
            v if v.is_ptr() => found.push(found_stw(m, v.ptr())),
            v => found.push(Obj::immediate(v)),
        };
        (*shape).attr_area(h).iter().for_each(|slot| add(slot.peek()));
        if let Some(trace) = (*shape).ops.trace {
            trace(h, &mut add);
        }
        if !(*shape).class.is_null() {
            found.push(found_stw(m, (*shape).class));
        }
    }
    drop(stopped);
    found
}

/// Calls `visit` with every live container; a count of zero is an object whose owner is about to free it. Another thread's
/// collection may be under way, between its stops of the world.
///
/// # Safety
/// The world is stopped, and `visit` neither allocates nor frees objects.
unsafe fn walk_stw(m: &Mutator, mut visit: impl FnMut(*mut Header)) {
    // SAFETY: as the caller promises.
    unsafe {
        m.space.pool.walk_stw(|h| {
            // ORD: relaxed; the world is stopped.
            let tracked = (*m.shape(h)).flags.load(Ordering::Relaxed) & shape_flag::GC != 0;
            // A class whose fields a collection has dropped is freed by that collection.
            if tracked && (*h).ref_count() > 0 && !(*h).has_flag(flag::DYING) {
                visit(h);
            }
        });
    }
}

unsafe fn containers_stw(m: &Mutator) -> Vec<*mut Header> {
    let mut found = Vec::new();
    // SAFETY: the world is stopped; nothing is allocated on this heap meanwhile.
    unsafe { walk_stw(m, |h| found.push(h)) };
    found
}

/// What a collection has to examine.
#[derive(Default)]
struct Population {
    /// Of its generation or a younger one.
    examined: Vec<*mut Header>,
    /// What it passes over and may have a class among those.
    others: Vec<*mut Header>,
    /// How many containers there are in all.
    count: usize,
}

/// Finds what a collection of a generation has to examine, and makes it of the next generation.
///
/// # Safety
/// The world is stopped.
unsafe fn population_stw(m: &Mutator, generation: u8) -> Population {
    let mut found = Population::default();
    let (everything, next) = (generation == OLDEST, (generation + 1).min(OLDEST));
    // SAFETY: as in `containers_stw`.
    unsafe {
        walk_stw(m, |h| {
            found.count += 1;
            if age(h) > generation {
                if everything {
                    found.others.push(h);
                }
                return;
            }
            set_age(h, next);
            if everything || !(*h).is_hub() {
                found.examined.push(h);
            }
        });
    }
    found
}

/// What a collection has done: the numbers of objects found unreachable that are gone, and that stay.
#[derive(Clone, Copy, Default)]
pub struct Found {
    pub collected: usize,
    pub uncollectable: usize,
}

/// Collects the cyclic garbage of a generation. Does nothing if a collection is under way already.
pub fn collect(m: &Mutator, runtime: &mut dyn Collection, generation: u8) -> Found {
    let state = &m.space.collector;
    // ORD: acquire and release below, so that two collections are ordered.
    if state.collecting.swap(true, Ordering::Acquire) {
        return Found::default();
    }
    // What the collector's own functions hold keeps nothing alive.
    m.collecting.record();
    let found = collect_garbage(m, runtime, generation);
    m.collecting.forget();
    m.donate(KEPT_BYTES);
    state.finished(generation, found.collected);
    state.collecting.store(false, Ordering::Release);
    found
}

#[inline(never)]
fn collect_garbage(m: &Mutator, runtime: &mut dyn Collection, generation: u8) -> Found {
    let Garbage { garbage, uncollectable, ended, containers } = find_garbage(m, runtime, generation);
    // SAFETY: the references keep them alive.
    let whole = uncollectable.iter().filter(|obj| unsafe { !(*obj.value().ptr()).has_flag(flag::PART) });
    let mut found = Found { collected: ended, uncollectable: whole.count() };
    if ended > 0 {
        // What is no container may have ended with it.
        runtime.run_pending();
    }
    if !garbage.is_empty() {
        runtime.found(&garbage);
        finalize(m, &garbage);
        runtime.run_pending();
        found.collected = clear(m, runtime, garbage);
        runtime.run_pending();
    }
    if !uncollectable.is_empty() {
        runtime.stays(uncollectable);
    }
    // ORD: relaxed; numbers to be shown.
    let state = &m.space.collector;
    let left = containers.saturating_sub(found.collected);
    state.left.store(left, Ordering::Relaxed);
    if generation == OLDEST {
        state.long_lived.store(left, Ordering::Relaxed);
    }
    found
}

/// What nothing refers to, how many objects have ended already, and how many containers there were with them.
struct Garbage {
    garbage: Vec<Obj>,
    uncollectable: Vec<Obj>,
    ended: usize,
    containers: usize,
}

fn find_garbage(m: &Mutator, runtime: &dyn Collection, generation: u8) -> Garbage {
    let stopped = m.stop_the_world();
    // SAFETY: the world is stopped; what is found is alive, and owned before the world goes on.
    let found = unsafe {
        m.settle_stw();
        // What threads have freed and keep must not count as memory in use when the next collection is planned.
        m.space.mutators.donate_all_stw();
        let Population { examined, others, count } = population_stw(m, generation);
        let mut garbage = Candidates::unreachable_stw(m, runtime, examined, 0, &others);
        #[cfg(feature = "checks")]
        crate::publish::verify_stw(m);
        let stays = if runtime.any_uncollectable() { part(m, runtime, &mut garbage) } else { Vec::new() };
        let mut ended = 0;
        if !runtime.watches() && garbage.iter().all(|&h| ends_unseen(m, h)) {
            ended = end_stw(m, std::mem::take(&mut garbage));
        }
        let own = |found: Vec<*mut Header>| found.into_iter().map(|h| found_stw(m, h)).collect();
        Garbage { garbage: own(garbage), uncollectable: own(stays), ended, containers: count }
    };
    drop(stopped);
    found
}

/// Whether nothing can tell how an object ends that is garbage: it has no finalizer to run, has never been weakly referenced,
/// and is neither a weak reference nor a hub.
///
/// # Safety
/// The world is stopped, and the object is alive.
unsafe fn ends_unseen(m: &Mutator, h: *mut Header) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        !(*h).has_flag(flag::WEAKLY_REFERENCED | flag::WEAK_CELL)
            && !(*h).is_hub()
            && !must_be_finalized(m, h)
    }
}

/// Whether the object has a finalizer that has not been run.
///
/// # Safety
/// The object is alive.
unsafe fn must_be_finalized(m: &Mutator, h: *mut Header) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        let shape = m.shape(h);
        // ORD: relaxed; see `Mutator::destroy_one`.
        (*shape).flags.load(Ordering::Relaxed) & shape_flag::FINALIZER != 0
            && !(*h).has_flag(flag::FINALIZED)
            && ((*shape).ops.needs_finalizer)(h)
    }
}

/// Ends garbage whose end nobody can see; how many objects that are. Those of other threads need not be published: no thread
/// uses them but this one.
///
/// # Safety
/// The world is stopped, the objects are alive, and nothing else refers to them.
unsafe fn end_stw(m: &Mutator, garbage: Vec<*mut Header>) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        let kept: Vec<Obj> = garbage.iter().map(|&h| Obj::from_borrowed(Value::from_ptr(h), m)).collect();
        let ended = drop_all_fields(m, &garbage);
        drop(kept);
        m.settle_stw();
        ended
    }
}

/// Drops the fields of garbage, so that the objects end with the references that the caller has; how many are no part of
/// another.
///
/// # Safety
/// The caller has a reference to each, and nothing but they refer to each other.
unsafe fn drop_all_fields(m: &Mutator, garbage: &[*mut Header]) -> usize {
    // SAFETY: as the caller promises.
    let ended = garbage.iter().filter(|&&h| unsafe { !(*h).has_flag(flag::PART) }).count();
    for &h in garbage {
        // SAFETY: as above.
        unsafe {
            m.drop_fields(h, m.shape(h));
            (*h).set_flag(flag::DYING | flag::FINALIZED);
        }
    }
    ended
}

/// Takes what cannot be collected, and what is reached from there, out of what has been found.
///
/// # Safety
/// The world is stopped, and the objects are alive.
unsafe fn part(m: &Mutator, runtime: &dyn Collection, garbage: &mut Vec<*mut Header>) -> Vec<*mut Header> {
    let mut unreached: HashSet<*mut Header, BuildPointerHasher> = garbage.iter().copied().collect();
    // SAFETY: as the caller promises.
    let mut stays: Vec<_> =
        garbage.iter().copied().filter(|&h| unsafe { runtime.is_uncollectable(h) }).collect();
    for h in &stays {
        unreached.remove(h);
    }
    let mut next = 0;
    while let Some(&h) = stays.get(next) {
        // SAFETY: as above.
        unsafe {
            trace_all(m, h, &mut |child| {
                if unreached.remove(&child) {
                    stays.push(child);
                }
            });
        }
        next += 1;
    }
    garbage.retain(|h| unreached.contains(h));
    stays
}

fn finalize(m: &Mutator, garbage: &[Obj]) {
    // SAFETY: `garbage` keeps every object alive.
    let is_weakly_referenced = |obj: &&Obj| unsafe { (*obj.value().ptr()).has_flag(flag::WEAKLY_REFERENCED) };
    let mut targets = garbage.iter().filter(is_weakly_referenced).peekable();
    if targets.peek().is_some() {
        let dead: HashSet<*mut Header, BuildPointerHasher> =
            garbage.iter().map(|obj| obj.value().ptr()).collect();
        for obj in targets {
            // A weak reference that is garbage itself does not call back.
            // SAFETY: as above.
            unsafe { m.space.weak.clear(m, obj.value().ptr(), |cell| !dead.contains(&cell)) };
        }
    }
    for obj in garbage {
        let h = obj.value().ptr();
        // SAFETY: as above.
        unsafe {
            if must_be_finalized(m, h) {
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
    let dead = unsafe { Candidates::unreachable_stw(m, runtime, objects, 1, &[]) };
    // SAFETY: `garbage` keeps them alive.
    let hubs: Vec<*mut Header> = dead.iter().copied().filter(|&h| unsafe { (*h).is_hub() }).collect();
    if runtime.saves() {
        drop(stopped);
        return save(runtime, garbage, &dead);
    }
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
    // SAFETY: unreachable but for `garbage`, which keeps every object alive until the end of this function.
    let found = unsafe { drop_all_fields(m, &dead) };
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

/// Gives what would have been freed away instead; how many objects that are.
fn save(runtime: &mut dyn Collection, garbage: Vec<Obj>, dead: &[*mut Header]) -> usize {
    let dead: HashSet<*mut Header, BuildPointerHasher> = dead.iter().copied().collect();
    let is_saved = |obj: &Obj| {
        let h = obj.value().ptr();
        // SAFETY: the reference keeps it alive.
        dead.contains(&h) && unsafe { !(*h).has_flag(flag::PART) }
    };
    let saved: Vec<Obj> = garbage.iter().filter(|obj| is_saved(obj)).cloned().collect();
    let count = saved.len();
    runtime.save(saved);
    count
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
