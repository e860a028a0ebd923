//! Solo: a thread that is alone touches data without locks; another one attaches only after its acknowledgement.
#![cfg(all(loom, not(feature = "gil")))]

use loom::thread;
use std::sync::Arc;
use ungil_locks::weaken::Step;
use ungil_locks::{ObjLock, ThreadState, World, model};
use ungil_loom_tests::{Plain, explore, world};

struct Object {
    world: Arc<World>,
    lock: ObjLock,
    data: Plain,
}

impl Object {
    /// Writes as the VM does: plainly if everything is this thread's, else under the lock. Which of the two.
    fn write(&self, me: &ThreadState) -> bool {
        let exclusive = model::exclusive(me);
        if exclusive {
            self.data.add();
        } else {
            drop({
                let guard = self.lock.guard(&self.world);
                self.data.add();
                guard
            });
        }
        exclusive
    }
}

/// The main thread writes, passes a safepoint, writes and detaches; another one attaches meanwhile, writes and detaches.
/// The outcome is who wrote without the lock: the main thread at first and after the safepoint, the other thread.
fn acknowledgement(weakened: Option<Step>) {
    // After the acknowledgement the other thread may still come so late that it finds itself alone.
    let expected = [(true, true, true), (true, false, false), (true, false, true)];
    explore(Some(4), 500, &expected, move || {
        let world = world(weakened);
        let (me, other) = (world.register(), world.register());
        me.attach();
        let object =
            Arc::new(Object { world: Arc::clone(&world), lock: ObjLock::new(), data: Plain::default() });
        let thread = {
            let (object, other) = (Arc::clone(&object), Arc::clone(&other));
            thread::spawn(move || {
                other.attach();
                let exclusive = object.write(&other);
                other.detach();
                exclusive
            })
        };
        let first = object.write(&me);
        me.safepoint();
        let second = object.write(&me);
        me.detach();
        let others = thread.join().expect("joined");
        assert_eq!(object.data.get(), 3);
        assert_eq!(world.attached_count(), 0);
        world.unregister(&me);
        world.unregister(&other);
        (first, second, others)
    });
}

#[test]
fn attach_waits_for_the_acknowledgement() {
    acknowledgement(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn attach_without_waiting() {
    acknowledgement(Some(Step::SoloWaits));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn acknowledgement_without_release() {
    acknowledgement(Some(Step::SoloAckRelease));
}

#[test]
#[should_panic(expected = "deadlock")]
fn acknowledgement_without_a_wake_up() {
    acknowledgement(Some(Step::SoloAckNotifies));
}

/// The main thread becomes solo again at a safepoint after the other one has detached, and sees what that wrote.
fn solo_again(weakened: Option<Step>) {
    explore(Some(4), 500, &[(false, 1), (true, 1), (true, 2)], move || {
        let world = world(weakened);
        let (me, other) = (world.register(), world.register());
        me.attach();
        let object =
            Arc::new(Object { world: Arc::clone(&world), lock: ObjLock::new(), data: Plain::default() });
        let thread = {
            let (object, other) = (Arc::clone(&object), Arc::clone(&other));
            thread::spawn(move || {
                other.attach();
                object.write(&other);
                other.detach();
            })
        };
        me.safepoint();
        me.safepoint();
        let exclusive = object.write(&me);
        let seen = if exclusive { object.data.get() } else { 1 };
        me.detach();
        thread.join().expect("joined");
        world.unregister(&me);
        world.unregister(&other);
        (exclusive, seen)
    });
}

#[test]
fn alone_again_is_solo_again() {
    solo_again(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn solo_again_without_release_when_leaving() {
    solo_again(Some(Step::LeaveRelease));
}
