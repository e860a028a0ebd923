//! Counting while solo: plain arithmetic on published objects until another thread has been let in (SOLO-1).
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use std::sync::Arc;
use ungil_gc::{Mutator, Obj, Shared};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{Heap, NODE, join, node};
use ungil_loom_tests::{explore_heap, world};

/// Adds a reference that stays, as in a slot; whether that was done as solo.
fn add(m: &Mutator, obj: &Obj) -> bool {
    std::mem::forget(obj.clone());
    m.is_solo()
}

/// The main thread counts a shared object, passes a safepoint and counts again; another one attaches meanwhile, counts and
/// detaches. No count is lost. The outcome is who was solo: the main thread after its safepoint, the other thread.
fn counts(weakened: Option<Step>) {
    let expected = [(true, true), (false, false), (false, true)];
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let object = heap.node(m, NODE);
        let shared = Shared::publish(object.clone());
        let other = heap.spawn(move |m| {
            let object = shared.into_obj();
            let solo = add(m, &object);
            std::mem::forget(object);
            solo
        });
        assert!(add(m, &object));
        m.safepoint();
        let solo = add(m, &object);
        let others = join(m, other);
        assert_eq!(m.all_references(&node(&object).header), 5, "references");
        std::mem::forget(object);
        (solo, others)
    };
    explore_heap((3, 100), &expected, move || world(weakened), model, |_, result| result);
}

#[test]
fn solo_counts_are_kept() {
    counts(None);
}

#[test]
#[should_panic(expected = "references")]
fn solo_counts_without_waiting() {
    counts(Some(Step::SoloWaits));
}
