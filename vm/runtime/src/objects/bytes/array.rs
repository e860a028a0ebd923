//! `bytearray`'s layout and access to its contents.
//!
//! The object's lock guards the storage and the number of exports. While a buffer is exported (a `memoryview` exists) the
//! storage neither moves nor changes its length; whoever would have to gets a `BufferError`. Single bytes still
//! change, under the lock. Nothing keeps a reference into the storage beyond a lock hold.

use crate::objects::sync::locked;
use crate::prelude::*;
use std::cell::{Cell, UnsafeCell};

/// A `bytearray`.
#[repr(C)]
pub struct PyByteArray {
    pub h: Header,
    storage: UnsafeCell<Vec<u8>>,
    /// Buffers that look at the storage now.
    exports: Cell<usize>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload.
unsafe impl Object for PyByteArray {
    const OPS: &'static TypeOps = &BYTEARRAY_OPS;
}

pub static BYTEARRAY_OPS: TypeOps = TypeOps {
    name: "bytearray",
    size: |_| size_of::<PyByteArray>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: the object is a bytearray and this thread's alone.
    let array = unsafe { &*h.cast::<PyByteArray>() };
    // SAFETY: as above.
    drop(std::mem::take(unsafe { &mut *array.storage.get() }));
}

/// The exports forbid what was to be done.
#[derive(Debug)]
pub(crate) struct Exported;

/// A new `bytearray`, which takes over the storage.
pub fn new_bytearray(cx: &Cx, storage: Vec<u8>) -> Obj {
    cx.alloc(Builtin::ByteArray, |h| PyByteArray::with(h, storage))
}

impl PyByteArray {
    pub(super) fn with(h: Header, storage: Vec<u8>) -> PyByteArray {
        PyByteArray { h, storage: UnsafeCell::new(storage), exports: Cell::new(0) }
    }

    /// Runs `f` with the contents, under the lock. `f` is short and has no way to run Python.
    #[inline]
    pub(crate) fn read<T>(&self, cx: &Cx, f: impl FnOnce(&[u8]) -> T) -> T {
        // SAFETY: the lock is held.
        locked(cx, &self.h, || f(unsafe { &*self.storage.get() }))
    }

    /// Runs `f` with the contents, whose length it cannot change, under the lock.
    #[inline]
    pub(crate) fn write<T>(&self, cx: &Cx, f: impl FnOnce(&mut [u8]) -> T) -> T {
        // SAFETY: the lock is held, so no other reference to the contents exists.
        locked(cx, &self.h, || f(unsafe { &mut *self.storage.get() }))
    }

    /// Runs `f` with the storage, whose length it may change, under the lock.
    #[inline]
    pub(crate) fn resize<T>(&self, cx: &Cx, f: impl FnOnce(&mut Vec<u8>) -> T) -> Result<T, Exported> {
        locked(cx, &self.h, || match self.exports.get() {
            // SAFETY: the lock is held, so no other reference to the contents exists, and nobody else has a pointer.
            0 => Ok(f(unsafe { &mut *self.storage.get() })),
            _ => Err(Exported),
        })
    }

    /// The number of bytes.
    #[inline]
    pub fn len(&self, cx: &Cx) -> usize {
        self.read(cx, <[u8]>::len)
    }

    /// A copy of the contents.
    pub fn snapshot(&self, cx: &Cx) -> Vec<u8> {
        self.read(cx, <[u8]>::to_vec)
    }

    /// Room for the contents, spare included.
    pub(super) fn capacity(&self, cx: &Cx) -> usize {
        // SAFETY: the lock is held.
        locked(cx, &self.h, || unsafe { &*self.storage.get() }.capacity())
    }

    /// Fixes the storage in its place and length, and says where it is, until [`PyByteArray::unexport`].
    pub(crate) fn export(&self, cx: &Cx) -> (*mut u8, usize) {
        locked(cx, &self.h, || {
            self.exports.set(self.exports.get() + 1);
            // SAFETY: the lock is held.
            let storage = unsafe { &mut *self.storage.get() };
            (storage.as_mut_ptr(), storage.len())
        })
    }

    /// Ends an export.
    pub(crate) fn unexport(&self, m: &Mutator) {
        if m.is_exclusive(&self.h) {
            return self.exports.set(self.exports.get() - 1);
        }
        self.h.lock.lock(&m.world);
        self.exports.set(self.exports.get() - 1);
        self.h.lock.unlock(&m.world);
    }

    /// The error for a change of length while a buffer is exported.
    ///
    /// # Errors
    /// `BufferError`, always.
    pub(crate) fn exported_error(cx: &mut Cx) -> Err {
        cx.error(Builtin::BufferError, "Existing exports of data: object cannot be re-sized")
    }
}
