//! Solo: exclusive when alone, given up on request, taken again, no thrashing.

use crate::{Plain, attached_threads, requests, watched};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use ungil_locks::{Options, World, model};

const HAS_SOLO: bool = <model::Chosen as model::Model>::SOLO;

#[test]
fn alone_is_solo() {
    let world = World::new();
    let me = world.register();
    me.attach();
    assert_eq!(me.is_solo(), HAS_SOLO);
    assert_eq!(model::exclusive(&me), HAS_SOLO);
    me.safepoint();
    assert_eq!(me.is_solo(), HAS_SOLO);
    assert_eq!(requests(&me), 0);
    me.detach();
    assert!(!me.is_solo());
    world.unregister(&me);
}

#[test]
fn exclusive_means_alone() {
    watched("exclusive_means_alone", || {
        let world = World::with_options(Options { solo_hysteresis: Duration::ZERO, ..Options::default() });
        let (inside, sum) = (AtomicUsize::new(0), Plain::default());
        let solos = AtomicUsize::new(0);
        attached_threads(&world, 3, |index, me| {
            for round in 0..4_000 {
                if model::exclusive(me) {
                    sum.add();
                    solos.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(inside.load(Ordering::Relaxed), 0);
                } else {
                    inside.fetch_add(1, Ordering::Relaxed);
                    std::hint::spin_loop();
                    inside.fetch_sub(1, Ordering::Relaxed);
                }
                if round % 7 == index {
                    me.detach();
                    std::thread::yield_now();
                    me.attach();
                }
                me.safepoint();
            }
        });
        assert_eq!(sum.get(), solos.load(Ordering::Relaxed) as u64);
        assert_eq!(sum.get() > 0, HAS_SOLO);
    });
}

/// A helper that wakes up now and then leaves the busy thread solo nearly all the time.
#[test]
fn a_brief_helper_does_not_end_solo_for_long() {
    watched("a_brief_helper_does_not_end_solo_for_long", || {
        let world = World::new();
        let done = AtomicBool::new(false);
        let me = world.register();
        me.attach();
        std::thread::scope(|scope| {
            let (world, done) = (&world, &done);
            scope.spawn(move || {
                let helper = world.register();
                while !done.load(Ordering::Relaxed) {
                    helper.attach();
                    helper.safepoint();
                    helper.detach();
                    std::thread::sleep(Duration::from_millis(2));
                }
                world.unregister(&helper);
            });
            let (mut polls, mut solo) = (0_u64, 0_u64);
            let end = Instant::now() + Duration::from_millis(300);
            while Instant::now() < end {
                for _ in 0..100 {
                    me.safepoint();
                    polls += 1;
                    solo += u64::from(model::exclusive(&me));
                }
            }
            done.store(true, Ordering::Relaxed);
            me.detach();
            assert!(!HAS_SOLO || solo * 2 > polls, "solo at {solo} of {polls} safepoints");
        });
        world.unregister(&me);
    });
}
