//! What the heap costs a thread: counting, stores into slots, allocation, publication, grace periods.
//!
//! Objects are nodes with one reference. A thread that is alone owns everything (solo), so what others may touch is measured
//! in a world in which nobody becomes solo. With a GIL, and in the models that publish nothing, the rows with published objects
//! tell what the same steps cost there.

// What the other thread is started and ended with is not measured.
#![allow(clippy::disallowed_types)]

use criterion::{BatchSize, Bencher, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use ungil_gc::grace::{Grace, Member};
use ungil_gc::{Header, Mutator, Obj, ShapeHead, Shared, Slot, Space, TypeOps, Value, shape_flag};
use ungil_locks::primitive::AtomicU32;
use ungil_locks::{Options, World};

const NODE: u32 = 1;
/// Nodes that are published together.
const LENGTH: usize = 1000;

#[repr(C)]
struct Node {
    header: Header,
    child: Slot,
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
    // SAFETY: called with a node that nobody else reaches.
    drop_fields: Some(|h, m| unsafe { (*h.cast::<Node>()).child.clear(m) }),
    needs_finalizer: |_| false,
};

/// The heap of one benchmark. Lives as long as the process, as shapes do.
struct Heap {
    world: Arc<World>,
    space: Arc<Space>,
}

impl Heap {
    fn new(solo: bool) -> Heap {
        let world = World::with_options(Options { solo, ..Options::default() });
        let space = Arc::new(Space::default());
        let shape = ShapeHead {
            ops: &NODE_OPS,
            id: NODE,
            flags: AtomicU32::new(shape_flag::GC),
            attr_offset: 0,
            attr_inline: 0,
            class: std::ptr::null_mut(),
        };
        space.shapes.set(NODE, Box::leak(Box::new(shape)));
        Heap { world, space }
    }

    /// Runs `f` with this thread attached.
    fn run<R>(&self, f: impl FnOnce(&Mutator) -> R) -> R {
        let thread = self.world.register();
        let m = Mutator::new(Arc::clone(&self.world), Arc::clone(&self.space), Arc::clone(&thread));
        let m = Box::new(m);
        // SAFETY: the box does not move. No native function is searched for hubs, so the stack is said to be empty.
        unsafe { m.enter(0) };
        m.attach();
        let result = f(&m);
        m.detach();
        m.leave();
        drop(m);
        self.world.unregister(&thread);
        result
    }
}

fn new_node(m: &Mutator) -> Obj {
    let at = m.allocate(size_of::<Node>()).cast::<Node>();
    assert!(!at.is_null());
    // SAFETY: the block has this size, and the object one reference, which the handle takes over.
    unsafe {
        at.write(Node { header: Header::new(NODE), child: Slot::empty() });
        Obj::from_owned(Value::from_ptr(at))
    }
}

fn node(obj: &Obj) -> &Node {
    // SAFETY: all objects here are nodes, which their handles keep alive.
    unsafe { &*obj.value().ptr().cast::<Node>() }
}

/// A list of `length` nodes.
fn chain(m: &Mutator, length: usize) -> Obj {
    (1..length).fold(new_node(m), |tail, _| {
        let head = new_node(m);
        node(&head).child.set(&node(&head).header, m, tail);
        head
    })
}

/// A published node of another thread, which waits, detached, until this is dropped.
struct Foreign {
    object: Option<Obj>,
    ends: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Foreign {
    /// The caller is attached as `m`.
    fn new(heap: &Heap, m: &Mutator) -> Foreign {
        let heap = Heap { world: Arc::clone(&heap.world), space: Arc::clone(&heap.space) };
        let (gives, given) = channel();
        let (ends, end) = channel();
        let thread = std::thread::spawn(move || {
            heap.run(|m| {
                let object = new_node(m);
                let _ = gives.send(Shared::publish(object.clone()));
                m.detach();
                let _ = end.recv();
                m.attach();
            });
        });
        m.detach();
        let object = given.recv();
        m.attach();
        Foreign { object: object.ok().map(Shared::into_obj), ends: Some(ends), thread: Some(thread) }
    }

    fn end(mut self, m: &Mutator) {
        self.object = None;
        self.ends = None;
        m.detach();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        m.attach();
    }
}

/// Measures `operation` with a safepoint each 64 times, at which what waits is applied, as a program's loops have them.
fn repeat<R>(b: &mut Bencher<'_>, m: &Mutator, mut operation: impl FnMut() -> R) {
    b.iter_custom(|times| {
        let begun = Instant::now();
        for i in 0..times {
            black_box(operation());
            if i % 64 == 0 {
                m.safepoint();
            }
        }
        begun.elapsed()
    });
}

/// A reference is counted up and down.
fn count(b: &mut Bencher<'_>, m: &Mutator, object: &Obj) {
    repeat(b, m, || drop(black_box(black_box(object).clone())));
}

fn counting(c: &mut Criterion) {
    let heap = Heap::new(true);
    heap.run(|m| {
        let object = new_node(m);
        c.bench_function("count: immediate", |b| count(b, m, &Obj::immediate(Value::TRUE)));
        c.bench_function("count: confined", |b| count(b, m, &object));
        m.begin_publishing();
        m.publish(object.value());
        c.bench_function("count: published, alone", |b| count(b, m, &object));
    });
    let heap = Heap::new(false);
    heap.run(|m| {
        m.begin_publishing();
        let object = new_node(m);
        m.publish(object.value());
        c.bench_function("count: published, own", |b| count(b, m, &object));
        node(&object).header.make_hub(&heap.space);
        c.bench_function("count: hub", |b| count(b, m, &object));
        let foreign = Foreign::new(&heap, m);
        if let Some(object) = &foreign.object {
            c.bench_function("count: published, another thread's", |b| count(b, m, object));
        }
        foreign.end(m);
    });
}

fn slots(c: &mut Criterion) {
    let stores = |b: &mut Bencher<'_>, m: &Mutator, container: &Obj, values: &[Obj; 2]| {
        let mut which = 0;
        repeat(b, m, || {
            which ^= 1;
            let container = node(black_box(container));
            container.child.set(&container.header, m, values[which].clone());
        });
    };
    let loads = |b: &mut Bencher<'_>, m: &Mutator, container: &Obj| {
        repeat(b, m, || {
            let container = node(black_box(container));
            container.child.get(&container.header, m)
        });
    };
    for (kind, published) in [("confined", false), ("published", true)] {
        let heap = Heap::new(!published);
        heap.run(|m| {
            let (container, values) = (new_node(m), [new_node(m), new_node(m)]);
            if published {
                m.begin_publishing();
            }
            c.bench_function(&format!("slot: store, {kind}"), |b| stores(b, m, &container, &values));
            c.bench_function(&format!("slot: load, {kind}"), |b| loads(b, m, &container));
        });
    }
}

