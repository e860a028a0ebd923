//! How threads count hubs: objects that all of them use all the time, such as classes.
//!
//! A count in the object would be one cache line that all threads wait for. So each hub has a number, and each thread a
//! table of how its own references have changed, by that number. The collector, with the world stopped, enters all tables
//! in the objects' counts: then these are right (`candidates.rs`). A thread that owns everything counts in the object
//! itself, as it does for all others. Also here: the list of all mutators.

use crate::{Header, KEPT_BYTES, Mutator, model};
use std::ptr;
use ungil_locks::primitive::{Mutex, Reserved, UnsafeCell, size};

/// Most hubs that there can be: what their number has room for. Number 0 is nobody's.
const MAX_HUBS: usize = size(1 << 22, 4);

/// The numbers of hubs. They are given out anew after the collector has freed a hub.
#[derive(Default)]
pub struct HubNumbers(Mutex<Numbers>);

#[derive(Default)]
struct Numbers {
    /// The hub with each number from 1 on; null if it is free.
    hubs: Vec<*const Header>,
    free: Vec<u32>,
}

// SAFETY: the pointers are followed with the world stopped only, and leave the table before the hub is freed.
unsafe impl Send for Numbers {}

impl HubNumbers {
    fn locked(&self) -> impl std::ops::DerefMut<Target = Numbers> + '_ {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A number for a new hub; `None` if there are too many.
    pub(crate) fn new_number(&self, hub: *const Header) -> Option<u32> {
        let mut numbers = self.locked();
        if let Some(number) = numbers.free.pop() {
            numbers.hubs[number as usize - 1] = hub;
            return Some(number);
        }
        if numbers.hubs.len() + 1 >= MAX_HUBS {
            return None;
        }
        numbers.hubs.push(hub);
        Some(numbers.hubs.len() as u32)
    }

    /// Takes back a number. All tables have nothing under it.
    pub(crate) fn retire(&self, number: u32) {
        let mut numbers = self.locked();
        numbers.hubs[number as usize - 1] = std::ptr::null();
        numbers.free.push(number);
    }

    /// The largest number that has been given out.
    pub fn used(&self) -> usize {
        self.locked().hubs.len()
    }
}

/// A thread's table. Touched by its thread while that is attached, otherwise under the mutex of the list of mutators.
pub struct HubCounts(Reserved<UnsafeCell<i64>>);

impl Default for HubCounts {
    fn default() -> Self {
        HubCounts(if model::HUBS { Reserved::new(MAX_HUBS) } else { Reserved::none() })
    }
}

impl Drop for HubCounts {
    fn drop(&mut self) {
        if model::HUBS {
            // SAFETY: made with this size in `default`.
            unsafe { self.0.free(MAX_HUBS) };
        }
    }
}

impl HubCounts {
    /// Counts `by` references to the hub of this number. Inlined without a call: callers are handlers that must not need a
    /// stack frame.
    #[cfg_attr(
        any(feature = "gil", feature = "gilectomy"),
        expect(dead_code, reason = "the model counts in the objects alone")
    )]
    #[inline(always)]
    pub(crate) fn count(&self, number: usize, by: i64) {
        // SAFETY: numbers are within the table, which is this thread's.
        unsafe { (*self.0.base().add(number)).with_mut(|sum| *sum += by) };
    }

    /// Takes out what is there for the hub, and gives it.
    pub(crate) fn take(&self, number: usize) -> i64 {
        // SAFETY: numbers are within the table; its thread stands still, or is the caller, or gone.
        unsafe { (*self.0.base().add(number)).with_mut(|sum| ptr::replace(sum, 0)) }
    }
}

/// The mutators of all threads.
#[derive(Default)]
pub struct Mutators(Mutex<List>);

#[derive(Default)]
struct List {
    all: Vec<*const Mutator>,
    /// What threads that have ended had counted.
    ended: Sums,
}

#[derive(Default)]
struct Sums(Vec<i64>);

