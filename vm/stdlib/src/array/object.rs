//! The layout of an array and access to its contents, bytewise. Nothing keeps a reference into the storage beyond a lock hold.

use super::kind::{Item, Kind};
use std::cell::{Cell, UnsafeCell};
use ungil_runtime::objects::buffer::{BufferOps, View};
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

/// An array.
#[repr(C)]
pub struct PyArray {
    h: Header,
    pub kind: Kind,
    /// The items one behind the other. Guarded by the object's lock.
    storage: UnsafeCell<Vec<u8>>,
    /// Buffers that look at the storage now. Guarded by the object's lock.
    exports: Cell<usize>,
}

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: the array is this thread's alone.
    drop(std::mem::take(unsafe { &mut *(*h.cast::<PyArray>()).storage.get() }));
}

pub static ARRAY_OPS: TypeOps = TypeOps {
    name: "array.array",
    size: |_| size_of::<PyArray>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyArray {
    const OPS: &'static TypeOps = &ARRAY_OPS;
}

pub static BUFFER_OPS: BufferOps = BufferOps { export, release };

fn export(cx: &mut Cx, v: Ref<'_>) -> R<View> {
    // SAFETY: registered for this layout alone.
    let array = unsafe { v.cast_unchecked::<PyArray>() };
    let (start, len) = locked(cx, &array.h, || {
        array.exports.set(array.exports.get() + 1);
        // SAFETY: the lock is held.
        let storage = unsafe { &mut *array.storage.get() };
        (storage.as_mut_ptr(), storage.len())
    });
    let size = array.kind.size();
    Ok(View::of_items(start, len / size, size, array.kind.format().into(), false))
}

fn release(m: &Mutator, v: Ref<'_>) {
    // SAFETY: as in `export`.
    let array = unsafe { v.cast_unchecked::<PyArray>() };
    if m.is_exclusive(&array.h) {
        return array.exports.set(array.exports.get() - 1);
    }
    array.h.lock.lock(&m.world);
    array.exports.set(array.exports.get() - 1);
    array.h.lock.unlock(&m.world);
}

/// Why storage was not changed.
pub enum Refused {
    Exported,
    NoMemory,
}

/// Makes room for `more` bytes, growing as `Vec` does.
pub fn reserve(storage: &mut Vec<u8>, more: usize) -> Result<(), Refused> {
    storage.try_reserve(more).map_err(|_| Refused::NoMemory)
}

impl PyArray {
    /// A new array of a class.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn new_of(cx: &mut Cx, class: &PyType, kind: Kind, storage: Vec<u8>) -> R {
        cx.alloc_for(class, |h| PyArray { h, kind, storage: UnsafeCell::new(storage), exports: Cell::new(0) })
    }

    /// A new exact array.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn make(cx: &mut Cx, kind: Kind, storage: Vec<u8>) -> R {
        match super::CLASS.get() {
            Some(class) => PyArray::new_of(cx, class, kind, storage),
            None => Err(cx.system_error("the module array is not initialised")),
        }
    }

    /// Runs `f` with the contents, under the lock; it is short and has no way to run Python.
    #[inline]
    pub fn read<T>(&self, cx: &Cx, f: impl FnOnce(&[u8]) -> T) -> T {
        // SAFETY: the lock is held.
        locked(cx, &self.h, || f(unsafe { &*self.storage.get() }))
    }

    /// Runs `f` with the contents, whose length it cannot change, under the lock.
    #[inline]
    pub fn write<T>(&self, cx: &Cx, f: impl FnOnce(&mut [u8]) -> T) -> T {
        // SAFETY: the lock is held, so no other reference exists.
        locked(cx, &self.h, || f(unsafe { &mut *self.storage.get() }))
    }

    /// Runs `f` with the storage, whose length it may change, under the lock.
    ///
    /// # Errors
    /// `BufferError` if a buffer is exported, `MemoryError`.
    #[inline]
    pub fn resize<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut Vec<u8>) -> Result<T, Refused>) -> R<T> {
        let result = locked(cx, &self.h, || match self.exports.get() {
            // SAFETY: the lock is held, so no other reference exists, and nobody else has a pointer.
            0 => f(unsafe { &mut *self.storage.get() }),
            _ => Err(Refused::Exported),
        });
        match result {
            Ok(v) => Ok(v),
            Err(Refused::NoMemory) => Err(cx.memory_error()),
            Err(Refused::Exported) => {
                Err(cx.error(Builtin::BufferError, "cannot resize an array that is exporting buffers"))
            }
        }
    }

    /// The number of items.
    #[inline]
    pub fn len(&self, cx: &Cx) -> usize {
        self.read(cx, <[u8]>::len) / self.kind.size()
    }

    /// A copy of the contents.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn snapshot(&self, cx: &mut Cx) -> R<Vec<u8>> {
        let copy = self.read(cx, |storage| {
            let mut copy = Vec::new();
            copy.try_reserve_exact(storage.len()).ok()?;
            copy.extend_from_slice(storage);
            Some(copy)
        });
        copy.ok_or_else(|| cx.memory_error())
    }

    /// The item at a place.
    #[inline]
    pub fn item_at(&self, cx: &Cx, i: usize) -> Option<Item> {
        let size = self.kind.size();
        self.read(cx, |storage| {
            let start = i.checked_mul(size)?;
            let bytes = storage.get(start..start.checked_add(size)?)?;
            Some(item_of(bytes))
        })
    }

    /// The object at a place, `None` beyond the end.
    ///
    /// # Errors
    /// `ValueError` for what is no character.
    #[inline]
    pub fn get(&self, cx: &mut Cx, i: usize) -> R<Option<Obj>> {
        match self.item_at(cx, i) {
            Some(item) => self.kind.object(cx, item).map(Some),
            None => Ok(None),
        }
    }
}

/// An item from its bytes.
#[inline(always)]
pub fn item_of(bytes: &[u8]) -> Item {
    let mut item = [0; 8];
    match bytes.len() {
        8 => item.copy_from_slice(bytes),
        n => item[..n].copy_from_slice(bytes),
    }
    item
}
