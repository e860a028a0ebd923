//! Small programs of several threads on one heap, each thread doing all that threads do to objects, under random schedules.
//!
//! What goes on in them: nodes are made, put into shared containers, read there without a lock, counted, kept over
//! safepoints, moved from container to container under two locks, watched by weak references, resurrected by finalizers,
//! left in cycles, collected with the world stopped; threads block, come back, and are alone at times. No node is used after
//! its end, and in the end each has ended once.
#![cfg(all(shuttle, not(any(feature = "gil", feature = "pep703"))))]

use shuttle::rand::{Rng, thread_rng};
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::Arc;
use ungil_gc::cycle::{self, Collection};
use ungil_gc::{Header, Mutator, Obj, Shared};
use ungil_locks::primitive::Weakened;
use ungil_locks::primitive::scheduled::run;
use ungil_locks::weaken::Step;
use ungil_locks::{Options, World, lock_two};
use ungil_loom_tests::heap::{FINALIZED, Heap, NODE, join, node, weak};
use ungil_loom_tests::options;

/// Containers that all threads know.
const CONTAINERS: usize = 3;
/// Threads besides the main one.
const THREADS: usize = 2;
/// What each of them does.
const STEPS: usize = 40;
/// The oldest generation: a collection of everything.
const ALL: u8 = 2;

/// What the collector asks of the VM.
struct Runtime<'a>(&'a Heap, &'a Mutator);

impl Collection for Runtime<'_> {
    fn run_pending(&mut self) {
        self.0.run_pending(self.1);
    }
    fn any_uncollectable(&self) -> bool {
        false
    }
    unsafe fn is_uncollectable(&self, _: *mut Header) -> bool {
        false
    }
    fn watches(&self) -> bool {
        // Garbage may end where it is found, or later.
        thread_rng().gen_bool(0.5)
    }
    fn found(&mut self, garbage: &[Obj]) {
        garbage.iter().for_each(check);
    }
    fn stays(&mut self, _: Vec<Obj>) {}
    fn saves(&self) -> bool {
        false
    }
    fn save(&mut self, _: Vec<Obj>) {}
    unsafe fn stack_words_stw(&self, _: &mut dyn FnMut(usize)) {}
    unsafe fn extents(&self, _: *mut Header, _: &mut dyn FnMut(Range<usize>)) {}
    unsafe fn forget_stw(&mut self, _: &[*mut Header]) {}
    unsafe fn release(&mut self, _: &[*mut Header]) {}
}

/// Asserts that a node may be used.
fn check(obj: &Obj) {
    assert_eq!(node(obj).data.get(), 0, "a node is used after its end");
}

/// What a thread holds.
#[derive(Default)]
struct Held {
    nodes: Vec<Obj>,
    weak: Vec<Obj>,
}

/// One of some, chosen at random.
fn any<T>(of: &[T]) -> Option<&T> {
    (!of.is_empty()).then(|| &of[thread_rng().gen_range(0..of.len())])
}

fn new_node(heap: &Heap, m: &Mutator) -> Obj {
    heap.node(m, if thread_rng().gen_bool(0.2) { FINALIZED } else { NODE })
}

/// One step of a thread.
fn step(heap: &Heap, m: &Mutator, containers: &[Obj], held: &mut Held) {
    let container = any(containers).expect("there are some");
    let place = node(container);
    match thread_rng().gen_range(0..14) {
        0 | 1 => place.child.set(&place.header, m, new_node(heap, m)),
        2 | 3 => {
            let found = place.child.peek_shared();
            if found.is_ptr() {
                // SAFETY: what a published container held is there until this thread is quiescent.
                held.nodes.push(unsafe { Obj::from_borrowed(found, m) });
            }
        }
        4 => held.nodes.extend(place.child.get(&place.header, m)),
        5 => drop(held.nodes.pop()),
        6 => {
            if let Some(v) = any(&held.nodes) {
                place.child.set(&place.header, m, v.clone());
            }
        }
        7 => drop(place.child.take(&place.header, m)),
        8 => held.weak.extend(any(&held.nodes).map(|target| heap.weak(m, target, None))),
        9 => {
            let found = any(&held.weak).and_then(|cell| m.space.weak.upgrade(m, &weak(cell).cell));
            held.nodes.extend(found);
        }
        10 => {
            let other = node(any(containers).expect("there are some"));
            if !std::ptr::eq(place, other) {
                let guard = (!m.owns_everything())
                    .then(|| lock_two(&place.header.lock, &other.header.lock, &m.world));
                place.child.swap_locked(&other.child);
                drop(guard);
            }
        }
        11 => {
            m.detach();
            m.attach();
        }
        12 => {
            // Two that refer to each other, and nobody else to them.
            let (a, b) = (new_node(heap, m), new_node(heap, m));
            node(&a).child.set(&node(&a).header, m, b.clone());
            node(&b).child.set(&node(&b).header, m, a);
        }
        _ => {
            if thread_rng().gen_bool(0.2) {
                cycle::collect(m, &mut Runtime(heap, m), ALL);
            }
        }
    }
    held.nodes.iter().for_each(check);
    m.safepoint();
    heap.run_pending(m);
    held.nodes.iter().for_each(check);
}

