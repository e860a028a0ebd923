//! Weak references: read against the target's death, the weak reference's own death, finalizers that resurrect.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use std::sync::Arc;
use ungil_gc::{Mutator, Shared};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{FINALIZED, Heap, NODE, join, node, weak};
use ungil_loom_tests::{explore_heap, world_without_solo};

/// Explores `model` with a heap and the main thread's mutator; `outcome` is asked when all objects have ended.
fn with_heap<R: 'static, T: Ord + Clone + std::fmt::Debug + Send + 'static>(
    expected: &[T],
    weakened: Option<Step>,
    model: impl Fn(&Arc<Heap>, &Mutator) -> R + Send + Sync + 'static,
    outcome: impl Fn(&Heap, R) -> T + Send + Sync + 'static,
) {
    let outcome = move |heap: &Heap, result| {
        heap.finish();
        outcome(heap, result)
    };
    explore_heap((2, 100), expected, move || world_without_solo(weakened), model, outcome);
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
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let target = heap.node(m, NODE);
        m.publish(target.value());
        let shared = Shared::publish(heap.weak(m, &target, None));
        let other = heap.spawn(move |m| read(m, &shared.into_obj()));
        drop(target);
        // From here on the other thread's quiescence is what the target's end waits for.
        m.safepoint();
        join(m, other)
    };
    with_heap(&[false, true], weakened, model, |_, alive| alive);
}

#[test]
fn weak_read_against_death() {
    read_against_death(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn weak_read_of_the_dead() {
    read_against_death(Some(Step::WeakUnlessDead));
}

/// Target and weak reference end at the same time, on two threads. The outcome is whether the callback was called.
fn both_die(weakened: Option<Step>) {
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let target = heap.node(m, NODE);
        m.publish(target.value());
        let callback = heap.node(m, NODE);
        let shared = Shared::publish(heap.weak(m, &target, Some(callback)));
        let other = heap.spawn(move |_| drop(shared.into_obj()));
        m.safepoint();
        drop(target);
        join(m, other);
        m.safepoint();
    };
    with_heap(&[0, 1], weakened, model, |heap, ()| heap.have_run().1);
}

#[test]
fn target_and_weak_reference_die() {
    both_die(None);
}

/// An object with a finalizer: one thread drops its reference, another one reads a weak reference meanwhile, and drops that.
/// The finalizer runs once, on whichever thread, and brings the object back for a moment. The outcome is whether the weak
/// reference still led to the object.
fn finalized_once(weakened: Option<Step>) {
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let target = heap.node(m, FINALIZED);
        m.publish(target.value());
        let reference = Shared::publish(heap.weak(m, &target, None));
        let other = heap.spawn(move |m| read(m, &reference.into_obj()));
        drop(target);
        m.safepoint();
        heap.run_pending(m);
        let alive = join(m, other);
        m.safepoint();
        heap.run_pending(m);
        alive
    };
    with_heap(&[false, true], weakened, model, |heap, alive| {
        assert_eq!(heap.have_run().0, 1, "finalized once");
        alive
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
