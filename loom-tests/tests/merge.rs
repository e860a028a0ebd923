//! Biased counts: the two words of an object are made one, by its owner or by who finds that it has none, and it ends once.
#![cfg(all(loom, feature = "pep703"))]

use std::sync::Arc;
use ungil_gc::{Mutator, Shared};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{Heap, NODE, join, node};
use ungil_loom_tests::{explore_heap, world_without_solo};

/// Explores `model`; all objects have ended then, and each of them once.
fn ends_once<T: Ord + Clone + std::fmt::Debug + Send + 'static>(
    preemptions: usize,
    expected: &[T],
    weakened: Option<Step>,
    model: impl Fn(&Arc<Heap>, &Mutator) -> T + Send + Sync + 'static,
) {
    let outcome = |heap: &Heap, outcome| {
        heap.finish();
        outcome
    };
    explore_heap((preemptions, 100), expected, move || world_without_solo(weakened), model, outcome);
}

/// The owner drops its reference while another thread drops the one that it was given. The outcome is whether the object had
/// ended when the owner had passed its next safepoint.
fn owner_and_another_drop(weakened: Option<Step>) {
    ends_once(3, &[false, true], weakened, |heap, m| {
        let object = heap.node(m, NODE);
        node(&object).data.get();
        let shared = Shared::publish(object.clone());
        let other = heap.spawn(move |_| drop(shared.into_obj()));
        drop(object);
        m.safepoint();
        let ended = heap.live() == 0;
        join(m, other);
        m.safepoint();
        ended
    });
}

#[test]
fn owner_and_another_drop_an_object() {
    owner_and_another_drop(None);
}

/// A thread drops a reference that the owner has counted, and is about to put the object in the owner's queue. Meanwhile the
/// owner gets a reference from another thread that it has not counted, drops all that it has, and so finds its own count at
/// zero: it makes the words one. The outcome is whether the object had ended when the owner had passed its next safepoint.
fn owner_lets_go_of_what_is_queued(weakened: Option<Step>) {
    ends_once(2, &[false, true], weakened, |heap, m| {
        let object = heap.node(m, NODE);
        let (first, second) = (Shared::publish(object.clone()), Shared::publish(object.clone()));
        let drops = heap.spawn(move |_| drop(first.into_obj()));
        let copies = heap.spawn(move |_| {
            let mine = second.into_obj();
            (Shared::publish(mine.clone()), Shared::publish(mine))
        });
        let (copy, its) = join(m, copies);
        drop((object, copy.into_obj(), its.into_obj()));
        m.safepoint();
        let ended = heap.live() == 0;
        join(m, drops);
        m.safepoint();
        ended
    });
}

#[test]
fn owner_lets_go_of_what_another_queues() {
    owner_lets_go_of_what_is_queued(None);
}

#[test]
#[should_panic(expected = "ended twice")]
fn owner_and_another_both_merge() {
    owner_lets_go_of_what_is_queued(Some(Step::MergedByOneThread));
}

/// The owner of an object ends, having given it away; whoever has it uses it and drops it.
fn owner_ends(weakened: Option<Step>) {
    ends_once(3, &[()], weakened, |heap, m| {
        let (gives, given) = loom::sync::mpsc::channel();
        let owner = {
            let its = Arc::clone(heap);
            heap.spawn(move |m| drop(gives.send(Shared::publish(its.node(m, NODE)))))
        };
        m.detach();
        let shared = given.recv().expect("it is sent");
        m.attach();
        let object = shared.into_obj();
        assert_eq!(node(&object).data.get(), 0);
        drop(object);
        m.safepoint();
        join(m, owner);
        m.safepoint();
    });
}

#[test]
fn owner_ends_while_its_object_is_dropped() {
    owner_ends(None);
}