impl Sums {
    fn add_all(&mut self, table: &HubCounts, used: usize) {
        if !model::HUBS {
            return;
        }
        self.0.resize(self.0.len().max(used + 1), 0);
        for (number, sum) in self.0.iter_mut().enumerate() {
            *sum += table.take(number);
        }
    }
}

// SAFETY: a mutator is there as long as it is listed, and is looked at by other threads with the world stopped only.
unsafe impl Send for Mutators {}
// SAFETY: as above.
unsafe impl Sync for Mutators {}

impl Mutators {
    fn list(&self) -> impl std::ops::DerefMut<Target = List> + '_ {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Lists a thread's mutator. It must not move until [`Mutators::remove`].
    pub(crate) fn add(&self, m: *const Mutator) {
        self.list().all.push(m);
    }

    /// Takes a mutator off the list; what its table says goes to the list's.
    pub(crate) fn remove(&self, m: &Mutator) {
        let mut list = self.list();
        list.ended.add_all(&m.hubs, m.space.hubs.used());
        list.all.retain(|&other| !ptr::eq(other, m));
    }

    /// In the child of a fork: the threads of all other mutators are gone, and so may be their stacks.
    pub fn forget_others(&self, m: &Mutator) {
        m.space.grace.forget_others(&m.retiring.member);
        model::forget_others(m);
        // The mutex may have been held by a thread that does not exist here; then the list is as it was.
        if let Ok(mut list) = self.0.try_lock() {
            let List { all, ended } = &mut *list;
            for &other in all.iter().filter(|&&other| !ptr::eq(other, m)) {
                // SAFETY: the memory of mutators is there still, and no thread uses it.
                unsafe {
                    ended.add_all(&(*other).hubs, m.space.hubs.used());
                    m.adopt((*other).take_open_stw());
                }
            }
            all.retain(|&other| ptr::eq(other, m));
        }
    }

    /// Enters in the counts of hubs what threads have counted for themselves; their tables are empty then.
    ///
    /// # Safety
    /// The world is stopped.
    pub(crate) unsafe fn enter_counts_stw(&self, numbers: &HubNumbers) {
        if !model::HUBS {
            return;
        }
        let mut list = self.list();
        let mut sums = std::mem::take(&mut list.ended);
        let numbers = numbers.locked();
        for &m in &list.all {
            // SAFETY: listed mutators are there, and their threads stand still.
            sums.add_all(unsafe { &(*m).hubs }, numbers.hubs.len());
        }
        for (&hub, &sum) in numbers.hubs.iter().zip(sums.0.iter().skip(1)) {
            // SAFETY: hubs leave the table before they are freed.
            if let Some(hub) = unsafe { hub.as_ref() } {
                hub.add_hub_count(sum);
            }
        }
    }

    /// Calls `visit` with what each thread has found dead and not sealed.
    ///
    /// # Safety
    /// The world is stopped, and `visit` does nothing that needs the list.
    pub(crate) unsafe fn take_open_stw(&self, visit: &mut dyn FnMut(Vec<crate::Retired>)) {
        // SAFETY: as above.
        self.list().all.iter().for_each(|&m| visit(unsafe { (*m).take_open_stw() }));
    }

    /// Makes all threads hand surplus blocks to the others.
    ///
    /// # Safety
    /// The world is stopped.
    pub(crate) unsafe fn donate_all_stw(&self) {
        // SAFETY: as above.
        self.list().all.iter().for_each(|&m| unsafe { (*m).donate(KEPT_BYTES) });
    }

    /// Calls `visit` with every word that a native function of any thread may hold.
    ///
    /// # Safety
    /// The world is stopped.
    pub(crate) unsafe fn stack_words_stw(&self, visit: &mut dyn FnMut(usize)) {
        // SAFETY: as above.
        self.list().all.iter().for_each(|&m| unsafe {
            match (*m).collecting.is_set() {
                true => (*m).collecting.words_stw(visit),
                false => (*m).stack.words_stw(visit),
            }
        });
    }
}
