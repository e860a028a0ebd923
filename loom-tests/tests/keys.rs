//! Reads without lock and count: the value of a cached global, the word of an inline cache.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use loom::thread;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex};
use ungil_gc::{CacheWord, KeysId, Mutator, Obj, ShapeHead, Slot, Value, fill_three, third_word};
use ungil_locks::primitive::{AtomicPtr, AtomicU32, Ordering};
use ungil_locks::weaken::Step;
use ungil_loom_tests::heap::{Heap, NODE, join, node};
use ungil_loom_tests::{explore, explore_heap, world_without_solo};

/// As much of a dict as the protocol needs: tables of one slot, of which one is the present one, and the id of the keys.
/// Its lock is the container's.
struct Dict {
    /// Never dropped: a model that fails must not panic again.
    container: ManuallyDrop<Obj>,
    id: KeysId,
    present: AtomicPtr<Slot>,
    /// All tables that there were: their memory stays.
    tables: Mutex<Vec<Box<Slot>>>,
}

// SAFETY: the container is published.
unsafe impl Send for Dict {}
// SAFETY: as above; the fields are atomics.
unsafe impl Sync for Dict {}

impl Dict {
    fn new(heap: &Heap, m: &Mutator) -> Arc<Dict> {
        let container = heap.node(m, NODE);
        m.publish(container.value());
        let present = AtomicPtr::new(std::ptr::null_mut());
        let container = ManuallyDrop::new(container);
        Arc::new(Dict { container, id: KeysId::new(), present, tables: Mutex::default() })
    }

    fn locked<R>(&self, m: &Mutator, f: impl FnOnce() -> R) -> R {
        let _guard = node(&self.container).header.lock.guard(&m.world);
        f()
    }

    fn replace(&self, slot: *mut Slot, v: Obj) {
        // SAFETY: tables stay.
        drop(unsafe { (*slot).replace_locked(&node(&self.container).header, v) });
    }

    fn present(&self) -> *mut Slot {
        self.present.load(Ordering::Relaxed)
    }

    /// Gives the dict another table, as one that has grown; the table that it had.
    fn grow(&self, v: Obj) -> *mut Slot {
        let mut slot = Box::new(Slot::empty());
        let table = std::ptr::from_mut(&mut *slot);
        self.tables.lock().expect("not poisoned").push(slot);
        self.replace(table, v);
        self.id.forget();
        let old = self.present();
        self.present.store(table, Ordering::Relaxed);
        old
    }

    fn read(&self, id: u32) -> Value {
        // SAFETY: tables stay. The values that they hold are hubs or immediates.
        unsafe { self.id.read(id, || self.present()) }
    }
}

fn int(i: i64) -> Obj {
    Obj::immediate(Value::from_int(i).expect("small"))
}

/// The dict has the id 1, under which its value is 10, then 11. Its keys change, so that there is the value of another one, 99,
/// at that place in a new table, and the old one is used for something else. Threads that know the id must not find
/// either. The outcome is what is found.
fn keys_change(weakened: Option<Step>) {
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let dict = Dict::new(heap, m);
        dict.grow(int(10));
        dict.id.give(1);
        let reader = {
            let dict = Arc::clone(&dict);
            thread::spawn(move || dict.read(1).as_int())
        };
        dict.locked(m, || dict.replace(dict.present(), int(11)));
        dict.locked(m, || {
            let old = dict.grow(int(99));
            dict.replace(old, int(99));
        });
        let found = reader.join().expect("joined");
        assert_ne!(found, Some(99), "the value of another key");
        found
    };
    explore_heap(
        (4, 100),
        &[None, Some(10), Some(11)],
        move || world_without_solo(weakened),
        model,
        |_, found| found,
    );
}

