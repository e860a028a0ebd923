//! Attributes of an instance read without its lock, against a thread that adds and deletes some.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use std::sync::Arc;
use ungil_gc::attrs::{go_over, may_rearrange, move_down};
use ungil_gc::{Mutator, Obj, Shared, Slot, Value};
use ungil_locks::World;
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{Heap, NODE, join, node};
use ungil_loom_tests::{explore_heap, world, world_without_solo};

/// Shapes: with the names a and b, with c as well, with b and c only, with a dict.
const AB: u32 = 4;
const ABC: u32 = 5;
const BC: u32 = 6;
const DICT: u32 = 7;

const A: i64 = 1;
const B: i64 = 2;
const C: i64 = 3;

fn int(i: i64) -> Obj {
    Obj::immediate(Value::from_int(i).expect("small"))
}

/// An instance: the header of a node, and an area of slots. In its dict, a node, one attribute is looked for: b.
struct Instance {
    object: Obj,
    area: Arc<[Slot; 4]>,
}

/// How a reader has found b.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    InSlot,
    MovedDown,
    InDict,
    UnderLock,
}

impl Instance {
    /// As `ops::own_attr` by a filled cache for each of the shapes, then without one.
    fn find_b(&self, m: &Mutator) -> Found {
        let h = &node(&self.object).header;
        let (v, found) = match h.shape_id() {
            AB | ABC => (self.area[2].peek_shared(), Found::InSlot),
            BC => (self.area[1].peek_shared(), Found::MovedDown),
            _ => (self.in_dict(Slot::peek_shared), Found::InDict),
        };
        let (v, found) = match v {
            Value::UNDEF => (self.find_b_locked(m), Found::UnderLock),
            v => (v, found),
        };
        assert_eq!(v.as_int(), Some(B), "the value of another name");
        found
    }

    fn find_b_locked(&self, m: &Mutator) -> Value {
        let _guard = node(&self.object).header.lock.guard(&m.world);
        match node(&self.object).header.shape_id() {
            AB | ABC => self.area[2].peek(),
            BC => self.area[1].peek(),
            _ => self.in_dict(Slot::peek),
        }
    }

    fn in_dict(&self, peek: fn(&Slot) -> Value) -> Value {
        let dict = peek(&self.area[0]);
        if !dict.is_ptr() {
            return Value::UNDEF;
        }
        // SAFETY: nobody takes the dict away.
        let dict = std::mem::ManuallyDrop::new(unsafe { Obj::from_owned(dict) });
        assert_eq!(node(&dict).data.get(), 1, "a dict that is not complete");
        peek(&node(&dict).child)
    }

    /// Sets the new attribute c, as `ops::attr::store_in_shape` does.
    fn add_c(&self, m: &Mutator) {
        let h = &node(&self.object).header;
        let _guard = (!m.is_exclusive(h)).then(|| h.lock.guard(&m.world));
        drop(self.area[3].replace_locked(h, int(C)));
        h.set_shape_id(ABC);
    }

    /// Deletes a, as `ops::deleted::take_inline` and `ops::instance_dict::to_dict_mode` do.
    fn delete_a(&self, heap: &Heap, m: &Mutator) {
        let h = &node(&self.object).header;
        let slots = &self.area[1..];
        let dict = heap.node(m, NODE);
        let _guard = (!m.is_exclusive(h)).then(|| h.lock.guard(&m.world));
        if may_rearrange(m, h) {
            slots[0].take_locked();
            return move_down(h, slots, BC);
        }
        let put = |i, v| {
            if i == 1 {
                drop(node(&dict).child.replace_locked(&node(&dict).header, v));
            }
        };
        node(&dict).data.add();
        go_over(h, slots, put, (&self.area[0], dict.clone()), DICT);
    }
}

/// The main thread sets an attribute of a shared instance, then deletes another one, while a thread looks for a third one, twice.
/// It always finds that, wherever it is. The outcome is how.
fn deleted(
    expected: &[(Found, Found)],
    weakened: Option<Step>,
    world: impl Fn(Option<Step>) -> Arc<World> + Send + Sync + 'static,
) {
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let shapes = [AB, ABC, BC, DICT].map(|id| heap.enter_shape(id));
        let object = heap.node(m, NODE);
        let shared = Shared::publish(object.clone());
        let area = Arc::new([Slot::empty(), Slot::new(int(A)), Slot::new(int(B)), Slot::empty()]);
        let mine = Instance { object, area: Arc::clone(&area) };
        let h = &node(&mine.object).header;
        h.set_shape_id(AB);
        let reader = heap.spawn(move |m| {
            let instance = Instance { object: shared.into_obj(), area };
            let first = instance.find_b(m);
            m.safepoint();
            (first, instance.find_b(m))
        });
        mine.add_c(m);
        m.safepoint();
        mine.delete_a(heap, m);
        let found = join(m, reader);
        h.set_shape_id(NODE);
        drop(mine.area[0].take_locked());
        drop(shapes);
        found
    };
    let finish = |heap: &Heap, found| {
        heap.finish();
        found
    };
    explore_heap((3, 100), expected, move || world(weakened), model, finish);
}

fn among_threads(weakened: Option<Step>) {
    use Found::*;
    let expected =
        [(InSlot, InSlot), (InSlot, InDict), (InSlot, UnderLock), (InDict, InDict), (UnderLock, InDict)];
    deleted(&expected, weakened, world_without_solo);
}

#[test]
fn deleted_among_threads() {
    among_threads(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn deleted_without_release() {
    among_threads(Some(Step::SlotRelease));
}

#[test]
#[should_panic(expected = "the value of another name")]
fn deleted_where_slots_serve_other_names() {
    among_threads(Some(Step::SlotServesOneName));
}

fn while_solo(weakened: Option<Step>) {
    use Found::*;
    let expected = [
        (InSlot, InSlot),
        (InSlot, InDict),
        (InSlot, UnderLock),
        (MovedDown, MovedDown),
        (InDict, InDict),
        (UnderLock, InDict),
    ];
    deleted(&expected, weakened, world);
}

#[test]
fn deleted_while_solo() {
    while_solo(None);
}

#[test]
#[should_panic(expected = "the value of another name")]
fn deleted_while_solo_without_waiting() {
    while_solo(Some(Step::SoloWaits));
}
