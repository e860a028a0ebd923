//! `memoryview`: not there yet. Buffers that need one say so.

use crate::prelude::*;

/// A view of an exporter's memory.
#[repr(C)]
pub struct PyMemoryView {
    pub h: Header,
}

pub static MEMORYVIEW_OPS: TypeOps = TypeOps {
    name: "memoryview",
    size: |_| size_of::<PyMemoryView>(),
    trace: None,
    drop_fields: None,
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyMemoryView {
    const OPS: &'static TypeOps = &MEMORYVIEW_OPS;
}

/// A view of any exporter.
///
/// # Errors
/// `NotImplementedError`.
pub fn new_memoryview(cx: &mut Cx, _v: Ref<'_>) -> R {
    Err(cx.error(Builtin::NotImplementedError, "memoryview is not supported yet"))
}

impl PyMemoryView {
    /// A copy of the contents.
    ///
    /// # Errors
    /// `NotImplementedError`.
    pub fn to_vec(&self, cx: &mut Cx) -> R<Vec<u8>> {
        Err(cx.error(Builtin::NotImplementedError, "memoryview is not supported yet"))
    }

    /// Bytes that may be written.
    ///
    /// # Errors
    /// `NotImplementedError`.
    pub fn writable_len(&self, cx: &mut Cx) -> R<usize> {
        Err(cx.error(Builtin::NotImplementedError, "memoryview is not supported yet"))
    }

    /// Writes through the view.
    ///
    /// # Errors
    /// `NotImplementedError`.
    pub fn write_with<T>(&self, cx: &mut Cx, _f: impl FnOnce(&mut [u8]) -> T) -> R<T> {
        Err(cx.error(Builtin::NotImplementedError, "memoryview is not supported yet"))
    }
}
