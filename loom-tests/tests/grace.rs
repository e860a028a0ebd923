//! Grace periods: what is taken out of a shared place is freed once no thread looks at it any more.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use loom::thread;
use std::sync::Arc;
use ungil_gc::grace::{Grace, Member};
use ungil_locks::check::QUIESCE;
use ungil_locks::primitive::{AtomicUsize, Ordering};
use ungil_locks::weaken::Step;
use ungil_locks::{ThreadState, World};
use ungil_loom_tests::{Plain, explore, world_without_solo};

/// What readers look at through an index. Freeing one writes to it, so loom panics if a reader may look at it still.
struct Shared {
    grace: Grace<usize>,
    items: [Plain; 2],
    present: AtomicUsize,
}

/// A thread's part in a box that does not move.
struct Part {
    thread: Arc<ThreadState>,
    member: Box<Member>,
}

impl Part {
    fn new(world: &Arc<World>, shared: &Shared) -> Part {
        let thread = world.register();
        let member = Box::new(Member::new(Arc::clone(&thread)));
        shared.grace.join(&member);
        Part { thread, member }
    }
}

impl Shared {
    fn new() -> Arc<Shared> {
        let items = [Plain::default(), Plain::default()];
        Arc::new(Shared { grace: Grace::default(), items, present: AtomicUsize::new(0) })
    }

    /// Looks at what is there, as a reader without a lock.
    fn look(&self) -> usize {
        // ORD: acquire, with the release in `replace`.
        let at = self.present.load(Ordering::Acquire);
        assert_eq!(self.items[at].get(), 0, "freed");
        at
    }

    /// Puts the other item in place and seals what was there.
    fn replace(&self, me: &Member) {
        self.present.store(1, Ordering::Release);
        self.grace.seal(me, vec![0], 1, true).expect("forced");
        self.apply(me);
    }

    /// Frees what is ripe.
    fn apply(&self, me: &Member) {
        for at in self.grace.take_ripe(me).into_iter().flatten() {
            self.items[at].add();
        }
    }

    /// As a mutator that attaches.
    fn come(&self, part: &Part) {
        if self.grace.online(&part.member) {
            self.apply(&part.member);
        }
    }

    /// As a mutator's safepoint.
    fn safepoint(&self, part: &Part) {
        if part.member.is_asked() {
            self.grace.quiesce(&part.member);
            self.apply(&part.member);
        }
    }

    /// As a mutator that detaches.
    fn leave(&self, part: &Part) {
        while self.grace.offline(&part.member) {
            self.apply(&part.member);
        }
    }
}

/// The main thread replaces what another one looks at, before and after a safepoint. It is freed once, by one of them. The
/// outcome is what the reader has seen, and whether the main thread had freed the item when it went offline.
fn replaced(weakened: Option<Step>) {
    let expected = [(0, 0, false), (0, 1, false), (0, 1, true), (1, 1, true), (0, 0, true), (1, 1, false)];
    explore(Some(4), 500, &expected, move || {
        let world = world_without_solo(weakened);
        let shared = Shared::new();
        let (mine, theirs) = (Part::new(&world, &shared), Part::new(&world, &shared));
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.come(&theirs);
                let first = shared.look();
                shared.safepoint(&theirs);
                let second = shared.look();
                shared.leave(&theirs);
                shared.grace.part(&theirs.member);
                (first, second)
            })
        };
        shared.come(&mine);
        shared.replace(&mine.member);
        shared.safepoint(&mine);
        shared.leave(&mine);
        let freed = !shared.grace.has_waiting();
        let (first, second) = reader.join().expect("joined");
        // Nobody is online.
        shared.apply(&mine.member);
        assert_eq!(shared.items[0].get(), 1, "freed once");
        assert_eq!(shared.items[1].get(), 0);
        assert!(!shared.grace.has_waiting());
        assert_eq!(mine.thread.check.get() & QUIESCE, 0, "asked for nothing");
        shared.grace.part(&mine.member);
        (first, second, freed)
    });
}

/// The main thread seals a batch and goes offline at once, while another one looks. The batch is left to that if it
/// cannot be applied yet, and has been applied when both have gone. The outcome is which of the two freed the item.
fn left_to_another(weakened: Option<Step>) {
    explore(Some(4), 100, &[false, true], move || {
        let world = world_without_solo(weakened);
        let shared = Shared::new();
        let (mine, theirs) = (Part::new(&world, &shared), Part::new(&world, &shared));
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.come(&theirs);
                shared.look();
                shared.leave(&theirs);
                shared.grace.part(&theirs.member);
            })
        };
        shared.come(&mine);
        shared.replace(&mine.member);
        let by_me = !shared.grace.has_waiting();
        shared.leave(&mine);
        shared.grace.part(&mine.member);
        reader.join().expect("joined");
        assert!(!shared.grace.has_waiting(), "a batch is left");
        assert_eq!(shared.items[0].get(), 1, "freed once");
        by_me
    });
}

#[test]
fn batch_is_left_to_another() {
    left_to_another(None);
}

#[test]
#[should_panic(expected = "a batch is left")]
fn batch_is_left_to_one_that_does_not_look() {
    left_to_another(Some(Step::GraceOfflineLooks));
}

#[test]
#[should_panic(expected = "a batch is left")]
fn batch_is_left_to_one_that_comes_and_does_not_look() {
    left_to_another(Some(Step::GraceOnlineLooks));
}

#[test]
fn replaced_under_a_reader() {
    replaced(None);
}

#[test]
#[should_panic(expected = "iolation")]
fn replaced_without_waiting() {
    replaced(Some(Step::GraceWaits));
}

#[test]
#[should_panic(expected = "iolation")]
fn replaced_without_the_fence_online() {
    replaced(Some(Step::GraceOnlineFence));
}
