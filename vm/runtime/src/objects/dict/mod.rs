//! `dict`: an insertion-ordered hash table.
//!
//! - `table.rs`: the table itself; `key.rs`: hashing and comparing keys without Python
//! - `access.rs`: what the rest of the VM does with dicts; `cache.rs`: positions of string keys for inline caches
//! - `methods.rs`, `update.rs`: Python's methods; `views.rs`, `view_sets.rs`: `keys()`, `values()`, `items()`; `iter.rs`: iterators
//!
//! The object's lock guards the table. A look-up that must run `__eq__` takes owned copies of the keys, lets go of the
//! lock, and starts over if keys have changed meanwhile. What leaves the table is dropped after the unlock.

mod access;
mod cache;
pub(crate) mod iter;
pub(crate) mod key;
pub(crate) mod methods;
mod table;
mod update;
mod view_sets;
pub(crate) mod views;

pub use methods::{declare, dict_from, init};
pub use table::Entry;
pub(crate) use update::iterates_as_dict;

use crate::objects::sync::Field;
use crate::prelude::*;
use std::cell::Cell;
use ungil_locks::primitive::{AtomicPtr, AtomicU8, AtomicU32};

/// A dict. The interpreter's handlers read `entries` and `keys_id`.
#[repr(C)]
pub struct PyDict {
    pub h: Header,
    /// The first entry; null while there is no table.
    pub(crate) entries: Field<AtomicPtr<Entry>>,
    /// Names the present set of keys and their places for inline caches: 0 if nobody asked for a name yet. Any
    /// change but the replacement of a value sets it to 0, and no number is given twice.
    pub(crate) keys_id: ungil_gc::KeysId,
    log2_size: Field<AtomicU8>,
    log2_index_bytes: Field<AtomicU8>,
    /// All keys are exact strings.
    only_str: Cell<bool>,
    /// Items.
    used: Field<AtomicU32>,
    /// Entries in use, holes included.
    filled: Field<AtomicU32>,
    /// Entries that may be appended before the table must grow.
    free: Field<AtomicU32>,
    /// Counts changes of keys, so that a probe which ran Python notices them.
    version: Field<AtomicU32>,
}

const _: () = assert!(size_of::<PyDict>() == ungil_gc::HEADER_SIZE + 32);

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyDict {
    const OPS: &'static TypeOps = &DICT_OPS;
}

pub static DICT_OPS: TypeOps = TypeOps {
    name: "dict",
    size: |_| size_of::<PyDict>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a dict that nobody changes meanwhile.
    let dict = unsafe { &*h.cast::<PyDict>() };
    for i in 0..dict.filled.get() {
        let entry = dict.entry(i);
        if !entry.key.is_empty() {
            visit(entry.key.peek());
            visit(entry.value.peek());
        }
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the dict is this thread's alone.
    let dict = unsafe { &*h.cast::<PyDict>() };
    dict.take_table().drop_backward(m);
}

impl PyDict {
    fn empty(h: Header) -> PyDict {
        PyDict {
            h,
            entries: Field::<AtomicPtr<Entry>>::new(std::ptr::null_mut()),
            keys_id: ungil_gc::KeysId::new(),
            log2_size: Field::<AtomicU8>::new(0),
            log2_index_bytes: Field::<AtomicU8>::new(0),
            only_str: Cell::new(true),
            used: Field::<AtomicU32>::new(0),
            filled: Field::<AtomicU32>::new(0),
            free: Field::<AtomicU32>::new(0),
            version: Field::<AtomicU32>::new(0),
        }
    }

    /// A new empty dict of a class that derives from `dict`.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn new_of(cx: &mut Cx, class: &PyType) -> R {
        cx.alloc_for::<PyDict>(class, PyDict::empty)
    }

    /// A new empty dict.
    #[inline]
    #[allow(clippy::new_ret_no_self)]
    pub fn new(cx: &Cx) -> Obj {
        cx.alloc(Builtin::Dict, PyDict::empty)
    }
}