#[test]
fn keys_change_under_a_reader() {
    keys_change(None);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn keys_change_without_the_fence() {
    keys_change(Some(Step::KeysForgottenFirst));
}

#[test]
#[should_panic(expected = "the value of another key")]
fn keys_change_without_the_second_comparison() {
    keys_change(Some(Step::KeysComparedAgain));
}

/// Whether a reader has found the hub, of which it then sees all that was done before it was put into the dict, rather than
/// nothing. It never finds what else the tables hold.
fn is_whole_hub(v: Value) -> bool {
    if !v.is_ptr() {
        assert!(v.is_undef(), "the value of another key");
        return false;
    }
    // SAFETY: a hub; nothing frees it.
    let hub = ManuallyDrop::new(unsafe { Obj::from_owned(v) });
    assert_eq!(node(&hub).data.get(), 1);
    assert!(node(&hub).header.is_published());
    true
}

/// One thread puts a new hub into the dict, another one gives the dict its id, which a third one learns from an inline cache.
/// That sees the hub's contents, or nothing. The outcome is whether it does.
fn id_from_another_thread(weakened: Option<Step>) {
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let dict = Dict::new(heap, m);
        dict.grow(int(99));
        let cache = Arc::new(loom::sync::atomic::AtomicU32::new(0));
        let giver = {
            let (dict, cache) = (Arc::clone(&dict), Arc::clone(&cache));
            heap.spawn(move |m| {
                let filled = dict.locked(m, || {
                    // SAFETY: tables stay.
                    let filled = unsafe { (*dict.present()).peek().is_ptr() };
                    if filled {
                        dict.id.give(1);
                    }
                    filled
                });
                // The weakest that a cache could do.
                cache.store(u32::from(filled), loom::sync::atomic::Ordering::Relaxed);
            })
        };
        let reader = {
            let (dict, cache) = (Arc::clone(&dict), Arc::clone(&cache));
            heap.spawn(move |_| is_whole_hub(dict.read(cache.load(loom::sync::atomic::Ordering::Relaxed))))
        };
        let hub = heap.node(m, NODE);
        node(&hub).data.add();
        m.publish(hub.value());
        node(&hub).header.make_hub(&heap.space);
        dict.locked(m, || dict.grow(hub));
        join(m, giver);
        join(m, reader)
    };
    explore_heap((2, 100), &[false, true], move || world_without_solo(weakened), model, |_, found| found);
}

#[test]
fn id_given_by_another_thread() {
    id_from_another_thread(None);
}

#[test]
#[should_panic(expected = "the value of another key")]
fn id_given_without_release() {
    id_from_another_thread(Some(Step::KeysGivenRelease));
}

/// One thread puts a new hub into the dict, and later another table in place of that one. Another thread gives the dict its id
/// meanwhile, and keeps that with the hub's address in two words of an inline cache. A third one that finds both sees the hub's
/// contents, and never what the other table holds. The outcome is whether it saw the hub.
fn address_kept(weakened: Option<Step>) {
    let model = |heap: &Arc<Heap>, m: &Mutator| {
        let dict = Dict::new(heap, m);
        dict.grow(int(99));
        let cache = Arc::new([CacheWord::new(0), CacheWord::new(0)]);
        let giver = {
            let (dict, cache) = (Arc::clone(&dict), Arc::clone(&cache));
            heap.spawn(move |m| {
                dict.locked(m, || {
                    let slot = dict.present();
                    // SAFETY: tables stay.
                    if unsafe { (*slot).peek().is_ptr() } {
                        dict.id.give(1);
                        cache[1].store(slot.addr() as u64);
                        cache[0].store(1);
                    }
                });
            })
        };
        let reader = {
            let (dict, cache) = (Arc::clone(&dict), Arc::clone(&cache));
            heap.spawn(move |_| {
                let id = cache[0].load();
                // SAFETY: tables stay. The values that they hold are hubs or immediates.
                is_whole_hub(unsafe {
                    dict.id.read_at(id as u32, || {
                        let address = cache[1].load();
                        assert_ne!(address, 0, "the address is not there");
                        address as *const Slot
                    })
                })
            })
        };
        let hub = heap.node(m, NODE);
        node(&hub).data.add();
        m.publish(hub.value());
        node(&hub).header.make_hub(&heap.space);
        dict.locked(m, || dict.grow(hub));
        dict.locked(m, || dict.grow(int(99)));
        join(m, giver);
        join(m, reader)
    };
    explore_heap((2, 100), &[false, true], move || world_without_solo(weakened), model, |_, found| found);
}

