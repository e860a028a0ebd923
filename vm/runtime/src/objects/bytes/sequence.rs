//! What methods that `bytes` and `bytearray` share are written against.
//!
//! A method first takes its arguments apart, which may run Python, and then looks at the contents through
//! [`ByteSeq::contents`], which gives them as they are at that moment: in place if nobody can change them, else a copy.

use super::{PyByteArray, PyBytes, new_bytearray, try_new_bytes};
use crate::prelude::*;

/// `bytes` or `bytearray`.
pub(crate) trait ByteSeq: Object {
    const IS_ARRAY: bool;

    /// Runs `f` with the contents, which it does not change and cannot run Python with.
    fn contents<T>(&self, cx: &Cx, f: impl FnOnce(&[u8]) -> T) -> T;

    /// Runs `f`, which may run Python, while nobody may change the length: `BufferError` where it is tried.
    fn held<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut Cx) -> T) -> T;

    /// A new object of the exact type.
    ///
    /// # Errors
    /// `MemoryError`.
    fn make(cx: &mut Cx, contents: Vec<u8>) -> R;

    /// A new small object of the exact type.
    fn piece(cx: &Cx, contents: &[u8]) -> Obj;

    /// The object itself where it may stand for a result of equal contents; `None` if a copy must be made.
    fn unchanged(&self, cx: &Cx) -> Option<Obj>;
}

impl ByteSeq for PyBytes {
    const IS_ARRAY: bool = false;

    #[inline]
    fn contents<T>(&self, _: &Cx, f: impl FnOnce(&[u8]) -> T) -> T {
        f(self.as_bytes())
    }

    #[inline]
    fn held<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut Cx) -> T) -> T {
        f(cx)
    }

    #[inline]
    fn make(cx: &mut Cx, contents: Vec<u8>) -> R {
        try_new_bytes(cx, &contents)
    }

    #[inline]
    fn piece(cx: &Cx, contents: &[u8]) -> Obj {
        super::new_bytes(cx, contents)
    }

    fn unchanged(&self, cx: &Cx) -> Option<Obj> {
        cx.is_exactly(ref_of(self), Builtin::Bytes).then(|| ref_of(self).own(cx))
    }
}

impl ByteSeq for PyByteArray {
    const IS_ARRAY: bool = true;

    #[inline]
    fn contents<T>(&self, cx: &Cx, f: impl FnOnce(&[u8]) -> T) -> T {
        // Methods take time in proportion to the contents: not under a lock that others wait for.
        match cx.is_exclusive(&self.h) {
            true => self.read(cx, f),
            false => f(&self.snapshot(cx)),
        }
    }

    fn held<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut Cx) -> T) -> T {
        self.export(cx);
        let result = f(cx);
        self.unexport(cx);
        result
    }

    #[inline]
    fn make(cx: &mut Cx, contents: Vec<u8>) -> R {
        Ok(new_bytearray(cx, contents))
    }

    fn piece(cx: &Cx, contents: &[u8]) -> Obj {
        new_bytearray(cx, contents.to_vec())
    }

    fn unchanged(&self, _: &Cx) -> Option<Obj> {
        None
    }
}

/// The object if it may stand for its own contents, else a copy.
///
/// # Errors
/// `MemoryError`.
pub(crate) fn same<T: ByteSeq>(cx: &mut Cx, this: &T) -> R {
    match this.unchanged(cx) {
        Some(same) => Ok(same),
        None => {
            let copy = this.contents(cx, try_to_vec);
            match copy {
                Some(copy) => T::make(cx, copy),
                None => Err(cx.memory_error()),
            }
        }
    }
}

/// A copy, `None` if there is no memory.
pub(crate) fn try_to_vec(contents: &[u8]) -> Option<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(contents.len()).ok()?;
    copy.extend_from_slice(contents);
    Some(copy)
}
