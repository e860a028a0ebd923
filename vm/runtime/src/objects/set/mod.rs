//! `set` and `frozenset`: a hash table of items.
//!
//! - `table.rs`: the table; `access.rs`: what the rest of the VM does with sets
//! - `algebra.rs`: union, intersection, difference; `methods.rs`: Python's methods; `iter.rs`: the iterator
//!
//! Both types share one struct. The object's lock guards the table, of frozen sets too, since making them is not atomic.
//! Comparing items that only Python can compare happens outside the lock, as in dicts.

mod access;
mod algebra;
pub(crate) mod iter;
pub(crate) mod methods;
mod table;

pub use access::{add, new_frozenset, new_set, set_from};
pub(crate) use methods::binary_exact;
pub use methods::{declare, init};

use crate::objects::sync::Field;
use crate::prelude::*;
use std::cell::Cell;
use table::SetEntry;
use ungil_locks::primitive::{AtomicI64, AtomicU32, AtomicUsize};

/// A set or frozen set.
#[repr(C)]
pub struct PySet {
    pub h: Header,
    /// `mask + 1` entries; null while the set has never held anything.
    table: Cell<*mut SetEntry>,
    mask: Cell<usize>,
    /// Items.
    used: Field<AtomicUsize>,
    /// Entries that are or were in use.
    fill: Cell<usize>,
    /// Where `pop` looks first.
    finger: Cell<usize>,
    /// The hash of a frozen set, or -1 if it is not known.
    hash: Field<AtomicI64>,
    /// Counts changes of items.
    version: Field<AtomicU32>,
}

// SAFETY: `repr(C)`, header first; objects of both types and their subclasses are made with this payload alone.
unsafe impl Object for PySet {
    const OPS: &'static TypeOps = &SET_OPS;
}

pub static SET_OPS: TypeOps = TypeOps {
    name: "set",
    size: |_| size_of::<PySet>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a set that nobody changes meanwhile.
    let set = unsafe { &*h.cast::<PySet>() };
    set.entries().iter().filter(|entry| !entry.key.is_empty()).for_each(|entry| visit(entry.key.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the set is this thread's alone.
    let set = unsafe { &*h.cast::<PySet>() };
    set.take_table().drop_items(m);
}

impl PySet {
    fn empty(h: Header) -> PySet {
        PySet {
            h,
            table: Cell::new(std::ptr::null_mut()),
            mask: Cell::new(0),
            used: Field::<AtomicUsize>::new(0),
            fill: Cell::new(0),
            finger: Cell::new(0),
            hash: Field::<AtomicI64>::new(-1),
            version: Field::<AtomicU32>::new(0),
        }
    }

    /// A new empty set.
    #[allow(clippy::new_ret_no_self)]
    pub fn new(cx: &Cx) -> Obj {
        cx.alloc(Builtin::Set, PySet::empty)
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.used.get()
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whether the value is a set or frozen set, or an instance of a subclass.
pub(crate) fn as_set<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PySet> {
    v.downcast::<PySet>(cx)
}
