//! `bytes` and `bytearray`.
//!
//! - `mod.rs`: the layout of `bytes`, making them; `array.rs`: the layout of `bytearray`; `sequence.rs`: what methods that both
//!   have are written against; `construct.rs`: the constructors
//! - `search.rs`: search in bytes (for `str` too); `find.rs`, `split.rs`, `case.rs`, `change.rs`: the methods that both have
//! - `methods.rs`, `array_methods.rs`, `array_slices.rs`: the two types; `percent.rs`: `%`; `hex.rs`: `hex` and `fromhex`;
//!   `iter.rs`: iterators
//!
//! `bytes` never change, so reading takes no lock. The contents of a `bytearray` are guarded by its lock; see `array.rs`.

pub mod array;
mod array_methods;
mod array_slices;
mod case;
mod change;
mod construct;
mod find;
mod hex;
pub(crate) mod iter;
mod methods;
mod percent;
pub(crate) mod search;
pub(crate) mod sequence;
mod split;

pub use array::{PyByteArray, new_bytearray};
pub(crate) use array_slices::{get_item as array_get_item, set_item as array_set_item};
pub(crate) use construct::{bytearray_from, from_object};
pub(crate) use hex::to_hex;
pub use methods::{declare, init};
pub(crate) use methods::{get_item, range_of};

use crate::SharedValue;
use crate::objects::sync::Field;
use crate::prelude::*;
use std::sync::OnceLock;
use ungil_locks::primitive::AtomicI64;

/// A `bytes` object; the bytes follow the fields, and a zero follows them, so that C functions may be given their address.
#[repr(C)]
pub struct PyBytes {
    pub h: Header,
    /// The hash, or -1 if it is not known.
    hash: Field<AtomicI64>,
    pub(crate) len: usize,
    data: [u8; 0],
}

/// Bytes in front of the contents.
const DATA_OFFSET: usize = std::mem::offset_of!(PyBytes, data);
/// Longest contents; sizes of blocks computed from it do not overflow.
const MAX_LEN: usize = isize::MAX as usize / 2;

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made below with this payload.
unsafe impl Object for PyBytes {
    const OPS: &'static TypeOps = &BYTES_OPS;
}

pub static BYTES_OPS: TypeOps = TypeOps {
    name: "bytes",
    // SAFETY: the object is a `bytes`.
    size: |h| DATA_OFFSET + unsafe { (*h.cast::<PyBytes>()).len } + 1,
    trace: None,
    drop_fields: None,
    needs_finalizer: crate::finalize::has_del,
};

static EMPTY: OnceLock<SharedValue> = OnceLock::new();

impl PyBytes {
    /// The contents.
    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: `len` bytes follow the fields.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `hash(b)`, kept after the first time; that of a string with the same ASCII text.
    #[inline]
    pub fn hash(&self, cx: &Cx) -> i64 {
        match self.hash.get() {
            -1 => {
                let hash = crate::objects::str::hash_bytes(cx.vm.hash_seed, self.as_bytes());
                self.hash.set(hash);
                hash
            }
            hash => hash,
        }
    }
}

fn fields(h: Header, len: usize) -> PyBytes {
    PyBytes { h, hash: Field::<AtomicI64>::new(-1), len, data: [] }
}

/// A new exact `bytes` whose contents `fill` writes; `None` if there is no memory.
///
/// # Safety
/// `fill` writes `len` bytes.
#[inline(always)]
pub(crate) unsafe fn build(cx: &Cx, len: usize, fill: impl FnOnce(*mut u8)) -> Option<Obj> {
    if len > MAX_LEN {
        return None;
    }
    let p = cx.mutator().allocate(DATA_OFFSET + len + 1);
    if p.is_null() {
        return None;
    }
    // SAFETY: fresh memory of the payload's size.
    unsafe {
        p.cast::<PyBytes>().write(fields(Header::new(Builtin::Bytes as u32), len));
        fill(p.add(DATA_OFFSET));
        p.add(DATA_OFFSET + len).write(0);
        Some(Obj::from_owned(Value::from_ptr(p)))
    }
}

/// The empty `bytes`.
pub fn empty_bytes(cx: &Cx) -> Obj {
    let empty = EMPTY.get_or_init(|| {
        // SAFETY: nothing to fill.
        match unsafe { build(cx, 0, |_| ()) } {
            Some(empty) => SharedValue::new(empty),
            None => ungil_gc::fatal("out of memory"),
        }
    });
    empty.get().own(cx)
}

/// A `bytes` with these contents. Ends the process if there is no memory, as for small objects of any type.
#[inline]
pub fn new_bytes(cx: &Cx, contents: &[u8]) -> Obj {
    match copied(cx, contents) {
        Some(made) => made,
        None => ungil_gc::fatal("out of memory"),
    }
}

/// As [`new_bytes`], for contents of any length.
///
/// # Errors
/// `MemoryError`.
#[inline]
pub fn try_new_bytes(cx: &mut Cx, contents: &[u8]) -> R {
    copied(cx, contents).ok_or_else(|| cx.memory_error())
}

/// `a + b`, neither of which is empty.
///
/// # Errors
/// `MemoryError`.
pub(crate) fn concat(cx: &mut Cx, a: &PyBytes, b: &PyBytes) -> R {
    let (x, y) = (a.as_bytes(), b.as_bytes());
    // SAFETY: both parts are written.
    let made = unsafe {
        build(cx, x.len() + y.len(), |to| {
            to.copy_from_nonoverlapping(x.as_ptr(), x.len());
            to.add(x.len()).copy_from_nonoverlapping(y.as_ptr(), y.len());
        })
    };
    made.ok_or_else(|| cx.memory_error())
}

#[inline]
fn copied(cx: &Cx, contents: &[u8]) -> Option<Obj> {
    if contents.is_empty() {
        return Some(empty_bytes(cx));
    }
    // SAFETY: as many bytes as asked for.
    unsafe { build(cx, contents.len(), |to| to.copy_from_nonoverlapping(contents.as_ptr(), contents.len())) }
}

/// A `bytes` of a subclass.
///
/// # Errors
/// `MemoryError`.
pub fn new_bytes_of(cx: &mut Cx, class: &PyType, contents: &[u8]) -> R {
    if std::ptr::eq(class, cx.builtin(Builtin::Bytes)) {
        return try_new_bytes(cx, contents);
    }
    let len = contents.len();
    // SAFETY: the payload is a `bytes` of this length, all written; the class derives from bytes.
    unsafe {
        cx.alloc_sized(class, DATA_OFFSET + len + 1, |h, p| {
            p.cast::<PyBytes>().write(fields(h, len));
            p.add(DATA_OFFSET).copy_from_nonoverlapping(contents.as_ptr(), len);
            p.add(DATA_OFFSET + len).write(0);
        })
    }
}
