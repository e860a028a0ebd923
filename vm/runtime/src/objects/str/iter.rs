//! The iterator over a string's code points.
//!
//! Its position is a byte offset, so each step takes constant time whatever the text. The position moves under the
//! iterator's lock unless the thread is exclusive.

use super::{PyStr, code_points, new_char};
use crate::objects::iter::{self, NativeIter, builtin_named, reduce_to};
use crate::objects::sync::{Field, locked, slot_ops};
use crate::prelude::*;
use ungil_locks::primitive::AtomicUsize;

/// `iter(str)`. The interpreter's handler for `for` may read and write `at` while it is exclusive.
#[repr(C)]
pub struct PyStrIter {
    pub h: Header,
    /// Empty once the iterator is exhausted.
    string: Slot,
    /// Byte offset of the next code point; the length once the iterator is exhausted.
    pub(crate) at: Field<AtomicUsize>,
}

slot_ops!(STR_ITER_OPS, PyStrIter, "str_iterator", string);

/// `iter(s)`.
#[inline]
pub fn new_str_iter(cx: &Cx, s: &PyStr) -> Obj {
    let string = Slot::new(ref_of(s).own(cx));
    cx.alloc(Builtin::StrIter, |h| PyStrIter { h, string, at: Field::<AtomicUsize>::new(0) })
}

impl PyStrIter {
    #[inline(always)]
    fn string(&self) -> Option<&PyStr> {
        let v = self.string.peek();
        // SAFETY: made with a string; only an exclusive thread empties the slot, and it looks at it from then on only
        // after a safepoint of all others.
        (!v.is_undef()).then(|| unsafe { Ref::from_value(v).cast_unchecked() })
    }

    #[cold]
    fn finish(&self, cx: &Cx) {
        if cx.is_exclusive(&self.h)
            && let Some(string) = self.string.take_locked()
        {
            cx.drop_value(string.into_value());
        }
    }

    /// The next code point.
    #[inline]
    pub fn next_code_point(&self, cx: &Cx) -> Option<u32> {
        let bytes = self.string()?.as_bytes();
        let found = locked(cx, &self.h, || {
            let at = self.at.get();
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
            let (c, n) = code_points::decode_first(rest);
            self.at.set(at + n);
            Some(c)
        });
        if found.is_none() {
            self.finish(cx);
        }
        found
    }
}

impl NativeIter for PyStrIter {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        Ok(self.next_code_point(cx).map(|c| new_char(cx, c)))
    }
}

fn hint(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyStrIter = a.this();
    let left = this.string().map_or(0, |s| s.char_len - s.char_index(this.at.get()));
    Ok(cx.int(left as i64))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyStrIter = a.this();
    let function = builtin_named(cx, "iter")?;
    let at = this.at.get();
    let Some(s) = this.string().filter(|s| at < s.byte_len) else {
        let empty = super::empty_str(cx);
        return reduce_to(cx, function, empty, None);
    };
    let owned = ref_of(s).own(cx);
    reduce_to(cx, function, owned, Some(s.char_index(at) as i64))
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let this: &PyStrIter = a.this();
    if let Some(s) = this.string()
        && this.at.get() < s.byte_len
    {
        this.at.set(s.byte_offset((index.max(0) as usize).min(s.char_len)));
    }
    Ok(cx.none())
}

pub(super) fn declare(cx: &Cx) {
    // The name that CPython gives to the iterator over text that is not ASCII.
    let size = size_of::<PyStrIter>();
    TypeBuilder::declare(cx, Builtin::StrIter, "str_iterator", &STR_ITER_OPS, size, true);
}

pub(super) fn init(cx: &mut Cx) {
    iter::fill::<PyStrIter>(cx, Builtin::StrIter, Some(Leaf(hint)), Some(Full(reduce)), Some(Full(setstate)));
}