fn allocation(c: &mut Criterion) {
    let heap = Heap::new(true);
    heap.run(|m| {
        c.bench_function("allocation: a node and its end", |b| b.iter(|| drop(black_box(new_node(m)))));
        c.bench_function("allocation: 1000 nodes, and their end by one", |b| {
            b.iter(|| drop(black_box(chain(m, LENGTH))));
        });
        c.bench_function("allocation: a buffer of 1 KiB and its end", |b| {
            b.iter(|| {
                let buffer = black_box(m.allocate_buffer(1024));
                // SAFETY: just allocated with this size.
                unsafe { m.free_buffer(buffer, 1024) };
            });
        });
    });
    let heap = Heap::new(false);
    heap.run(|m| {
        m.begin_publishing();
        c.bench_function("allocation: a node that is published, and its end after grace", |b| {
            repeat(b, m, || {
                let object = new_node(m);
                m.publish(object.value());
                object
            });
        });
    });
}

fn publication(c: &mut Criterion) {
    let heap = Heap::new(false);
    heap.run(|m| {
        m.begin_publishing();
        c.bench_function("publication: 1000 nodes that are linked", |b| {
            b.iter_batched(
                || chain(m, LENGTH),
                |head| {
                    m.publish(black_box(head.value()));
                    head
                },
                BatchSize::SmallInput,
            );
            m.safepoint();
        });
        c.bench_function("publication: by a store into a published container", |b| {
            let container = new_node(m);
            m.publish(container.value());
            b.iter_batched(
                || {
                    m.safepoint();
                    new_node(m)
                },
                |object| node(&container).child.set(&node(&container).header, m, black_box(object)),
                BatchSize::SmallInput,
            );
        });
    });
}

fn grace_periods(c: &mut Criterion) {
    for (beside, others) in [("alone", 0), ("beside one that is quiescent at once", 1)] {
        let world = World::new();
        let grace: Grace<u64> = Grace::default();
        let members: Vec<Box<Member>> =
            (0..=others).map(|_| Box::new(Member::new(world.register()))).collect();
        for member in &members {
            grace.join(member);
            let _ = grace.online(member);
        }
        c.bench_function(&format!("grace: a batch sealed, ripened and taken, {beside}"), |b| {
            b.iter(|| {
                let sealed = grace.seal(&members[0], vec![black_box(1)], 8, true);
                for other in members[1..].iter().filter(|other| other.is_asked()) {
                    grace.quiesce(other);
                }
                (sealed.is_ok(), black_box(grace.take_ripe(&members[0])).len())
            });
        });
        c.bench_function(&format!("grace: offline and online, {beside}"), |b| {
            b.iter(|| {
                let again = grace.offline(black_box(&members[0]));
                grace.online(&members[0]) || again
            });
        });
        members.iter().for_each(|member| grace.part(member));
    }
}

/// A third of the usual time for each row: there are many.
fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2))
}

criterion_group!(name = benches; config = short(); targets = counting, slots, allocation, publication, grace_periods);
criterion_main!(benches);
