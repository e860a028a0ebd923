//! Containers read without their lock: items of lists, tables of dicts and the search in them, against all that writers do.
//!
//! The writer's steps are done here in the order in which the containers of the runtime do them.
#![cfg(all(loom, not(any(feature = "gil", feature = "pep703"))))]

use loom::thread;
use std::sync::Arc;
use ungil_gc::{EMPTY_SLOT, Obj, Slot, Value, entry_number_ordering, shared_item, shared_table, shared_walk};
use ungil_locks::primitive::{AtomicI32, AtomicPtr, AtomicU8, AtomicUsize, Ordering, UnsafeCell};
use ungil_locks::weaken::Step;
use ungil_loom_tests::{explore, world_without_solo};

fn int(i: i64) -> Obj {
    Obj::immediate(Value::from_int(i).expect("small"))
}

/// A list whose storage has room for two items, of which it has one. Another thread sorts it: takes the storage out, appends
/// to the list meanwhile, in storage of its own, and puts the first storage back. Threads that read by index must not look
/// past the end of the storage that they have found. The outcome is what is found at the index 2.
fn list_is_sorted(weakened: Option<Step>) {
    explore(Some(4), 100, &[None, Some(7)], move || {
        // For its weakened step.
        let _world = world_without_solo(weakened);
        let int = |i| Slot::new(int(i));
        // What lies behind the end of the first storage is 99 here.
        let first: Arc<[Slot; 3]> = Arc::new([int(1), int(2), int(99)]);
        let second: Arc<[Slot; 3]> = Arc::new([int(5), int(6), int(7)]);
        let items = AtomicPtr::new(std::ptr::from_ref(&first[0]).cast_mut());
        let list = Arc::new((items, AtomicUsize::new(2)));
        let reader = {
            let list = Arc::clone(&list);
            thread::spawn(move || {
                // SAFETY: storage stays until the end of the model.
                unsafe { shared_item(&list.0, &list.1, 2) }.as_int()
            })
        };
        let (items, len) = (&list.0, &list.1);
        let set = |storage: *const Slot| items.store(storage.cast_mut(), Ordering::Release);
        // As `take_storage`, `append` and `put_storage` do.
        len.store(0, Ordering::Release);
        set(std::ptr::null());
        set(&second[0]);
        len.store(3, Ordering::Release);
        len.store(0, Ordering::Release);
        set(std::ptr::null());
        set(&first[0]);
        len.store(2, Ordering::Release);
        let found = reader.join().expect("joined");
        assert_ne!(found, Some(99), "past the end");
        found
    });
}

#[test]
fn list_is_sorted_under_a_reader() {
    list_is_sorted(None);
}

#[test]
#[should_panic(expected = "past the end")]
fn list_is_sorted_without_the_second_comparison() {
    list_is_sorted(Some(Step::LengthComparedAgain));
}

/// A list grows into new storage, appends, lets its first item go, and shrinks into smaller storage. A reader finds at the
/// index 1 what stands there at some time, or nothing; never what lies behind the end of the storage that it looks at.
fn list_changes(weakened: Option<Step>) {
    explore(Some(4), 100, &[None, Some(2), Some(3)], move || {
        // For its weakened step.
        let _world = world_without_solo(weakened);
        let int = |i| Slot::new(int(i));
        let small: Arc<[Slot; 2]> = Arc::new([int(1), int(99)]);
        let large: Arc<[Slot; 3]> = Arc::new([int(1), Slot::empty(), Slot::empty()]);
        let less: Arc<[Slot; 3]> = Arc::new([int(2), int(3), int(99)]);
        let items = AtomicPtr::new(std::ptr::from_ref(&small[0]).cast_mut());
        let list = Arc::new((items, AtomicUsize::new(1)));
        let reader = {
            let list = Arc::clone(&list);
            // SAFETY: storage stays until the end of the model.
            thread::spawn(move || unsafe { shared_item(&list.0, &list.1, 1) }.as_int())
        };
        let (items, len) = (&list.0, &list.1);
        // As `set_capacity`, `append` twice, `remove_locked` and `shrink` do.
        items.store(std::ptr::from_ref(&large[0]).cast_mut(), Ordering::Release);
        large[1].swap_locked(&int(2));
        len.store(2, Ordering::Release);
        large[2].swap_locked(&int(3));
        len.store(3, Ordering::Release);
        large[0].swap_locked(&int(2));
        large[1].swap_locked(&int(3));
        len.store(2, Ordering::Release);
        items.store(std::ptr::from_ref(&less[0]).cast_mut(), Ordering::Release);
        let found = reader.join().expect("joined");
        assert_ne!(found, Some(99), "past the end");
        found
    });
}

#[test]
fn list_changes_under_a_reader() {
    list_changes(None);
}

#[test]
#[should_panic(expected = "past the end")]
fn list_changes_without_the_second_look_at_storage() {
    list_changes(Some(Step::StorageComparedAgain));
}

