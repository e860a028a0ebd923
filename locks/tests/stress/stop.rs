//! Stop-the-world: nobody runs meanwhile, stoppers take turns, nobody starves, finalizing parks the rest.

use crate::{Plain, attached_threads, requests, watched};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use ungil_locks::{World, check};

#[test]
fn nobody_runs_while_stopped() {
    watched("nobody_runs_while_stopped", || {
        let world = World::new();
        let running = AtomicUsize::new(0);
        let (stops, done) = (Plain::default(), AtomicBool::new(false));
        attached_threads(&world, 4, |index, me| {
            if index == 0 {
                for _ in 0..300 {
                    let guard = world.stop_the_world(me);
                    assert_eq!(running.load(Ordering::Relaxed), 0);
                    assert_eq!(world.attached_count(), 1);
                    stops.add();
                    drop(guard);
                    me.safepoint();
                }
                done.store(true, Ordering::Relaxed);
            }
            let mut round = 0;
            while !done.load(Ordering::Relaxed) {
                running.fetch_add(1, Ordering::Relaxed);
                std::hint::spin_loop();
                running.fetch_sub(1, Ordering::Relaxed);
                round += 1;
                if round % 50 == index {
                    me.detach();
                    me.attach();
                }
                assert_eq!(me.safepoint(), 0);
            }
        });
        assert_eq!(stops.get(), 300);
    });
}

#[test]
fn stoppers_take_turns_and_all_progress() {
    watched("stoppers_take_turns_and_all_progress", || {
        let world = World::new();
        let stops = Plain::default();
        attached_threads(&world, 4, |_, me| {
            // Each stops all the time, and still each gets through.
            for _ in 0..200 {
                let guard = world.stop_the_world(me);
                stops.add();
                drop(guard);
            }
        });
        assert_eq!(stops.get(), 800);
    });
}

#[test]
fn a_safepoint_keeps_the_bits_of_the_vm() {
    let world = World::new();
    let me = world.register();
    me.attach();
    me.raise_check(check::SIGNAL | 1 << 20);
    assert_eq!(me.safepoint(), check::SIGNAL | 1 << 20);
    me.clear_check(check::SIGNAL);
    assert_eq!(me.safepoint(), 1 << 20);
    me.clear_check(1 << 20);
    assert_eq!(me.safepoint(), 0);
    assert_eq!(requests(&me), 0);
    me.detach();
    world.unregister(&me);
}

#[test]
fn threads_park_when_the_world_finalizes() {
    watched("threads_park_when_the_world_finalizes", || {
        let world = World::new();
        let ticks = std::sync::Arc::new(AtomicUsize::new(0));
        let returned = std::sync::Arc::new(AtomicUsize::new(0));
        let me = world.register();
        for index in 0..3 {
            let (world, ticks, returned) = (world.clone(), ticks.clone(), returned.clone());
            // These never end; the process does.
            std::thread::spawn(move || {
                let thread = world.register();
                loop {
                    thread.attach();
                    ticks.fetch_add(1, Ordering::Relaxed);
                    for _ in 0..100 {
                        thread.safepoint();
                    }
                    if index == 0 {
                        drop(world.stop_the_world(&thread));
                    }
                    thread.detach();
                    returned.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        me.attach();
        while ticks.load(Ordering::Relaxed) < 20 {
            me.detach();
            std::thread::yield_now();
            me.attach();
        }
        world.set_finalizing(&me);
        assert!(world.is_finalizing());
        drop(world.stop_the_world(&me));
        let before = ticks.load(Ordering::Relaxed);
        me.detach();
        std::thread::sleep(Duration::from_millis(20));
        me.attach();
        me.safepoint();
        assert_eq!(ticks.load(Ordering::Relaxed), before);
        assert_eq!(world.attached_count(), 1);
        me.detach();
        assert!(returned.load(Ordering::Relaxed) > 0);
    });
}
