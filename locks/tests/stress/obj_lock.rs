//! Object locks: exclusion, parking, handing over, two at a time.

use crate::{Plain, attached_threads, watched};
use std::time::Duration;
use ungil_locks::{ObjLock, Options, World, lock_two};

fn exclusion(name: &'static str, options: Options) {
    watched(name, || {
        let world = World::with_options(options);
        let (lock, sum) = (ObjLock::new(), Plain::default());
        attached_threads(&world, 4, |_, me| {
            for round in 0..5_000 {
                lock.lock(&world);
                sum.add();
                if round % 64 == 0 {
                    // Long enough for the others to park.
                    std::thread::sleep(Duration::from_micros(1));
                }
                lock.unlock(&world);
                me.safepoint();
            }
        });
        assert_eq!(sum.get(), 20_000);
        assert!(!lock.is_locked());
    });
}

#[test]
fn excludes_and_wakes() {
    exclusion("excludes_and_wakes", Options::default());
}

#[test]
fn hands_over_at_once() {
    exclusion("hands_over_at_once", Options { fair_after: Duration::ZERO, ..Options::default() });
}

#[test]
fn locks_share_a_bucket() {
    watched("locks_share_a_bucket", || {
        let world = World::with_options(Options { parking_buckets: 1, ..Options::default() });
        let locks: [ObjLock; 3] = std::array::from_fn(|_| ObjLock::new());
        let sums: [Plain; 3] = std::array::from_fn(|_| Plain::default());
        attached_threads(&world, 6, |index, me| {
            for _ in 0..3_000 {
                let guard = locks[index % 3].guard(&world);
                sums[index % 3].add();
                drop(guard);
                me.safepoint();
            }
        });
        assert!(sums.iter().all(|sum| sum.get() == 6_000));
    });
}

#[test]
fn two_locks_in_either_order() {
    watched("two_locks_in_either_order", || {
        let world = World::new();
        let locks: [ObjLock; 3] = std::array::from_fn(|_| ObjLock::new());
        let sums: [Plain; 3] = std::array::from_fn(|_| Plain::default());
        attached_threads(&world, 3, |index, me| {
            for round in 0..4_000 {
                let (a, b) = (index, (index + round) % 3);
                let guard = lock_two(&locks[a], &locks[b], &world);
                sums[a].add();
                sums[b].add();
                drop(guard);
                me.safepoint();
            }
        });
        assert_eq!(sums.iter().map(Plain::get).sum::<u64>(), 24_000);
    });
}

#[test]
fn try_lock_never_waits() {
    let world = World::new();
    let lock = ObjLock::new();
    assert!(lock.try_lock(&world));
    assert!(lock.is_locked());
    assert!(!lock.try_lock(&world));
    lock.unlock(&world);
    assert!(lock.try_lock(&world));
    lock.unlock(&world);
    assert!(!lock.is_locked());
}
