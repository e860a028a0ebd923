//! `RawLock`: exclusion, release by another thread, timeouts, interrupts.

use crate::{Plain, requests, watched};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use ungil_locks::{AcquireResult, RawLock, World, check};

#[test]
fn excludes_with_timeouts_and_waiters() {
    watched("excludes_with_timeouts_and_waiters", || {
        let (lock, sum, taken) = (RawLock::new(), Plain::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for index in 0..4_u64 {
                let (lock, sum, taken) = (&lock, &sum, &taken);
                scope.spawn(move || {
                    for round in 0..3_000 {
                        let timeout = (round % 3 == index % 3).then_some(Duration::from_micros(5 * index));
                        if lock.acquire(timeout) {
                            sum.add();
                            taken.fetch_add(1, Ordering::Relaxed);
                            if round % 100 == 0 {
                                std::thread::sleep(Duration::from_micros(1));
                            }
                            assert!(lock.release());
                        }
                    }
                });
            }
        });
        assert_eq!(sum.get(), taken.load(Ordering::Relaxed) as u64);
        assert!(sum.get() >= 4 * 2_000);
        assert!(!lock.locked());
    });
}

#[test]
fn any_thread_may_release() {
    watched("any_thread_may_release", || {
        let lock = RawLock::new();
        assert!(!lock.release());
        assert!(lock.try_acquire());
        assert!(!lock.try_acquire());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(5));
                assert!(lock.release());
            });
            assert!(lock.acquire(None));
        });
        assert!(lock.locked());
        assert!(lock.release());
        assert!(!lock.release());
    });
}

#[test]
fn times_out() {
    let lock = RawLock::new();
    assert!(lock.acquire(None));
    assert!(!lock.acquire(Some(Duration::ZERO)));
    let started = Instant::now();
    assert!(!lock.acquire(Some(Duration::from_millis(20))));
    assert!(started.elapsed() >= Duration::from_millis(20));
    assert!(lock.release());
    assert!(lock.acquire(Some(Duration::ZERO)));
}

#[test]
fn a_raised_bit_interrupts() {
    watched("a_raised_bit_interrupts", || {
        let world = World::new();
        let (me, lock) = (world.register(), RawLock::new());
        assert!(lock.try_acquire());
        std::thread::scope(|scope| {
            let started = Instant::now();
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(10));
                me.raise_check(check::STOP);
                std::thread::sleep(Duration::from_millis(10));
                me.raise_check(check::SIGNAL);
            });
            assert_eq!(lock.acquire_interruptible(None, &me), AcquireResult::Interrupted);
            let took = started.elapsed();
            assert!((20..1000).contains(&took.as_millis()), "{took:?}");
        });
        assert_eq!(lock.acquire_interruptible(None, &me), AcquireResult::Interrupted);
        assert!(!me.sleep_interruptible(Duration::from_secs(30)));
        me.clear_check(check::SIGNAL | check::STOP);
        assert_eq!(requests(&me), 0);
        assert_eq!(lock.acquire_interruptible(Some(Duration::from_millis(1)), &me), AcquireResult::TimedOut);
        assert!(me.sleep_interruptible(Duration::from_millis(1)));
        assert!(lock.release());
        me.raise_check(check::SIGNAL);
        assert_eq!(lock.acquire_interruptible(None, &me), AcquireResult::Acquired);
    });
}

/// Interrupts and releases at the same time: no wake-up gets lost between the two.
#[test]
fn interrupts_lose_no_release() {
    watched("interrupts_lose_no_release", || {
        let world = World::new();
        let (lock, sum) = (RawLock::new(), Plain::default());
        let threads: Vec<_> = (0..3).map(|_| world.register()).collect();
        let left = AtomicUsize::new(threads.len());
        std::thread::scope(|scope| {
            for me in &threads {
                let (lock, sum, left) = (&lock, &sum, &left);
                scope.spawn(move || {
                    for _ in 0..2_000 {
                        while lock.acquire_interruptible(None, me) != AcquireResult::Acquired {
                            me.clear_check(check::SIGNAL);
                        }
                        sum.add();
                        assert!(lock.release());
                    }
                    left.fetch_sub(1, Ordering::Relaxed);
                });
            }
            while left.load(Ordering::Relaxed) > 0 {
                threads.iter().for_each(|thread| thread.raise_check(check::SIGNAL));
                std::thread::sleep(Duration::from_micros(20));
            }
        });
        assert_eq!(sum.get(), 6_000);
        assert!(!lock.locked());
    });
}
