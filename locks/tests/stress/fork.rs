//! What is left of the world in the child of a fork. The test does not fork; it calls what the child calls once the
//! other threads have ended, which is the same to the world.

use ungil_locks::{ObjLock, World, model};

#[test]
fn the_child_is_alone_and_can_go_on() {
    let world = World::new();
    let (me, other) = (world.register(), world.register());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            other.attach();
            other.detach();
        });
    });
    me.attach();
    let guard = world.stop_the_world(&me);
    // SAFETY: the other thread has ended.
    unsafe { world.after_fork_child(&me) };
    assert_eq!((world.registered_count(), world.attached_count()), (1, 1));
    drop(guard);
    assert_eq!(me.is_solo(), <model::Chosen as model::Model>::SOLO);
    assert_eq!(me.safepoint(), 0);

    let (lock, third) = (ObjLock::new(), world.register());
    assert!(third.id() > other.id());
    me.detach();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            third.attach();
            drop(lock.guard(&world));
            third.detach();
        });
    });
    me.attach();
    drop(world.stop_the_world(&me));
    me.detach();
    world.unregister(&third);
    world.unregister(&me);
    assert_eq!(world.registered_count(), 0);
}
