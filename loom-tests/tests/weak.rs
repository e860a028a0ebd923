//! Weak references: read against the target's death, the weak reference's own death, finalizers that resurrect.
#![cfg(all(loom, not(feature = "gil")))]

use std::sync::Arc;
use ungil_gc::{Mutator, Pending, Shared};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{FINALIZED, Heap, NODE, node, weak};
use ungil_loom_tests::{explore, world_without_solo};

/// Explores `model` with a heap and the main thread's mutator. All objects must have ended afterwards.
fn with_heap<R: Ord + Clone + std::fmt::Debug + Send + 'static>(
    expected: &[R],
    weakened: Option<Step>,
    model: impl Fn(&Arc<Heap>, &Mutator) -> R + Send + Sync + 'static,
) {
    explore(Some(2), 100, expected, move || {
        let heap = Heap::new(world_without_solo(weakened));
        let me = heap.world.register();
        let result = heap.run(&me, |m| {
            m.begin_publishing();
            model(&heap, m)
        });
        heap.finish();
        result
    });
}

fn join<R>(m: &Mutator, thread: loom::thread::JoinHandle<R>) -> R {
    m.detach();
    let result = thread.join().expect("joined");
    m.attach();
    result
}

/// Reads a weak reference. If the target is alive it can be used, and is dropped by this thread, maybe as the last.
fn read(m: &Mutator, reference: &ungil_gc::Obj) -> bool {
    let target = m.space.weak.upgrade(m, &weak(reference).cell);
    if let Some(target) = &target {
        assert_eq!(node(target).data.get(), 0);
    }
    target.is_some()
}

/// The main thread drops the last reference to an object while another one reads a weak reference to it. The outcome is
/// whether that found it alive.
fn read_against_death(weakened: Option<Step>) {
    with_heap(&[false, true], weakened, |heap, m| {
        let target = heap.node(m, NODE);
        m.publish(target.value());
        let shared = Shared::publish(heap.weak(m, &target, None));
        let other = heap.spawn(move |m| read(m, &shared.into_obj()));
        drop(target);
        join(m, other)
    });
}

#[test]
fn weak_read_against_death() {
    read_against_death(None);
}

#[test]
#[should_panic(expected = "end")]
fn weak_read_of_the_dead() {
    read_against_death(Some(Step::WeakUnlessDead));
}

/// Target and weak reference end at the same time, on two threads. The outcome is whether the callback was queued.
fn both_die(weakened: Option<Step>) {
    with_heap(&[false, true], weakened, |heap, m| {
        let target = heap.node(m, NODE);
        m.publish(target.value());
        let callback = heap.node(m, NODE);
        let shared = Shared::publish(heap.weak(m, &target, Some(callback)));
        let other = heap.spawn(move |_| drop(shared.into_obj()));
        drop(target);
        let pending = m.take_pending();
        let queued = pending.len() == 1;
        assert!(pending.iter().all(|what| matches!(what, Pending::WeakCallback(_))));
        drop(pending);
        join(m, other);
        queued
    });
}

#[test]
fn target_and_weak_reference_die() {
    both_die(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn target_and_weak_reference_die_without_release() {
    both_die(Some(Step::WeakClearRelease));
}

/// What a thread does with what waits: each finalizer resurrects its object for a moment. How many there were.
fn run_pending(m: &Mutator) -> u32 {
    let mut finalized = 0;
    while m.has_pending() {
        for what in m.take_pending() {
            if let Pending::Finalize(obj) = what {
                assert_eq!(node(&obj).data.get(), 0);
                finalized += 1;
                assert!(finalized < 3, "a finalizer runs again and again");
                drop(obj.clone());
            }
        }
    }
    finalized
}

/// An object with a finalizer: two threads drop their references, and one of them, or a third reference that was read from a
/// weak reference meanwhile, is the last. The finalizer runs once, on whichever thread. The outcome is whether that was
/// the main thread, and whether the weak reference still led to the object.
fn finalized_once(weakened: Option<Step>) {
    // Where the other thread finalizes it had found the object alive.
    with_heap(&[(0, true), (1, false), (1, true)], weakened, |heap, m| {
        let target = heap.node(m, FINALIZED);
        m.publish(target.value());
        let reference = Shared::publish(heap.weak(m, &target, None));
        let other = heap.spawn(move |m| {
            let reference = reference.into_obj();
            let alive = read(m, &reference);
            (run_pending(m), alive)
        });
        drop(target);
        let mine = run_pending(m);
        let (others, alive) = join(m, other);
        assert_eq!(mine + others, 1, "finalized once");
        (mine, alive)
    });
}

#[test]
fn finalizer_runs_once() {
    finalized_once(None);
}

#[test]
#[should_panic(expected = "finalize")]
fn finalizer_runs_twice() {
    finalized_once(Some(Step::FinalizedOnce));
}
