//! Counts of published objects among threads: each counts in its own table, and an object whose header counts nothing any
//! more is in limbo until a grace period has passed. What ends although it has been taken out of limbo is found by
//! `schedules.rs`: under loom it would be used after its memory has been given back.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use std::mem::ManuallyDrop;
use std::sync::Arc;
use ungil_gc::{Mutator, Obj, Shared};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{Heap, NODE, join, node};
use ungil_loom_tests::{explore_heap, world_without_solo};

/// Which node a thread has found in the shared container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    First,
    Second,
}

/// The main thread takes the only reference to a node out of a published container, and puts another node there. A thread reads the
/// container without its lock, counts what it finds, keeps that over a safepoint and drops it, as the last one perhaps. Nothing
/// ends while it is used, and everything ends once. The outcome is what the thread has found.
fn replaced(weakened: Option<Step>) {
    kept_over(weakened, |m| {
        m.safepoint();
    });
}

/// As `replaced`, but the thread blocks in between: the main one is alone then, and waits for nobody.
fn replaced_meanwhile(weakened: Option<Step>) {
    kept_over(weakened, |m| {
        m.detach();
        m.attach();
    });
}

fn kept_over(weakened: Option<Step>, wait: fn(&Mutator)) {
    let model = move |heap: &Arc<Heap>, m: &Mutator| {
        let container = heap.node(m, NODE);
        let shared = Shared::publish(container.clone());
        let (first, second) = (heap.node(m, NODE), heap.node(m, NODE));
        let address = first.value().0;
        node(&container).child.set(&node(&container).header, m, first);
        let for_thread = Arc::clone(heap);
        let reader = heap.spawn(move |m| {
            let container = ManuallyDrop::new(shared.into_obj());
            let found = node(&container).child.peek_shared();
            assert!(found.is_ptr());
            // SAFETY: what a published container held is there until this thread is quiescent. Not dropped if the model fails: it
            // may have ended.
            let obj = ManuallyDrop::new(unsafe { Obj::from_borrowed(found, m) });
            let is_first = found.0 == address;
            let check = || {
                // The container, the two nodes. Asked before the node itself, whose memory may have gone.
                assert!(!is_first || for_thread.live() == 3, "a node is used after its end");
                assert_eq!(node(&obj).data.get(), 0);
            };
            check();
            wait(m);
            check();
            drop((ManuallyDrop::into_inner(obj), ManuallyDrop::into_inner(container)));
            if is_first { Found::First } else { Found::Second }
        });
        node(&container).child.set(&node(&container).header, m, second);
        m.safepoint();
        join(m, reader)
    };
    let finish = |heap: &Heap, found| {
        heap.finish();
        found
    };
    let expected = [Found::First, Found::Second];
    explore_heap((2, 100), &expected, move || world_without_solo(weakened), model, finish);
}

#[test]
fn replaced_under_a_thread_that_counts() {
    replaced(None);
}

#[test]
#[should_panic(expected = "iolation")]
fn replaced_without_grace() {
    replaced(Some(Step::GraceWaits));
}

#[test]
#[should_panic(expected = "used after its end")]
fn replaced_without_entering_tallies() {
    replaced(Some(Step::TalliesEntered));
}

#[test]
fn replaced_while_a_thread_blocks() {
    replaced_meanwhile(None);
}

#[test]
#[should_panic(expected = "used after its end")]
fn replaced_while_a_thread_blocks_without_entering_tallies() {
    replaced_meanwhile(Some(Step::TalliesEntered));
}
