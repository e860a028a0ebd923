//! The check word: requests of other threads against the owner's safepoints and interruptible waits; and the raw lock.
#![cfg(loom)]

use loom::thread;
use std::sync::Arc;
use ungil_locks::check::ASYNC_EXC;
use ungil_locks::weaken::Step;
use ungil_locks::{AcquireResult, RawLock, ThreadState};
use ungil_loom_tests::{Plain, explore, world};

/// Services a request as the VM does: clears the bit, then looks at what it is about.
fn service(me: &ThreadState, requests: &Plain) -> u32 {
    if me.safepoint() & ASYNC_EXC == 0 {
        return 0;
    }
    me.clear_check(ASYNC_EXC);
    requests.get()
}

/// Another thread writes a request down and raises the bit. The owner passes two safepoints, and one more when the other is
/// done. The outcome is at which it saw the request: at one of them it does.
fn request(weakened: Option<Step>) {
    explore(None, 10, &[0, 1, 2], move || {
        let world = world(weakened);
        let me = world.register();
        me.attach();
        let requests = Arc::new(Plain::default());
        let other = {
            let (me, requests) = (Arc::clone(&me), Arc::clone(&requests));
            thread::spawn(move || {
                requests.add();
                me.raise_check(ASYNC_EXC);
            })
        };
        let mut seen = None;
        for at in 0..2 {
            if service(&me, &requests) != 0 {
                assert_eq!(seen.replace(at), None, "serviced twice");
            }
        }
        me.detach();
        other.join().expect("joined");
        me.attach();
        if service(&me, &requests) != 0 {
            assert_eq!(seen.replace(2), None, "serviced twice");
        }
        me.detach();
        world.unregister(&me);
        seen.expect("the request was lost")
    });
}

#[test]
fn request_is_seen() {
    request(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn request_without_release() {
    request(Some(Step::CheckRaiseReleases));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn request_without_acquire() {
    request(Some(Step::CheckClearAcquires));
}

/// The main thread waits for a lock, interruptibly; another one, which holds it, sends a request and releases it. The
/// wait ends in either way, never neither. The outcome is whether it was interrupted.
fn interrupted(weakened: Option<Step>, releases: bool, expected: &[bool]) {
    explore(Some(4), 20, expected, move || {
        let world = world(weakened);
        let me = world.register();
        let lock = Arc::new(RawLock::new());
        assert!(lock.try_acquire());
        let other = {
            let (me, lock) = (Arc::clone(&me), Arc::clone(&lock));
            thread::spawn(move || {
                me.raise_check(ASYNC_EXC);
                if releases {
                    assert!(lock.release());
                }
            })
        };
        let interrupted = match lock.acquire_interruptible(None, &me) {
            AcquireResult::Interrupted => true,
            AcquireResult::Acquired => {
                assert!(lock.release());
                false
            }
            AcquireResult::TimedOut => panic!("there is no time"),
        };
        other.join().expect("joined");
        interrupted
    });
}

#[test]
fn wait_is_interrupted_or_over() {
    interrupted(None, true, &[false, true]);
}

#[test]
fn wait_is_interrupted() {
    interrupted(None, false, &[true]);
}

#[test]
#[should_panic(expected = "deadlock")]
fn wait_is_interrupted_without_a_wake_up() {
    interrupted(Some(Step::CheckWakes), false, &[true]);
}

/// Each of three threads takes the lock and adds one. The outcome is the main thread's turn.
fn raw_lock(weakened: Option<Step>, threads: u32) {
    explore(Some(4), 50, &(0..threads).collect::<Vec<_>>(), move || {
        // For its weakened step.
        let _world = world(weakened);
        let (lock, data) = (Arc::new(RawLock::new()), Arc::new(Plain::default()));
        let turn = {
            let (lock, data) = (Arc::clone(&lock), Arc::clone(&data));
            move || {
                assert!(lock.acquire(None));
                let turn = data.add();
                assert!(lock.release());
                turn
            }
        };
        let others: Vec<_> = (1..threads).map(|_| thread::spawn(turn.clone())).collect();
        let mine = turn();
        let sum: u32 = others.into_iter().map(|other| other.join().expect("joined")).sum();
        assert_eq!(mine + sum, (0..threads).sum::<u32>());
        assert!(!lock.locked());
        mine
    });
}

#[test]
fn raw_lock_of_two_threads() {
    raw_lock(None, 2);
}

#[test]
fn raw_lock_of_three_threads() {
    raw_lock(None, 3);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn raw_lock_without_release() {
    raw_lock(Some(Step::RawLockRelease), 2);
}

#[test]
#[should_panic(expected = "deadlock")]
fn raw_lock_without_a_wake_up() {
    raw_lock(Some(Step::RawLockWakes), 2);
}

/// Of two that wait, one gives up because it is interrupted, maybe just when it is woken. The other one still gets the lock.
fn giving_up(weakened: Option<Step>) {
    explore(Some(3), 100, &[false, true], move || {
        let world = world(weakened);
        let me = world.register();
        let lock = Arc::new(RawLock::new());
        assert!(lock.try_acquire());
        let waiter = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                assert!(lock.acquire(None));
                assert!(lock.release());
            })
        };
        let holder = {
            let (me, lock) = (Arc::clone(&me), Arc::clone(&lock));
            thread::spawn(move || {
                me.raise_check(ASYNC_EXC);
                assert!(lock.release());
            })
        };
        let acquired = lock.acquire_interruptible(None, &me) == AcquireResult::Acquired;
        if acquired {
            assert!(lock.release());
        }
        waiter.join().expect("joined");
        holder.join().expect("joined");
        acquired
    });
}

#[test]
fn one_of_two_gives_up() {
    giving_up(None);
}

#[test]
#[should_panic(expected = "deadlock")]
fn one_of_two_gives_up_with_its_wake_up() {
    giving_up(Some(Step::RawLockTriesAgain));
}