fn work(heap: &Heap, m: &Mutator, containers: &[Obj]) {
    let mut held = Held::default();
    for _ in 0..STEPS {
        step(heap, m, containers, &mut held);
    }
}

/// The whole program. Threads that are alone become solo if `solo`.
fn program(weakened: Option<Step>, solo: bool) {
    let heap = Heap::new(World::with_options(Options { solo, ..options(weakened) }));
    let me = heap.world.register();
    heap.run(&me, |m| {
        m.begin_publishing();
        let containers: Vec<Obj> = (0..CONTAINERS).map(|_| heap.node(m, NODE)).collect();
        let threads = [(); THREADS].map(|()| {
            let shared: Vec<Shared> = containers.iter().map(|c| Shared::publish(c.clone())).collect();
            let for_thread = Arc::clone(&heap);
            heap.spawn(move |m| {
                let containers: Vec<Obj> = shared.into_iter().map(Shared::into_obj).collect();
                work(&for_thread, m, &containers);
            })
        });
        work(&heap, m, &containers);
        threads.into_iter().for_each(|thread| join(m, thread));
        for container in &containers {
            drop(node(container).child.take(&node(container).header, m));
        }
        drop(containers);
        // What the others have left to be finalized, too.
        m.safepoint();
        heap.run_pending(m);
        // What finalizers have brought back once ends the second time.
        for _ in 0..3 {
            cycle::collect(m, &mut Runtime(&heap, m), ALL);
        }
    });
    heap.finish();
}

/// Schedules of each program, from one seed on: `UNGIL_SCHEDULES` says how many, `UNGIL_SEED` which.
fn schedules(weakened: Option<Step>, solo: bool) {
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (seed, count) = (number("UNGIL_SEED", 1), number("UNGIL_SCHEDULES", 2000));
    println!("seed {seed}, {count} schedules");
    run(seed, count as usize, move || program(weakened, solo));
    // For those that come on the same thread of the system.
    drop(World::with_options(Options { weakened: Weakened(None), ..options(None) }));
}

#[test]
fn objects_among_threads() {
    schedules(None, false);
}

#[test]
fn objects_of_threads_that_are_alone_at_times() {
    schedules(None, true);
}

/// Names the step that a child process of this test is to do without, so that it does not start one itself.
const WITHOUT: &str = "UNGIL_WITHOUT";

/// Asserts that the program fails, within as many schedules, with one step of a protocol left out, and that it says
/// `expected`. It does so in a process of its own: what uses memory after its end may well end the process.
fn fails(test: &str, step: Step, solo: bool, expected: &str) {
    if std::env::var_os(WITHOUT).is_some() {
        return schedules(Some(step), solo);
    }
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(WITHOUT, test)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(said.contains("running 1 test"), "{test} did not run: {said}");
    assert!(!child.status.success(), "nothing fails: {said}");
    // A deadlock is always noticed; memory that is used after its end is not noticed before a signal at times.
    let noticed = said.contains("panicked at") && said.contains(expected);
    assert!(noticed || expected.is_empty() && child.status.signal().is_some(), "{}: {said}", child.status);
}

/// Tests of what [`fails`].
macro_rules! fails_without {
    ($($name:ident: $step:ident, $solo:expr, $expected:literal;)*) => {$(
        #[test]
        fn $name() {
            fails(stringify!($name), Step::$step, $solo, $expected);
        }
    )*};
}

fails_without! {
    without_grace: GraceWaits, false, "";
    without_entering_tallies: TalliesEntered, false, "";
    without_a_look_at_limbo: LimboCompared, false, "";
    without_publishing_first: PublishesFirst, false, "";
    where_weak_references_count_the_dead: WeakUnlessDead, false, "";
    where_stops_do_not_wait: StopWaits, false, "";
    where_finalizers_run_twice: FinalizedOnce, false, "";
    where_locks_forget_waiters: ObjLockKeepsParked, false, "deadlock";
    where_waiters_do_not_look_again: ObjLockValidates, false, "deadlock";
    where_two_are_locked_in_any_order: LockTwoOrders, false, "deadlock";
    where_solo_threads_are_not_asked: SoloWaits, true, "";
    where_nobody_hears_that_a_thread_leaves: LeaveNotifies, false, "deadlock";
}
