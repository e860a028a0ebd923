//! The asserts of the `checks` feature fire.

use ungil_locks::{ObjLock, World};

fn attached() -> (std::sync::Arc<World>, std::sync::Arc<ungil_locks::ThreadState>) {
    let world = World::new();
    let me = world.register();
    me.attach();
    (world, me)
}

#[test]
#[should_panic(expected = "a second time")]
fn locking_twice() {
    let (world, _me) = attached();
    let lock = ObjLock::new();
    lock.lock(&world);
    lock.lock(&world);
}

#[test]
#[should_panic(expected = "which is free")]
fn unlocking_a_free_lock() {
    let (world, _me) = attached();
    ObjLock::new().unlock(&world);
}

#[test]
#[should_panic(expected = "held by Some")]
fn unlocking_what_another_thread_holds() {
    let (world, _me) = attached();
    let lock = ObjLock::new();
    std::thread::scope(|scope| {
        scope.spawn(|| lock.lock(&world));
    });
    lock.unlock(&world);
}

#[test]
#[should_panic(expected = "across a stop of the world")]
fn stopping_with_a_lock() {
    let (world, me) = attached();
    let lock = ObjLock::new();
    lock.lock(&world);
    let _guard = world.stop_the_world(&me);
}

#[test]
#[should_panic(expected = "across a detach")]
fn detaching_with_a_lock() {
    let (world, me) = attached();
    let lock = ObjLock::new();
    lock.lock(&world);
    me.detach();
}

#[test]
#[should_panic(expected = "is attached at attach")]
fn attaching_twice() {
    let (_world, me) = attached();
    me.attach();
}

#[test]
#[should_panic(expected = "has stopped the world at detach")]
fn detaching_while_stopping() {
    let (world, me) = attached();
    let guard = world.stop_the_world(&me);
    me.detach();
    drop(guard);
}
