//! Solo: a thread that is alone touches data without locks; another one attaches only after its acknowledgement.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use std::sync::Arc;
use ungil_locks::primitive::{AtomicBool, Ordering, thread};
use ungil_locks::weaken::Step;
use ungil_locks::{ThreadState, model};
use ungil_loom_tests::{Object, explore, two_attached, world};

/// Writes as the VM does: plainly if everything is this thread's, else under the lock. Which of the two.
fn write(object: &Object, me: &ThreadState) -> bool {
    let exclusive = model::exclusive(me);
    if exclusive {
        object.data.add();
    } else {
        object.add();
    }
    exclusive
}

/// The main thread writes, passes a safepoint, writes and detaches; another one attaches meanwhile, writes and detaches.
/// The outcome is who wrote without the lock: the main thread at first and after the safepoint, the other thread.
fn acknowledgement(weakened: Option<Step>) {
    // After the acknowledgement the other thread may still come so late that it finds itself alone.
    let expected = [(true, true, true), (true, false, false), (true, false, true)];
    explore(Some(4), 500, &expected, move || {
        let world = world(weakened);
        let object = Object::new(&world);
        let mine = |me: &ThreadState| {
            let first = write(&object, me);
            me.safepoint();
            (first, write(&object, me))
        };
        let shared = Arc::clone(&object);
        let ((first, second), others) = two_attached(&world, mine, move |other| write(&shared, other));
        assert_eq!(object.data.get(), 3);
        (first, second, others)
    });
}

#[test]
fn attach_waits_for_the_acknowledgement() {
    acknowledgement(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn attach_without_waiting() {
    acknowledgement(Some(Step::SoloWaits));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn acknowledgement_without_release() {
    acknowledgement(Some(Step::SoloAckRelease));
}

#[test]
#[should_panic(expected = "deadlock")]
fn acknowledgement_without_a_wake_up() {
    acknowledgement(Some(Step::SoloAckNotifies));
}

/// The main thread becomes solo again at a safepoint after the other one has detached, and sees what that wrote.
fn solo_again(weakened: Option<Step>) {
    explore(Some(4), 500, &[(false, 1), (true, 1), (true, 2)], move || {
        let world = world(weakened);
        let object = Object::new(&world);
        let mine = |me: &ThreadState| {
            me.safepoint();
            me.safepoint();
            let exclusive = write(&object, me);
            (exclusive, if exclusive { object.data.get() } else { 1 })
        };
        let shared = Arc::clone(&object);
        two_attached(&world, mine, move |other| write(&shared, other)).0
    });
}

#[test]
fn alone_again_is_solo_again() {
    solo_again(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn solo_again_without_release_when_leaving() {
    solo_again(Some(Step::LeaveRelease));
}

/// The main thread, solo at first, lets the other one attach, and is offered to be solo again while that is attached or as it
/// leaves. Whether it is once the other has left.
fn offered_again(weakened: Option<Step>) {
    explore(Some(4), 500, &[true], move || {
        let world = world(weakened);
        let left = Arc::new(AtomicBool::new(false));
        let has_left = Arc::clone(&left);
        let (me, other) = (world.register(), world.register());
        me.attach();
        let thread = {
            let other = Arc::clone(&other);
            thread::spawn(move || {
                other.attach();
                other.detach();
                // ORD: release, with the acquire below: the thread has left.
                has_left.store(true, Ordering::Release);
            })
        };
        // ORD: as above.
        while !left.load(Ordering::Acquire) {
            me.safepoint();
            thread::yield_now();
        }
        me.safepoint();
        let solo = me.is_solo();
        me.detach();
        thread.join().expect("joined");
        world.unregister(&me);
        world.unregister(&other);
        solo
    });
}

#[test]
fn an_offer_is_not_lost() {
    offered_again(None);
}

#[test]
#[should_panic(expected = "outcomes")]
fn an_offer_is_lost_without_looking_again() {
    offered_again(Some(Step::SoloLooksAgain));
}
