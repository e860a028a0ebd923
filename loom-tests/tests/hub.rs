//! Hubs: becoming one while others count and do the same, and each thread's own counts, entered at a stop.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use std::sync::Arc;
use ungil_gc::{Mutator, Obj, Shared};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{Heap, NODE, join, node};
use ungil_loom_tests::{explore_heap, world_without_solo};

/// Runs `model` on the main thread of a heap on which a published node is known to two threads.
fn shared_node<R: Ord + Clone + std::fmt::Debug + Send + 'static>(
    at_least: usize,
    expected: &[R],
    weakened: Option<Step>,
    model: impl Fn(&Arc<Heap>, &Mutator, Obj, Shared) -> R + Send + Sync + 'static,
) {
    let model = move |heap: &Arc<Heap>, m: &Mutator| {
        let hub = heap.node(m, NODE);
        let shared = Shared::publish(hub.clone());
        model(heap, m, hub, shared)
    };
    explore_heap((4, at_least), expected, move || world_without_solo(weakened), model, |_, result| result);
}

/// Two threads make the same object a hub, then drop their references. One number is used, and no reference remains. The
/// outcome is how many numbers were ever given out.
#[test]
fn two_make_one_hub() {
    shared_node(100, &[1, 2], None, |heap, m, hub, shared| {
        let other = {
            let space = Arc::clone(&heap.space);
            heap.spawn(move |_| node(&shared.into_obj()).header.make_hub(&space))
        };
        node(&hub).header.make_hub(&heap.space);
        join(m, other);
        assert!(node(&hub).header.is_hub());
        assert_eq!(m.all_references(&node(&hub).header), 1);
        let given = heap.space.hubs.used();
        // The number that was too many is given to the next one.
        let next = heap.node(m, NODE);
        node(&next).header.make_hub(&heap.space);
        assert_eq!(heap.space.hubs.used(), 2);
        given
    });
}

/// One thread makes an object a hub while another one counts it up and down and drops the reference that the header says; what
/// is counted where differs, the sum does not. The outcome is whether the other thread saw a hub at first.
fn counted_meanwhile(weakened: Option<Step>) {
    shared_node(100, &[false, true], weakened, |heap, m, hub, shared| {
        let other = heap.spawn(move |_| {
            let mine = shared.into_obj();
            let hub = node(&mine).header.is_hub();
            drop(mine.clone());
            drop(mine);
            hub
        });
        node(&hub).header.make_hub(&heap.space);
        let seen = join(m, other);
        assert_eq!(m.all_references(&node(&hub).header), 1, "references");
        seen
    });
}

#[test]
fn hub_is_made_while_counted() {
    counted_meanwhile(None);
}

#[test]
#[should_panic(expected = "references")]
fn hub_is_made_in_two_steps() {
    counted_meanwhile(Some(Step::HubOneStep));
}

/// A thread counts a hub in its own table, passes a safepoint and counts again; the main thread stops the world and
/// enters all tables. The outcome is what it finds: its own reference and as many as the other thread had by then. That leaving is
/// a release is not tested here: a thread goes offline before it stands still, and that orders as well (`stop.rs` has the twin).
fn entered_at_a_stop(weakened: Option<Step>) {
    shared_node(100, &[2, 3, 4], weakened, |heap, m, hub, shared| {
        node(&hub).header.make_hub(&heap.space);
        let other = heap.spawn(move |m| {
            let mine = shared.into_obj();
            std::mem::forget(mine.clone());
            m.safepoint();
            std::mem::forget(mine.clone());
            std::mem::forget(mine);
        });
        let seen = m.all_references(&node(&hub).header);
        join(m, other);
        assert_eq!(m.all_references(&node(&hub).header), 4, "references");
        seen
    });
}

#[test]
fn counts_are_entered_at_a_stop() {
    entered_at_a_stop(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn counts_are_entered_without_waiting() {
    entered_at_a_stop(Some(Step::StopWaits));
}
