//! The GIL: one thread at a time, forced switches, everybody gets a turn. With other models the same program runs, and
//! only what holds there is asserted.

use crate::{Plain, attached_threads, watched};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ungil_locks::{Options, World, model};

#[test]
fn one_at_a_time_with_a_gil() {
    watched("one_at_a_time_with_a_gil", || {
        let options = Options { switch_interval: Duration::from_micros(20), ..Options::default() };
        let world = World::with_options(options);
        let sum = Plain::default();
        attached_threads(&world, 4, |index, me| {
            for round in 0..5_000 {
                if model::GIL_ENABLED {
                    assert_eq!(world.attached_count(), 1);
                    sum.add();
                }
                if round % 100 == index {
                    me.detach();
                    me.attach();
                }
                me.safepoint();
            }
        });
        assert_eq!(sum.get(), if model::GIL_ENABLED { 20_000 } else { 0 });
    });
}

/// By ticks a busy thread gives the GIL up without being asked. Whether another one is quick enough is chance, so long waits
/// are allowed, but not for ever.
#[test]
fn by_ticks_the_gil_is_given_up_unasked() {
    watched("by_ticks_the_gil_is_given_up_unasked", || {
        // Nobody would ask in time.
        let options =
            Options { gil_ticks: Some(10), switch_interval: Duration::from_secs(3600), ..Options::default() };
        let world = World::with_options(options);
        let (sum, arrived) = (Plain::default(), AtomicU64::new(0));
        attached_threads(&world, 3, |_, me| {
            arrived.fetch_add(1, Ordering::Relaxed);
            while arrived.load(Ordering::Relaxed) < 3 {
                me.safepoint();
            }
            for _ in 0..5_000 {
                if model::GIL_ENABLED {
                    assert_eq!(world.attached_count(), 1);
                    sum.add();
                }
                me.safepoint();
            }
        });
        assert_eq!(sum.get(), if model::GIL_ENABLED { 15_000 } else { 0 });
    });
}

#[test]
fn busy_threads_share_the_time() {
    watched("busy_threads_share_the_time", || {
        let world = World::new();
        world.set_switch_interval(Duration::from_millis(1));
        assert_eq!(world.switch_interval(), Duration::from_millis(1));
        let turns: [AtomicU64; 3] = Default::default();
        let end = Instant::now() + Duration::from_millis(400);
        attached_threads(&world, 3, |index, me| {
            while Instant::now() < end {
                turns[index].fetch_add(1, Ordering::Relaxed);
                me.safepoint();
            }
        });
        assert!(turns.iter().all(|turns| turns.load(Ordering::Relaxed) > 0), "{turns:?}");
    });
}

/// With a GIL a thread that comes back from a blocking call waits about one interval for a busy one, not longer.
#[test]
fn a_waiter_gets_its_turn_soon() {
    watched("a_waiter_gets_its_turn_soon", || {
        let world = World::new();
        let (done, busy) = (AtomicBool::new(false), AtomicBool::new(false));
        attached_threads(&world, 2, |index, me| {
            if index == 0 {
                busy.store(true, Ordering::Relaxed);
                while !done.load(Ordering::Relaxed) {
                    me.safepoint();
                }
                return;
            }
            while !busy.load(Ordering::Relaxed) {
                me.detach();
                std::thread::yield_now();
                me.attach();
            }
            let started = Instant::now();
            for _ in 0..20 {
                me.detach();
                me.attach();
            }
            let took = started.elapsed();
            done.store(true, Ordering::Relaxed);
            assert!(took < Duration::from_secs(1), "20 turns took {took:?}");
        });
    });
}
