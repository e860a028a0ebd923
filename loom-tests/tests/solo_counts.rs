//! Counting while solo: plain arithmetic on published objects until another thread has been let in (SOLO-1).
#![cfg(all(loom, not(feature = "gil")))]

use ungil_gc::{Mutator, Obj, Shared};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{Heap, NODE, node};
use ungil_loom_tests::{explore, world};

/// Adds a reference that stays, as in a slot; whether that was done as solo.
fn add(m: &Mutator, obj: &Obj) -> bool {
    std::mem::forget(obj.clone());
    m.is_solo()
}

/// The main thread counts a shared object, passes a safepoint and counts again; another one attaches meanwhile, counts and
/// detaches. No count is lost. The outcome is who was solo: the main thread after its safepoint, the other thread.
fn counts(weakened: Option<Step>) {
    let expected = [(true, true), (false, false), (false, true)];
    explore(Some(3), 100, &expected, move || {
        let heap = Heap::new(world(weakened));
        let me = heap.world.register();
        heap.run(&me, |m| {
            m.begin_publishing();
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
            m.detach();
            let others = other.join().expect("joined");
            m.attach();
            assert_eq!(m.all_references(&node(&object).header), 5, "references");
            std::mem::forget(object);
            (solo, others)
        })
    });
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
