//! A heap of nodes for the tests of `gc`: each execution has its own, with the shapes that the nodes need.
//!
//! Every thread of a model that touches nodes does so inside [`Heap::run`], which gives it a mutator. The end of a node
//! writes to its [`Plain`] data, so loom panics when that end is not ordered after all accesses of other threads. At the
//! end of the model [`Heap::finish`] asserts that every node has ended, and each one once.

use crate::Plain;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use ungil_gc::{
    Header, Mutator, Obj, Pending, ShapeHead, Slot, Space, TypeOps, Value, WeakCell, flag, shape_flag,
};
use ungil_locks::primitive::{AtomicPtr, AtomicU32, thread};
use ungil_locks::{ThreadState, World};

/// Shape of a node.
pub const NODE: u32 = 1;
/// Shape of a node that has a finalizer.
pub const FINALIZED: u32 = 2;
/// Shape of a weak reference.
pub const WEAK: u32 = 3;

/// A node: one reference and some data.
#[repr(C)]
pub struct Node {
    pub header: Header,
    pub child: Slot,
    pub data: Plain,
    heap: *const Heap,
    ended: Cell<bool>,
    finalized: Cell<bool>,
}

/// A weak reference to a node.
#[repr(C)]
pub struct Weak {
    pub cell: WeakCell,
    heap: *const Heap,
    ended: Cell<bool>,
}

static NODE_OPS: TypeOps = TypeOps {
    name: "node",
    size: |_| size_of::<Node>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a node.
        let child = unsafe { (*h.cast::<Node>()).child.peek() };
        if child.is_ptr() {
            visit(child);
        }
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called with a node that nobody else reaches.
        let node = unsafe { &*h.cast::<Node>() };
        // SAFETY: the heap outlives its nodes.
        unsafe { (*node.heap).ended(&node.ended) };
        node.data.add();
        node.child.clear(m);
    }),
    needs_finalizer: |_| true,
};

static WEAK_OPS: TypeOps = TypeOps {
    name: "weak reference",
    size: |_| size_of::<Weak>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a weak reference.
        let callback = unsafe { (*h.cast::<Weak>()).cell.callback.peek() };
        if callback.is_ptr() {
            visit(callback);
        }
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called with a weak reference that nobody else reaches but through the table.
        unsafe {
            m.space.weak.remove(h.cast());
            let weak = &*h.cast::<Weak>();
            weak.cell.callback.clear(m);
            (*weak.heap).ended(&weak.ended);
        }
    }),
    needs_finalizer: |_| false,
};

/// See the module's head.
pub struct Heap {
    pub world: Arc<World>,
    pub space: Arc<Space>,
    /// Nodes and weak references that have not ended.
    live: AtomicUsize,
    /// Finalizers and callbacks that were run.
    finalized: AtomicUsize,
    called: AtomicUsize,
    /// The shapes, which the space points to.
    shapes: Vec<Box<ShapeHead>>,
}

// SAFETY: the shapes are constant, the rest is made for sharing.
unsafe impl Send for Heap {}
// SAFETY: as above.
unsafe impl Sync for Heap {}

impl Heap {
    /// An empty heap.
    pub fn new(world: Arc<World>) -> Arc<Heap> {
        let space = Arc::new(Space::default());
        let shape = |id, ops, flags| {
            let head = ShapeHead {
                ops,
                id,
                flags: AtomicU32::new(flags),
                attr_offset: 0,
                attr_inline: 0,
                class: std::ptr::null_mut(),
            };
            let mut head = Box::new(head);
            space.shapes.set(id, &mut *head);
            head
        };
        let shapes = vec![
            shape(NODE, &NODE_OPS, shape_flag::GC),
            shape(FINALIZED, &NODE_OPS, shape_flag::GC | shape_flag::FINALIZER),
            shape(WEAK, &WEAK_OPS, shape_flag::GC),
        ];
        let (live, finalized, called) = Default::default();
        Arc::new(Heap { world, space, live, finalized, called, shapes })
    }

    /// Runs `f` with a mutator for the current thread of the model, attached as `thread`.
    pub fn run<R>(&self, thread: &Arc<ThreadState>, f: impl FnOnce(&Mutator) -> R) -> R {
        let m = Mutator::new(Arc::clone(&self.world), Arc::clone(&self.space), Arc::clone(thread));
        // Not dropped when the model fails: that would be a second panic.
        let m = ManuallyDrop::new(Box::new(m));
        // SAFETY: the box does not move. No native function is searched for hubs, so the stack is said to be empty.
        unsafe { m.enter(0) };
        m.attach();
        let result = f(&m);
        m.detach();
        // What ends when the thread lets go of it is its own to finalize, as in the VM.
        while m.has_pending() {
            m.attach();
            self.run_pending(&m);
            m.detach();
        }
        m.leave();
        drop(ManuallyDrop::into_inner(m));
        self.world.unregister(thread);
        result
    }

