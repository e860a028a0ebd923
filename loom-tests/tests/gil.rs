//! The GIL: exclusion, hand-over on request, forced switch, no lost wake-up.
#![cfg(all(loom, feature = "gil"))]

use loom::thread;
use std::sync::Arc;
use ungil_locks::check::GIL_DROP_REQUEST;
use ungil_locks::weaken::Step;
use ungil_locks::{ThreadState, World};
use ungil_loom_tests::{Plain, explore, world};

/// Attaches, writes, passes a safepoint, writes and detaches; the values before each write.
fn two_writes(me: &ThreadState, data: &Plain) -> (u32, u32) {
    me.attach();
    let first = data.add();
    me.safepoint();
    let second = data.add();
    me.detach();
    (first, second)
}

fn threads(world: &Arc<World>, count: usize, data: &Arc<Plain>) -> Vec<thread::JoinHandle<()>> {
    (0..count)
        .map(|_| {
            let (me, data) = (world.register(), Arc::clone(data));
            thread::spawn(move || {
                two_writes(&me, &data);
            })
        })
        .collect()
}

/// Two threads write twice each. The outcome is when the main thread did.
fn two(weakened: Option<Step>) {
    explore(Some(4), 100, &[(0, 1), (0, 3), (1, 2), (1, 3), (0, 2), (2, 3)], move || {
        let (world, data) = (world(weakened), Arc::new(Plain::default()));
        let others = threads(&world, 1, &data);
        let me = world.register();
        let turns = two_writes(&me, &data);
        others.into_iter().for_each(|other| other.join().expect("joined"));
        assert_eq!(data.get(), 4);
        turns
    });
}

#[test]
fn two_threads() {
    two(None);
}

#[test]
#[should_panic(expected = "deadlock")]
fn two_threads_without_a_wake_up() {
    two(Some(Step::GilNotifies));
}

/// Three threads, so that a wake-up meets a thread that came in between.
#[test]
fn three_threads() {
    explore(Some(3), 100, &[6], move || {
        let (world, data) = (world(None), Arc::new(Plain::default()));
        let others = threads(&world, 2, &data);
        two_writes(&world.register(), &data);
        others.into_iter().for_each(|other| other.join().expect("joined"));
        data.get()
    });
}

/// If the holder has been asked, another thread has run when its safepoint is over. The outcome is whether it was.
fn forced(weakened: Option<Step>) {
    explore(Some(3), 100, &[false, true], move || {
        let (world, data) = (world(weakened), Arc::new(Plain::default()));
        let (me, other) = (world.register(), world.register());
        me.attach();
        let thread = {
            let data = Arc::clone(&data);
            thread::spawn(move || {
                other.attach();
                data.add();
                other.detach();
            })
        };
        let asked = me.check.get() & GIL_DROP_REQUEST != 0;
        me.safepoint();
        if asked {
            assert_eq!(data.get(), 1, "the holder took the GIL again before the waiter");
        }
        me.detach();
        thread.join().expect("joined");
        asked
    });
}

#[test]
fn a_switch_is_forced() {
    forced(None);
}

#[test]
#[should_panic(expected = "took the GIL again before the waiter")]
fn a_switch_is_not_forced() {
    forced(Some(Step::GilForcesSwitch));
}
