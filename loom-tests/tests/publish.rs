//! Publishing: an object is published, and its contents are written, before another thread can find it (PUB-1).
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use std::sync::Arc;
use ungil_gc::{Mutator, Shared};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{Heap, NODE, join, node};
use ungil_loom_tests::{explore_heap, world_without_solo};

/// What the reader has found in the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Nothing,
    Node,
}

/// The main thread stores a confined node, which refers to another one, into a published container. Another thread
/// looks into the container without its lock. What it finds is published and complete.
fn store(weakened: Option<Step>) {
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let container = heap.node(m, NODE);
        let shared = Shared::publish(container.clone());
        let reader = heap.spawn(move |_| {
            let container = shared.into_obj();
            let value = node(&container).child.peek_shared();
            if !value.is_ptr() {
                return Found::Nothing;
            }
            // SAFETY: the container holds it, and nobody takes it out.
            let found = std::mem::ManuallyDrop::new(unsafe { ungil_gc::Obj::from_owned(value) });
            assert!(node(&found).header.is_published(), "a confined node was found");
            assert_eq!(node(&found).data.get(), 7);
            // SAFETY: as above.
            let child = unsafe { ungil_gc::Obj::from_owned(node(&found).child.peek_shared()) };
            let child = std::mem::ManuallyDrop::new(child);
            assert!(node(&child).header.is_published(), "a confined node was found");
            assert_eq!(node(&child).data.get(), 1);
            Found::Node
        });
        let (first, second) = (heap.node(m, NODE), heap.node(m, NODE));
        for _ in 0..7 {
            node(&first).data.add();
        }
        node(&second).data.add();
        node(&first).child.set(&node(&first).header, m, second);
        assert!(!node(&first).header.is_published());
        node(&container).child.set(&node(&container).header, m, first);
        join(m, reader)
    };
    let finish = |heap: &Heap, found| {
        heap.finish();
        found
    };
    let expected = [Found::Nothing, Found::Node];
    explore_heap((4, 50), &expected, move || world_without_solo(weakened), model, finish);
}

#[test]
fn store_publishes_first() {
    store(None);
}

#[test]
#[should_panic(expected = "a confined node was found")]
fn store_without_publishing() {
    store(Some(Step::PublishesFirst));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn store_without_release() {
    store(Some(Step::SlotRelease));
}