    /// Runs what waits: finalizers, each of which resurrects its object for a moment, and callbacks.
    pub fn run_pending(&self, m: &Mutator) {
        for what in m.take_pending() {
            match what {
                Pending::Finalize(obj) => {
                    assert_eq!(node(&obj).data.get(), 0);
                    self.finalized.fetch_add(1, Ordering::Relaxed);
                    assert!(!node(&obj).finalized.replace(true), "a finalizer runs again");
                    drop(obj.clone());
                }
                Pending::WeakCallback(_) => {
                    self.called.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// How many finalizers and how many callbacks have been run.
    pub fn have_run(&self) -> (usize, usize) {
        (self.finalized.load(Ordering::Relaxed), self.called.load(Ordering::Relaxed))
    }

    /// Starts a thread of the model that runs `f` with a mutator.
    pub fn spawn<R: Send + 'static>(
        self: &Arc<Self>,
        f: impl FnOnce(&Mutator) -> R + Send + 'static,
    ) -> thread::JoinHandle<R> {
        let (heap, thread) = (Arc::clone(self), self.world.register());
        thread::spawn(move || heap.run(&thread, f))
    }

    /// A node of one of the two shapes, confined.
    pub fn node(&self, m: &Mutator, shape: u32) -> Obj {
        self.make(m, || Node {
            header: Header::new(shape),
            child: Slot::empty(),
            data: Plain::default(),
            heap: self,
            ended: Cell::new(false),
            finalized: Cell::new(false),
        })
    }

    /// Enters one more shape of nodes, which is there as long as what this gives.
    pub fn enter_shape(&self, id: u32) -> Box<ShapeHead> {
        let (flags, class) = (AtomicU32::new(shape_flag::GC), std::ptr::null_mut());
        let mut head =
            Box::new(ShapeHead { ops: &NODE_OPS, id, flags, attr_offset: 0, attr_inline: 0, class });
        self.space.shapes.set(id, &mut *head);
        head
    }

    /// A weak reference to a node, entered in the table. It is published if the node is.
    pub fn weak(&self, m: &Mutator, target: &Obj, callback: Option<Obj>) -> Obj {
        let weak = self.make(m, || Weak {
            cell: WeakCell {
                header: Header::new(WEAK),
                target: AtomicPtr::new(target.value().ptr()),
                callback: callback.map_or_else(Slot::empty, Slot::new),
            },
            heap: self,
            ended: Cell::new(false),
        });
        if node(target).header.is_published() {
            m.publish(weak.value());
        }
        // SAFETY: just made; the caller holds the target.
        unsafe { self.space.weak.add(weak.value().ptr().cast()) };
        weak
    }

    fn make<T>(&self, m: &Mutator, object: impl FnOnce() -> T) -> Obj {
        let at = m.allocate(size_of::<T>()).cast::<T>();
        assert!(!at.is_null());
        self.live.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the block has this size, and the object one reference, which the handle takes over.
        unsafe {
            at.write(object());
            Obj::from_owned(Value::from_ptr(at))
        }
    }

    fn ended(&self, ended: &Cell<bool>) {
        assert!(!ended.replace(true), "an object has ended twice");
        self.live.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many objects have not ended.
    pub fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// Asserts that all objects have ended.
    pub fn finish(&self) {
        assert_eq!(self.live(), 0, "objects that have not ended");
        assert_eq!(self.shapes.len(), 3);
    }
}

/// Waits for a thread without being attached, so that it may stop the world.
pub fn join<R>(m: &Mutator, thread: thread::JoinHandle<R>) -> R {
    m.detach();
    let result = thread.join().expect("joined");
    m.attach();
    result
}

/// The node that a handle refers to.
pub fn node(obj: &Obj) -> &Node {
    // SAFETY: the tests pass nodes, which their handles keep alive.
    let node = unsafe { &*obj.value().ptr().cast::<Node>() };
    assert!(!node.ended.get(), "a node is used after its end");
    node
}

/// The weak reference that a handle refers to.
pub fn weak(obj: &Obj) -> &Weak {
    // SAFETY: as in `node`.
    unsafe { &*obj.value().ptr().cast::<Weak>() }
}

/// Whether the finalizer of a node has been queued.
pub fn is_finalized(obj: &Obj) -> bool {
    node(obj).header.has_flag(flag::FINALIZED)
}
