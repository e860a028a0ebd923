//! Stop-the-world against threads that attach, pass safepoints and detach.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use loom::thread;
use std::sync::Arc;
use ungil_locks::weaken::Step;
use ungil_locks::{ThreadState, World};
use ungil_loom_tests::{Object, Plain, explore, two_attached, world_without_solo};

/// Stops the world and reads what the other thread writes; how much of it was done.
fn stop_and_look(world: &World, me: &ThreadState, data: &Plain) -> u32 {
    let guard = world.stop_the_world(me);
    assert_eq!(world.attached_count(), 1);
    let seen = data.get();
    drop(guard);
    seen
}

/// The main thread stops the world while another one attaches, writes, passes a safepoint, writes and detaches. The
/// stop falls before, between or after the writes.
fn against_attach_and_detach(weakened: Option<Step>) {
    explore(Some(5), 500, &[0, 1, 2], move || {
        let world = world_without_solo(weakened);
        let data = Arc::new(Plain::default());
        let shared = Arc::clone(&data);
        let theirs = move |other: &ThreadState| {
            shared.add();
            other.safepoint();
            shared.add();
        };
        let (seen, ()) = two_attached(&world, |me| stop_and_look(&world, me, &data), theirs);
        assert_eq!(data.get(), 2);
        seen
    });
}

#[test]
fn stop_against_attach_and_detach() {
    against_attach_and_detach(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn stop_without_release_when_leaving() {
    against_attach_and_detach(Some(Step::LeaveRelease));
}

#[test]
#[should_panic(expected = "deadlock")]
fn stop_without_a_wake_up() {
    against_attach_and_detach(Some(Step::LeaveNotifies));
}

#[test]
#[should_panic(expected = "left == right")]
fn stop_without_waiting() {
    against_attach_and_detach(Some(Step::StopWaits));
}

/// The other thread is attached before the stop and leaves only through a safepoint: it passes safepoints until it has
/// been stopped.
fn against_a_busy_thread(weakened: Option<Step>) {
    explore(Some(2), 20, &[()], move || {
        let world = world_without_solo(weakened);
        let data = Arc::new(Plain::default());
        let stopped = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let shared = (Arc::clone(&data), Arc::clone(&stopped));
        let theirs = move |other: &ThreadState| {
            while !shared.1.load(loom::sync::atomic::Ordering::Relaxed) {
                shared.0.add();
                other.safepoint();
                thread::yield_now();
            }
        };
        let mine = |me: &ThreadState| {
            let _guard = world.stop_the_world(me);
            data.add();
            stopped.store(true, loom::sync::atomic::Ordering::Relaxed);
        };
        two_attached(&world, mine, theirs);
    });
}

#[test]
fn stop_of_a_busy_thread() {
    against_a_busy_thread(None);
}

#[test]
#[should_panic(expected = "exceeded maximum number of branches")]
fn stop_without_raising_the_check_word() {
    against_a_busy_thread(Some(Step::StopRaises));
}

/// Two threads stop the world at the same time; each gets its turn, alone. The outcome is the main thread's turn.
fn two_stoppers(weakened: Option<Step>) {
    explore(Some(3), 100, &[0, 1], move || {
        let world = world_without_solo(weakened);
        let data = Arc::new(Plain::default());
        let shared = (Arc::clone(&world), Arc::clone(&data));
        let stop = |world: &World, me: &ThreadState, data: &Plain| {
            let _guard = world.stop_the_world(me);
            data.add()
        };
        let theirs = move |other: &ThreadState| stop(&shared.0, other, &shared.1);
        let (turn, other) = two_attached(&world, |me| stop(&world, me, &data), theirs);
        assert_eq!(turn + other, 1);
        turn
    });
}

#[test]
fn stoppers_take_turns() {
    two_stoppers(None);
}

#[test]
#[should_panic(expected = "deadlock")]
fn stoppers_without_turns() {
    two_stoppers(Some(Step::StopTakesTurns));
}

/// Another thread attaches, writes under an object lock, passes a safepoint, writes again so and detaches; the main thread stops
/// the world. While it is stopped nobody is in a critical section, so that the data can be read without the lock (LOCK-1,
/// LOCK-3). The outcome is how many writes the stop has seen.
fn against_critical_sections(weakened: Option<Step>) {
    explore(Some(3), 100, &[0, 1, 2], move || {
        let world = world_without_solo(weakened);
        let object = Object::new(&world);
        let shared = Arc::clone(&object);
        let theirs = move |other: &ThreadState| {
            shared.add();
            other.safepoint();
            shared.add();
        };
        let mine = |me: &ThreadState| {
            let _guard = world.stop_the_world(me);
            assert!(!object.lock.is_locked(), "locked while the world is stopped");
            object.data.get()
        };
        let (seen, ()) = two_attached(&world, mine, theirs);
        assert_eq!(object.data.get(), 2);
        seen
    });
}

#[test]
fn stop_against_critical_sections() {
    against_critical_sections(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn stop_in_a_critical_section() {
    against_critical_sections(Some(Step::StopWaits));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn stop_after_critical_sections_without_release() {
    against_critical_sections(Some(Step::LeaveRelease));
}
