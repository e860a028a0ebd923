//! What each protocol of `ungil-locks` costs a thread: alone, beside another one that is attached, and against it.
//!
//! Criterion runs it on one thread; `Beside` starts the other one and ends it. Both attach through the world, as threads
//! of the VM do. With a GIL the two take turns, so what is measured beside another thread holds the hand-overs.

// What the two threads are started and ended with is not measured.
#![allow(clippy::disallowed_types)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use ungil_locks::{ObjLock, Options, RawLock, ThreadState, World, lock_two, model};

/// A world with this thread attached.
fn attached() -> (Arc<World>, Arc<ThreadState>) {
    let world = World::with_options(Options::default());
    let me = world.register();
    me.attach();
    (world, me)
}

/// Another thread of a world, attached, which does something and passes a safepoint, again and again, until this is dropped.
struct Beside {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// `me` is attached, and gives way until the other one is too.
    fn new(world: &Arc<World>, me: &ThreadState, mut work: impl FnMut() + Send + 'static) -> Beside {
        let ends = Arc::new(AtomicBool::new(false));
        let runs = Arc::new(AtomicBool::new(false));
        let thread = {
            let (world, ends, runs) = (Arc::clone(world), Arc::clone(&ends), Arc::clone(&runs));
            std::thread::spawn(move || {
                let other = world.register();
                other.attach();
                runs.store(true, Ordering::Relaxed);
                while !ends.load(Ordering::Relaxed) {
                    work();
                    other.safepoint();
                }
                other.detach();
                world.unregister(&other);
            })
        };
        while !runs.load(Ordering::Relaxed) {
            me.safepoint();
        }
        Beside { ends, thread: Some(thread) }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // The caller is detached: the other one may need the GIL to end.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Measures `operation` beside another attached thread that does `work`, passing a safepoint each time, so that neither
/// stops the other.
fn beside(
    c: &mut Criterion,
    name: &str,
    work: impl Fn(&Arc<World>, &Arc<ObjLock>) -> Box<dyn FnMut() + Send>,
    operation: impl Fn(&World, &ThreadState, &ObjLock),
) {
    c.bench_function(name, |b| {
        let (world, me) = attached();
        let lock = Arc::new(ObjLock::new());
        let other = Beside::new(&world, &me, work(&world, &lock));
        b.iter(|| {
            operation(&world, &me, &lock);
            me.safepoint()
        });
        me.detach();
        drop(other);
    });
}

/// As containers do: under the lock unless everything is this thread's.
fn locked_unless_exclusive(world: &World, me: &ThreadState, lock: &ObjLock, data: &mut u64) {
    if model::exclusive(black_box(me)) {
        *data = black_box(*data + 1);
    } else {
        let _guard = lock.guard(world);
        *data = black_box(*data + 1);
    }
}

fn object_lock(c: &mut Criterion) {
    let (world, me) = attached();
    let (lock, other) = (ObjLock::new(), ObjLock::new());
    c.bench_function("object lock: lock and unlock", |b| b.iter(|| drop(black_box(&lock).guard(&world))));
    c.bench_function("object lock: two", |b| {
        b.iter(|| drop(lock_two(black_box(&lock), black_box(&other), &world)));
    });
    c.bench_function("object lock: asked for by a thread that is alone", |b| {
        let mut data = 0;
        b.iter(|| locked_unless_exclusive(&world, &me, &lock, &mut data));
    });
    me.detach();
    let idle = |_: &Arc<World>, _: &Arc<ObjLock>| -> Box<dyn FnMut() + Send> { Box::new(|| {}) };
    beside(c, "object lock: asked for beside another thread", idle, |world, me, lock| {
        locked_unless_exclusive(world, me, lock, &mut 0);
    });
    let same = |world: &Arc<World>, lock: &Arc<ObjLock>| -> Box<dyn FnMut() + Send> {
        let (world, lock) = (Arc::clone(world), Arc::clone(lock));
        Box::new(move || drop(lock.guard(&world)))
    };
    beside(c, "object lock: against another thread", same, |world, _, lock| drop(lock.guard(world)));
}

fn threads(c: &mut Criterion) {
    let (world, me) = attached();
    c.bench_function("safepoint: nobody asks", |b| b.iter(|| black_box(&me).safepoint()));
    c.bench_function("detach and attach: alone", |b| {
        b.iter(|| {
            black_box(&me).detach();
            me.attach();
        });
    });
    c.bench_function("stop the world: alone", |b| b.iter(|| drop(world.stop_the_world(black_box(&me)))));
    me.detach();
    let idle = |_: &Arc<World>, _: &Arc<ObjLock>| -> Box<dyn FnMut() + Send> { Box::new(|| {}) };
    beside(c, "safepoint: beside another thread", idle, |_, _, _| {});
    beside(c, "stop the world: beside another thread", idle, |world, me, _| drop(world.stop_the_world(me)));
}

/// A lock that Python's `threading.Lock` is made of: by one thread, and handed to and fro between two.
fn raw_lock(c: &mut Criterion) {
    c.bench_function("raw lock: acquire and release", |b| {
        let lock = RawLock::new();
        b.iter(|| {
            black_box(&lock).acquire(None);
            lock.release()
        });
    });
    c.bench_function("raw lock: to another thread and back", |b| b.iter_custom(hand_over));
}

fn hand_over(times: u64) -> Duration {
    let locks = Arc::new((RawLock::new(), RawLock::new()));
    locks.0.acquire(None);
    locks.1.acquire(None);
    let other = {
        let locks = Arc::clone(&locks);
        std::thread::spawn(move || {
            for _ in 0..times {
                locks.0.acquire(None);
                locks.1.release();
            }
        })
    };
    let begun = Instant::now();
    for _ in 0..times {
        locks.0.release();
        locks.1.acquire(None);
    }
    let time = begun.elapsed();
    let _ = other.join();
    time
}

/// A third of the usual time for each row: there are many.
fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2))
}

criterion_group!(name = benches; config = short(); targets = object_lock, threads, raw_lock);
criterion_main!(benches);
