//! The queues of objects whose owner is to merge their counts (CPython: `Python/brc.c`).
//!
//! Each thread of the heap has one, under one mutex, which is a leaf. The thread that puts an object in raises `MERGE` in
//! the owner's check word; the owner merges at its next safepoint. What a thread leaves behind when it ends is merged by
//! whoever drops it, or, if it was queued already, by another thread. A number that an ended thread had is given out again:
//! the new thread then owns what the old one has left, which is right, as only one of them ever counts there.

use super::{LOCAL, OWNER, OWNER_SHIFT, UNIT, drop_merged, me, merge_queued};
use crate::{Header, Mutator, Space};
use ungil_locks::ThreadState;
use ungil_locks::check::MERGE;
use ungil_locks::primitive::{Arc, Mutex, MutexGuard, Ordering, Weakened};
use ungil_locks::weaken::Step;

/// A thread's number as [`super`] has it in the owner's word, shifted down.
type Number = u64;

struct Queue {
    owner: Number,
    thread: Arc<ThreadState>,
    objects: Vec<*mut Header>,
}

/// The queues of all threads.
#[derive(Default)]
pub struct Queues(Mutex<Vec<Queue>>);

// SAFETY: the queue holds a reference to each object; who takes it out is attached.
unsafe impl Send for Queue {}

impl Queues {
    fn lock(&self) -> MutexGuard<'_, Vec<Queue>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn owner(h: &Header) -> Number {
    // ORD: relaxed; under the mutex. If the owner merges at the same time, it does not matter whose queue it is.
    (h.extra().load(Ordering::Relaxed) & !LOCAL) >> OWNER_SHIFT
}

/// Puts an object, with the reference that the caller gives up, in its owner's queue. If there is no owner any more it is
/// dropped at once, and this says whether that was the last reference.
#[cold]
#[inline(never)]
pub(super) fn add(h: &Header, m: &Mutator) -> bool {
    let mut queues = m.space.model.lock();
    let owner = owner(h);
    let Some(queue) = find(&mut queues, owner) else { return drop_queued(h, owner) };
    queue.objects.push(std::ptr::from_ref(h).cast_mut());
    queue.thread.raise_check(MERGE);
    false
}

/// Drops the reference of a queue to an object whose owner, as read under the mutex, is nobody, or a thread that has ended.
/// Whether it was the last one.
fn drop_queued(h: &Header, owner: Number) -> bool {
    let merges = owner == 0 && !Weakened::current().skips(Step::MergedByOneThread);
    if merges { drop_merged(h) } else { merge_queued(h) }
}

fn find(queues: &mut [Queue], owner: Number) -> Option<&mut Queue> {
    queues.iter_mut().find(|queue| queue.owner == owner)
}

/// Another thread has made the object a hub: its owner need not go on counting for itself.
#[cold]
pub fn became_hub(h: &Header, space: &Space) {
    let number = owner(h) << OWNER_SHIFT;
    if number == me() || number == 0 {
        return;
    }
    let mut queues = space.model.lock();
    if let Some(queue) = find(&mut queues, owner(h)) {
        // ORD: relaxed; the caller holds a reference, and this one is the queue's.
        h.count_cell().fetch_add(UNIT, Ordering::Relaxed);
        queue.objects.push(std::ptr::from_ref(h).cast_mut());
        queue.thread.raise_check(MERGE);
    }
}

/// The thread begins to use the heap.
pub fn thread_begins(m: &Mutator) {
    let owner = Number::from(m.thread.key());
    let queue = Queue { owner, thread: m.thread.clone(), objects: Vec::new() };
    m.space.model.lock().push(queue);
    OWNER.with(|mine| mine.set(owner << OWNER_SHIFT));
}

/// The thread, which is detached, uses the heap no more. What is in its queue goes to another thread, which may touch
/// objects.
pub fn thread_ends(m: &Mutator) {
    OWNER.with(|mine| mine.set(0));
    let mut queues = m.space.model.lock();
    let Some(at) = queues.iter().position(|queue| std::ptr::eq(&*queue.thread, &*m.thread)) else { return };
    let left = queues.swap_remove(at).objects;
    if let Some(heir) = queues.first_mut().filter(|_| !left.is_empty()) {
        heir.objects.extend(left);
        heir.thread.raise_check(MERGE);
    }
}

/// At a safepoint: merges what is in the thread's queue; the bits that are left.
pub fn safepoint(m: &Mutator, bits: u32) -> u32 {
    if bits & MERGE != 0 {
        merge_own(m);
    }
    bits & !MERGE
}

#[cold]
fn merge_own(m: &Mutator) {
    // Cleared first: whoever puts something in after the look raises it again.
    m.thread.clear_check(MERGE);
    let mut dead = Vec::new();
    let mut queues = m.space.model.lock();
    let number = me() >> OWNER_SHIFT;
    let mine = find(&mut queues, number).map(|queue| std::mem::take(&mut queue.objects));
    for h in mine.unwrap_or_default() {
        // SAFETY: the queue held a reference.
        let object = unsafe { &*h };
        match owner(object) {
            // It was an ended thread's, whose number has a new one now.
            other if other != 0 && other != number && find(&mut queues, other).is_some() => {
                let queue = find(&mut queues, other).expect("found just now");
                queue.objects.push(h);
                queue.thread.raise_check(MERGE);
            }
            0 if drop_queued(object, 0) => dead.push(h),
            other if other != 0 && merge_queued(object) => dead.push(h),
            _ => {}
        }
    }
    drop(queues);
    // SAFETY: no reference is left.
    dead.into_iter().for_each(|h| unsafe { m.destroy(h) });
}

/// Merges what is in all queues, so that all counts are right.
///
/// # Safety
/// The world is stopped.
pub unsafe fn settle_stw(m: &Mutator) {
    loop {
        let all: Vec<*mut Header> =
            m.space.model.lock().iter_mut().flat_map(|queue| queue.objects.drain(..)).collect();
        if all.is_empty() {
            return;
        }
        // The end of one may put others in a queue.
        // SAFETY: the queue held a reference; the owners stand still.
        let dead: Vec<*mut Header> = all.into_iter().filter(|&h| merge_queued(unsafe { &*h })).collect();
        // SAFETY: no reference is left.
        dead.into_iter().for_each(|h| unsafe { m.destroy(h) });
    }
}

/// In the child of a fork: all threads but the caller's are gone, and what they owned is merged by whoever drops it.
pub fn forget_others(m: &Mutator) {
    // The mutex may have been held by a thread that does not exist here; then the queues are as they were.
    if let Ok(mut queues) = m.space.model.0.try_lock() {
        let (own, others): (Vec<_>, Vec<_>) =
            queues.drain(..).partition(|queue| std::ptr::eq(&*queue.thread, &*m.thread));
        *queues = own;
        let left = others.into_iter().flat_map(|queue| queue.objects);
        if let Some(mine) = queues.first_mut() {
            mine.objects.extend(left);
            mine.thread.raise_check(MERGE);
        }
    }
}