#[test]
fn address_kept_with_an_id() {
    address_kept(None);
}

#[test]
#[should_panic(expected = "the address is not there")]
fn address_kept_without_release() {
    address_kept(Some(Step::CacheRelease));
}

/// Two threads take turns in filling three words of an inline cache. A third one that finds the first word of either finds what
/// the same one has put behind it, or nothing. The outcome is whether it found that of the one that it asks for.
fn three_words(weakened: Option<Step>) {
    const FILLINGS: [[u64; 3]; 2] = [[10, 11, 12], [20, 21, 22]];
    explore(Some(4), 100, &[false, true], move || {
        let heap = Heap::new(world_without_solo(weakened));
        let cache = Arc::new([0, 1, 2].map(|_| CacheWord::new(0)));
        let filling = Arc::new(loom::sync::Mutex::new(()));
        let others = FILLINGS.map(|words| {
            let (cache, filling) = (Arc::clone(&cache), Arc::clone(&filling));
            thread::spawn(move || {
                let _guard = filling.lock().expect("not poisoned");
                fill_three(&cache, words);
            })
        });
        let first = cache[0].load();
        let asked = FILLINGS[0];
        let found = match first {
            0 => None,
            first => third_word(&cache, first, |second| second == asked[1]),
        };
        if let Some(third) = found {
            assert_eq!(third, asked[2], "words of two fillings");
        }
        others.into_iter().for_each(|other| other.join().expect("joined"));
        drop(heap);
        found.is_some()
    });
}

#[test]
fn three_cache_words() {
    three_words(None);
}

#[test]
#[should_panic(expected = "words of two fillings")]
fn three_cache_words_not_compared_again() {
    three_words(Some(Step::WordsComparedAgain));
}

/// Enters a new shape.
fn enter_shape(heap: &Heap, id: u32) -> Box<ShapeHead> {
    // SAFETY: the node's shape is there.
    let ops = unsafe { (*heap.space.shapes.get(NODE)).ops };
    let (flags, class) = (AtomicU32::new(id), std::ptr::null_mut());
    let mut shape = Box::new(ShapeHead { ops, id, flags, attr_offset: 0, attr_inline: 0, class });
    heap.space.shapes.set(id, &mut *shape);
    shape
}

/// Two threads make a shape each, enter it, and name it in the same inline cache. A third one that finds one there finds the
/// shape and its contents, and what the word says belongs together. The outcome is what it found, looking twice.
fn cached_shape(weakened: Option<Step>) {
    const SHAPES: [u32; 2] = [5, 6];
    const MARK: u64 = 1000;
    let looks = [0, 5, 6].map(|first| [0, 5, 6].map(|second| (first, second))).concat();
    let expected: Vec<_> = looks.into_iter().filter(|&(first, second)| first == 0 || second != 0).collect();
    explore(Some(4), 100, &expected, move || {
        let heap = Heap::new(world_without_solo(weakened));
        let cache = Arc::new(CacheWord::new(0));
        let fill = |id: u32| {
            let (heap, cache) = (Arc::clone(&heap), Arc::clone(&cache));
            move || {
                let shape = enter_shape(&heap, id);
                cache.store(u64::from(id) | (MARK + u64::from(id)) << 32);
                shape
            }
        };
        let look = || {
            let word = cache.load();
            let id = word as u32;
            if id != 0 {
                assert_eq!(word >> 32, MARK + u64::from(id));
                let shape = heap.space.shapes.get(id);
                assert!(!shape.is_null(), "the shape is not there");
                // SAFETY: entered shapes stay.
                assert_eq!(unsafe { (*shape).flags.load(Ordering::Relaxed) }, id);
            }
            id
        };
        let others = SHAPES.map(|id| thread::spawn(fill(id)));
        let found = (look(), look());
        let shapes = others.map(|other| other.join().expect("joined"));
        drop(shapes);
        found
    });
}

#[test]
fn inline_cache_names_a_shape() {
    cached_shape(None);
}

#[test]
#[should_panic(expected = "the shape is not there")]
fn inline_cache_without_release() {
    cached_shape(Some(Step::CacheRelease));
}
