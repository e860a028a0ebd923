//! The object lock: exclusion, parking, waking the next one, handing over, two objects.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use loom::thread;
use std::sync::Arc;
use std::time::Duration;
use ungil_locks::weaken::Step;
use ungil_locks::{ObjLock, Options, World, lock_two};
use ungil_loom_tests::{Object, Plain, explore, options};

/// Each of `threads` threads adds once. The outcome is the turn of the main thread.
fn contend(threads: u32, options: Options) -> u32 {
    let object = Object::new(&World::with_options(options));
    let others: Vec<_> = (1..threads)
        .map(|_| {
            let object = Arc::clone(&object);
            thread::spawn(move || object.add())
        })
        .collect();
    let turn = object.add();
    let mut turns: Vec<u32> = others.into_iter().map(|other| other.join().expect("joined")).collect();
    turns.push(turn);
    turns.sort_unstable();
    assert_eq!(turns, (0..threads).collect::<Vec<_>>());
    assert!(!object.lock.is_locked());
    turn
}

fn two(weakened: Option<Step>) {
    explore(None, 100, &[0, 1], move || contend(2, options(weakened)));
}

#[test]
fn two_threads() {
    two(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn two_threads_without_release() {
    two(Some(Step::ObjLockRelease));
}

#[test]
#[should_panic(expected = "deadlock")]
fn two_threads_without_validation() {
    two(Some(Step::ObjLockValidates));
}

fn three(weakened: Option<Step>) {
    explore(Some(3), 1000, &[0, 1, 2], move || contend(3, options(weakened)));
}

#[test]
fn three_threads() {
    three(None);
}

#[test]
#[should_panic(expected = "deadlock")]
fn three_threads_without_the_parked_bit() {
    three(Some(Step::ObjLockKeepsParked));
}

fn handed_over(weakened: Option<Step>) {
    explore(Some(3), 1000, &[0, 1, 2], move || {
        contend(3, Options { fair_after: Duration::ZERO, ..options(weakened) })
    });
}

#[test]
fn handing_over() {
    handed_over(None);
}

#[test]
#[should_panic(expected = "deadlock")]
fn handing_over_without_the_parked_bit() {
    handed_over(Some(Step::ObjLockKeepsParked));
}

/// Two threads lock the same two objects, named in opposite order. The outcome is what the main thread saw in each.
fn pairs(weakened: Option<Step>) {
    explore(None, 100, &[(0, 0), (1, 1)], move || {
        let world = World::with_options(options(weakened));
        // One allocation, so that the order of addresses is the same in each execution.
        let pair = Arc::new([ObjLock::new(), ObjLock::new()]);
        let data = Arc::new([Plain::default(), Plain::default()]);
        let other = {
            let (world, pair, data) = (Arc::clone(&world), Arc::clone(&pair), Arc::clone(&data));
            thread::spawn(move || {
                let _guard = lock_two(&pair[1], &pair[0], &world);
                (data[0].add(), data[1].add())
            })
        };
        let seen = {
            let _guard = lock_two(&pair[0], &pair[1], &world);
            (data[0].add(), data[1].add())
        };
        let others = other.join().expect("joined");
        assert_eq!((seen.0 + others.0, seen.1 + others.1), (1, 1));
        drop(lock_two(&pair[0], &pair[0], &world));
        seen
    });
}

#[test]
fn two_objects() {
    pairs(None);
}

#[test]
#[should_panic(expected = "deadlock")]
fn two_objects_without_an_order() {
    pairs(Some(Step::LockTwoOrders));
}
