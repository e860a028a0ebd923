//! Iterators over `bytes` and `bytearray`: they give ints.
//!
//! The index moves by one atomic step unless the thread is exclusive, so that threads which share an iterator get each
//! byte once.

use super::sequence::ByteSeq;
use super::{PyByteArray, PyBytes};
use crate::objects::iter::{self, EXHAUSTED, NativeIter, builtin_named, reduce_to};
use crate::objects::sync::{Field, slot_ops};
use crate::prelude::*;
use ungil_locks::primitive::AtomicUsize;

macro_rules! byte_iterator {
    ($name:ident, $ops:ident, $tp_name:literal, $doc:literal, $item:ty, $which:ident, $new:ident) => {
        #[doc = $doc]
        #[repr(C)]
        pub struct $name {
            pub h: Header,
            /// Empty once the iterator is exhausted.
            source: Slot,
            pub(crate) index: Field<AtomicUsize>,
        }

        slot_ops!($ops, $name, $tp_name, source);

        #[doc = $doc]
        #[inline]
        pub fn $new(cx: &Cx, source: &$item) -> Obj {
            let source = Slot::new(ref_of(source).own(cx));
            cx.alloc(Builtin::$which, |h| $name { h, source, index: Field::<AtomicUsize>::new(0) })
        }

        impl $name {
            #[inline(always)]
            fn source(&self) -> Option<&$item> {
                let v = self.source.peek();
                // SAFETY: made with such an object; only an exclusive thread empties the slot, and it looks at it from
                // then on only after a safepoint of all others.
                (!v.is_undef()).then(|| unsafe { Ref::from_value(v).cast_unchecked() })
            }

            fn len(&self, cx: &Cx) -> usize {
                self.source().map_or(0, |source| source.contents(cx, <[u8]>::len))
            }

            #[cold]
            fn finish(&self, cx: &Cx) {
                self.index.set(EXHAUSTED);
                if cx.is_exclusive(&self.h)
                    && let Some(source) = self.source.take_locked()
                {
                    cx.drop_value(source.into_value());
                }
            }
        }

        impl NativeIter for $name {
            #[inline]
            fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
                let Some(source) = self.source() else { return Ok(None) };
                let index = if cx.is_exclusive(&self.h) {
                    let index = self.index.get();
                    self.index.set(index + 1);
                    index
                } else {
                    self.index.add(1)
                };
                let byte = source.byte_at(cx, index);
                if byte.is_none() {
                    self.finish(cx);
                }
                Ok(byte.map(|b| cx.int(b as i64)))
            }
        }

        impl ByteIter for $name {
            const WHICH: Builtin = Builtin::$which;

            fn left(&self, cx: &Cx) -> usize {
                self.len(cx).saturating_sub(self.index.get())
            }

            fn state(&self, cx: &Cx) -> Option<(Obj, usize)> {
                let index = self.index.get();
                self.source.get(&self.h, cx).filter(|_| index < EXHAUSTED).map(|source| (source, index))
            }

            fn set_index(&self, cx: &Cx, index: usize) {
                if self.index.get() < EXHAUSTED {
                    self.index.set(index.min(self.len(cx)));
                }
            }
        }
    };
}

byte_iterator!(
    PyBytesIter,
    BYTES_ITER_OPS,
    "bytes_iterator",
    "`iter(bytes)`.",
    PyBytes,
    BytesIter,
    new_bytes_iter
);
byte_iterator!(
    PyByteArrayIter,
    BYTEARRAY_ITER_OPS,
    "bytearray_iterator",
    "`iter(bytearray)`.",
    PyByteArray,
    ByteArrayIter,
    new_bytearray_iter
);

impl PyBytes {
    #[inline(always)]
    pub(crate) fn byte_at(&self, _: &Cx, i: usize) -> Option<u8> {
        self.as_bytes().get(i).copied()
    }
}

impl PyByteArray {
    #[inline(always)]
    pub(crate) fn byte_at(&self, cx: &Cx, i: usize) -> Option<u8> {
        self.read(cx, |all| all.get(i).copied())
    }
}

/// What the methods of both iterators need.
trait ByteIter: NativeIter {
    const WHICH: Builtin;
    fn left(&self, cx: &Cx) -> usize;
    /// The object and the index, `None` once exhausted.
    fn state(&self, cx: &Cx) -> Option<(Obj, usize)>;
    fn set_index(&self, cx: &Cx, index: usize);
}

fn hint<T: ByteIter>(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.int(a.this::<T>().left(cx) as i64))
}

fn reduce<T: ByteIter>(cx: &mut Cx, a: Args<'_>) -> R {
    let function = builtin_named(cx, "iter")?;
    match a.this::<T>().state(cx) {
        Some((source, index)) => reduce_to(cx, function, source, Some(index as i64)),
        None => {
            let empty = cx.tuple(Vec::new());
            reduce_to(cx, function, empty, None)
        }
    }
}

fn setstate<T: ByteIter>(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    a.this::<T>().set_index(cx, index.max(0) as usize);
    Ok(cx.none())
}

fn fill<T: ByteIter>(cx: &mut Cx) {
    iter::fill::<T>(cx, T::WHICH, Some(Leaf(hint::<T>)), Some(Full(reduce::<T>)), Some(Full(setstate::<T>)));
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyBytesIter>();
    TypeBuilder::declare(cx, Builtin::BytesIter, "bytes_iterator", &BYTES_ITER_OPS, size, true);
    let size = size_of::<PyByteArrayIter>();
    TypeBuilder::declare(cx, Builtin::ByteArrayIter, "bytearray_iterator", &BYTEARRAY_ITER_OPS, size, true);
}

pub(super) fn init(cx: &mut Cx) {
    fill::<PyBytesIter>(cx);
    fill::<PyByteArrayIter>(cx);
}