/// A dict gets a larger table, then loses it. A reader's sizes are those of the table that it has found. The outcome is the
/// table's size.
fn dict_grows(weakened: Option<Step>) {
    explore(Some(4), 100, &[None, Some(3), Some(4)], move || {
        // For its weakened step.
        let _world = world_without_solo(weakened);
        // Each table says its size.
        let tables: Arc<[u8; 2]> = Arc::new([3, 4]);
        let at = |i: usize| std::ptr::from_ref(&tables[i]).cast_mut();
        let dict = Arc::new((AtomicPtr::new(at(0)), AtomicU8::new(3), AtomicU8::new(3)));
        let reader = {
            let dict = Arc::clone(&dict);
            thread::spawn(move || {
                shared_table(&dict.0, [&dict.1, &dict.2]).map(|(table, sizes)| {
                    // SAFETY: tables stay until the end of the model.
                    assert_eq!(sizes, [unsafe { *table }; 2], "sizes of another table");
                    sizes[0]
                })
            })
        };
        let (table, sizes) = (&dict.0, [&dict.1, &dict.2]);
        let set = |new: *mut u8, size: u8| {
            // As `resize` and `take_table` do.
            table.store(std::ptr::null_mut(), Ordering::Release);
            sizes.iter().for_each(|field| field.store(size, Ordering::Release));
            if !new.is_null() {
                table.store(new, Ordering::Release);
            }
        };
        set(at(1), 4);
        set(std::ptr::null_mut(), 0);
        let found = reader.join().expect("joined");
        drop(tables);
        found
    });
}

#[test]
fn dict_grows_under_a_reader() {
    dict_grows(None);
}

#[test]
#[should_panic(expected = "sizes of another table")]
fn dict_grows_without_the_second_comparison() {
    dict_grows(Some(Step::TableComparedAgain));
}

/// An entry as a dict has it: the hash is written before anybody else finds the entry, and never again.
struct Entry {
    hash: UnsafeCell<i64>,
    key: Slot,
    value: Slot,
}

/// As much of a dict's table as the protocol needs; its memory has been used before.
struct Table {
    index: [AtomicI32; 4],
    entries: [Entry; 3],
}

// SAFETY: loom finds the races, which is what the tests are about.
unsafe impl Sync for Table {}
// SAFETY: as above.
unsafe impl Send for Table {}

const DELETED: i32 = -2;
/// All keys have the same hash, so that a search passes all of them.
const HASH: i64 = 1;

impl Table {
    fn new() -> Table {
        let small = |i| Slot::new(int(i));
        // The key that is looked for, with a value that it had before the memory was freed.
        let entry = || Entry { hash: UnsafeCell::new(HASH), key: small(KEY), value: small(99) };
        Table {
            index: std::array::from_fn(|_| AtomicI32::new(EMPTY_SLOT)),
            entries: std::array::from_fn(|_| entry()),
        }
    }

    /// As `insert_new` does.
    fn insert(&self, n: usize, key: i64, value: i64) {
        let entry = &self.entries[n];
        entry.hash.with_mut(|hash| {
            // SAFETY: loom checks that nobody else touches it.
            unsafe { *hash = HASH }
        });
        for (slot, content) in [(&entry.key, key), (&entry.value, value)] {
            slot.swap_locked(&Slot::empty());
            slot.swap_locked(&Slot::new(int(content)));
        }
        let free = self.slots().find(|&slot| self.number(slot) < 0).expect("there is room");
        self.index[free].store(n as i32, entry_number_ordering());
    }

    /// As `take_entry` does.
    fn delete(&self, n: usize) {
        let at = self.slots().find(|&slot| self.number(slot) == n as i32).expect("it is there");
        self.index[at].store(DELETED, entry_number_ordering());
        self.entries[n].value.swap_locked(&Slot::empty());
        self.entries[n].key.swap_locked(&Slot::empty());
    }

    /// The slots in the order in which a search for the hash passes them.
    fn slots(&self) -> impl Iterator<Item = usize> {
        [1, 2, 3, 0].into_iter()
    }

    fn number(&self, slot: usize) -> i32 {
        self.index[slot].load(Ordering::Acquire)
    }

    /// As the dict's `shared_walk`.
    fn find(&self, key: i64) -> Option<i64> {
        let key = int(key);
        let look = |n: i32| {
            let entry = &self.entries[n as usize];
            let stored = entry.key.peek_shared();
            // SAFETY: loom checks that nobody writes meanwhile.
            let same_hash = entry.hash.with(|hash| unsafe { *hash }) == HASH;
            (same_hash && stored == key.value()).then(|| entry.value.peek_shared())
        };
        shared_walk(self.index.len() - 1, HASH, |slot| self.number(slot), look).as_int()
    }
}

const KEY: i64 = 5;
const OTHER: i64 = 6;

/// A dict in whose table another key is entered, the one that a reader looks for is taken out and entered again, into an
/// entry of its own. The reader, who looks twice, finds one of its two values, or nothing, and nothing older the second time. It
/// never finds what was in that memory before, nor the value of another key.
fn dict_changes(weakened: Option<Step>) {
    let (first, second) = (Some(10), Some(30));
    let expected =
        [(first, first), (first, None), (first, second), (None, None), (None, second), (second, second)];
    explore(Some(5), 100, &expected, move || {
        // For its weakened step.
        let _world = world_without_solo(weakened);
        let table = Arc::new(Table::new());
        table.insert(0, KEY, 10);
        let reader = {
            let table = Arc::clone(&table);
            thread::spawn(move || (table.find(KEY), table.find(KEY)))
        };
        table.insert(1, OTHER, 20);
        table.delete(0);
        if weakened == Some(Step::EntryServesOneKey) {
            table.insert(0, OTHER, 20);
        }
        table.insert(2, KEY, 30);
        let found = reader.join().expect("joined");
        for found in [found.0, found.1] {
            assert_ne!(found, Some(99), "what was in that memory before");
            assert_ne!(found, Some(20), "the value of another key");
        }
        found
    });
}

#[test]
fn dict_changes_under_a_reader() {
    dict_changes(None);
}

#[test]
#[should_panic(expected = "iolation")]
fn dict_changes_without_release() {
    dict_changes(Some(Step::EntryNumberRelease));
}

#[test]
#[should_panic(expected = "iolation")]
fn dict_changes_with_entries_used_again() {
    dict_changes(Some(Step::EntryServesOneKey));
}
