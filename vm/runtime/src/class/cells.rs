//! Cells: what a name resolves to through a class's MRO, by an index that fits an inline cache.
//!
//! A cache that has guarded an instance's shape (hence its class) finds the method with two loads, and a change to
//! a class empties the cells concerned instead of hunting for caches. A cell ends with its class, and may serve another
//! one then: caches that know it go by shapes of the class or by its number, which no object has any more. A cell's value is
//! borrowed from the class dict that holds it: the change empties the cell before it drops the value. Readers that are
//! not exclusive take the cell's lock to count what they read.

use crate::class::Builtin;
use crate::{Cx, Obj, Value};
use ungil_locks::ObjLock;
use ungil_locks::primitive::{AtomicU64, AtomicUsize, Mutex, Ordering};

/// What a cell holds for a name that the MRO does not have.
pub const ABSENT: Value = Value::NOT_FOUND;

/// Most cells that there can be: what the payload of an inline cache holds.
const MAX_CELLS: usize = 1 << 24;

#[repr(C)]
struct AttrCell {
    value: AtomicU64,
    lock: ObjLock,
}

/// See the module's head.
pub struct CellTable {
    base: *mut AttrCell,
    next: AtomicUsize,
    /// Cells of classes that have been freed.
    free: Mutex<Vec<u32>>,
}

// SAFETY: cells are atomics and locks; the base is constant.
unsafe impl Send for CellTable {}
// SAFETY: as above.
unsafe impl Sync for CellTable {}

impl Default for CellTable {
    fn default() -> Self {
        let layout = std::alloc::Layout::array::<AttrCell>(MAX_CELLS).expect("constant");
        // Zeroed memory of this size comes untouched from the system: only pages in use are ever backed.
        // SAFETY: the size is not zero.
        let base = unsafe { std::alloc::alloc_zeroed(layout) };
        if base.is_null() {
            std::alloc::handle_alloc_error(layout);
        }
        CellTable { base: base.cast(), next: AtomicUsize::new(1), free: Mutex::default() }
    }
}

impl CellTable {
    /// A new cell, or `None` if there are no more: the site stays without a cache.
    pub fn add(&self, value: Value) -> Option<u32> {
        if let Some(index) = self.free.lock().unwrap_or_else(|p| p.into_inner()).pop() {
            self.cell(index).value.store(value.0, Ordering::Release);
            return Some(index);
        }
        // ORD: relaxed; only uniqueness matters.
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if index >= MAX_CELLS {
            return None;
        }
        self.cell(index as u32).value.store(value.0, Ordering::Release);
        Some(index as u32)
    }

    /// Takes back cells whose class is being freed.
    pub(crate) fn retire(&self, indices: impl Iterator<Item = u32>) {
        let mut free = self.free.lock().unwrap_or_else(|p| p.into_inner());
        for index in indices {
            // ORD: relaxed; nobody looks at it.
            self.cell(index).value.store(Value::UNDEF.0, Ordering::Relaxed);
            free.push(index);
        }
    }

    #[inline(always)]
    fn cell(&self, index: u32) -> &AttrCell {
        debug_assert!((index as usize) < MAX_CELLS);
        // SAFETY: indices come from `add`.
        unsafe { &*self.base.add(index as usize) }
    }

    /// The value, borrowed until the thread is quiescent. `UNDEF` if emptied.
    #[inline(always)]
    pub fn peek(&self, index: u32) -> Value {
        let v = self.peek_locked(index);
        if ungil_gc::model::BORROWS { v } else { ungil_gc::lasting(v, || self.peek_locked(index)) }
    }

    /// The value, borrowed while the cell's lock is held.
    #[inline(always)]
    fn peek_locked(&self, index: u32) -> Value {
        // ORD: acquire, so that other threads' values are seen as they were put here.
        Value(self.cell(index).value.load(Ordering::Acquire))
    }

    /// Whether the cell says that there is no such attribute.
    #[inline(always)]
    pub fn is_absent(&self, index: u32) -> bool {
        self.peek_locked(index) == ABSENT
    }

    /// The value, counted; `None` if the cell was emptied or says that there is none.
    #[inline]
    pub fn get(&self, cx: &Cx, index: u32) -> Option<Obj> {
        let cell = self.cell(index);
        let exclusive = cx.owns_everything();
        if !exclusive {
            cell.lock.lock(&cx.world);
        }
        let v = self.peek_locked(index);
        // SAFETY: whoever changes the class empties the cell, under its lock, before dropping the value.
        let found = (!v.is_undef() && v != ABSENT).then(|| unsafe { Obj::from_borrowed(v, cx) });
        if !exclusive {
            cell.lock.unlock(&cx.world);
        }
        found
    }

    /// Makes the functions in all cells hubs, before the first thread is started: all threads use what a cell holds.
    pub(crate) fn keep_functions(&self, cx: &Cx) {
        // ORD: relaxed; there is one thread.
        let count = self.next.load(Ordering::Relaxed).min(MAX_CELLS);
        (1..count).for_each(|index| keep_function(cx, self.peek_locked(index as u32)));
    }

    /// Sets or empties a cell.
    pub fn set(&self, cx: &Cx, index: u32, value: Value) {
        if cx.space.makes_hubs() {
            keep_function(cx, value);
        }
        let cell = self.cell(index);
        cell.lock.lock(&cx.world);
        cell.value.store(value.0, Ordering::Release);
        cell.lock.unlock(&cx.world);
    }
}

/// Makes what a cell holds a hub if it is a function.
fn keep_function(cx: &Cx, v: Value) {
    // SAFETY: what is in a cell, or enters it, is alive.
    if v.is_ptr() && unsafe { (*v.ptr()).shape_id() } == Builtin::Function as u32 {
        // SAFETY: as above.
        unsafe { (*v.ptr()).make_hub(&cx.space) };
    }
}
