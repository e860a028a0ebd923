//! The iterator over tuples. As for lists, only an exclusive thread lets go of an exhausted iterator's tuple.

use super::PyTuple;
use crate::objects::iter::{self, EXHAUSTED, NativeIter, builtin_named, reduce_to};
use crate::objects::sync::{Field, slot_ops};
use crate::prelude::*;
use ungil_locks::primitive::AtomicUsize;

/// `iter(tuple)`. The interpreter's handler for `for` reads and writes the fields while it is exclusive.
#[repr(C)]
pub struct PyTupleIter {
    pub h: Header,
    /// Empty once the iterator is exhausted.
    pub(crate) tuple: Slot,
    pub(crate) index: Field<AtomicUsize>,
}

slot_ops!(TUPLE_ITER_OPS, PyTupleIter, "tuple_iterator", tuple);

/// `iter(tuple)`.
#[inline]
pub fn new_tuple_iter(cx: &Cx, tuple: Ref<'_>) -> Obj {
    cx.alloc(Builtin::TupleIter, |h| PyTupleIter {
        h,
        tuple: Slot::new(tuple.own(cx)),
        index: Field::<AtomicUsize>::new(0),
    })
}

#[inline(always)]
fn tuple_of(slot: &Slot) -> Option<&PyTuple> {
    let v = slot.peek();
    // SAFETY: made with a tuple; only an exclusive thread empties the slot.
    (!v.is_undef()).then(|| unsafe { Ref::from_value(v).cast_unchecked::<PyTuple>() })
}

impl NativeIter for PyTupleIter {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(tuple) = tuple_of(&self.tuple) else { return Ok(None) };
        let index = if cx.is_exclusive(&self.h) {
            let index = self.index.get();
            self.index.set(index + 1);
            index
        } else {
            self.index.add(1)
        };
        let item = tuple.get(cx, index);
        if item.is_none() {
            self.index.set(EXHAUSTED);
            if cx.is_exclusive(&self.h)
                && let Some(tuple) = self.tuple.take_locked()
            {
                cx.drop_value(tuple.into_value());
            }
        }
        Ok(item)
    }
}

fn hint(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyTupleIter = a.this();
    let left = tuple_of(&this.tuple).map_or(0, |tuple| tuple.len().saturating_sub(this.index.get()));
    Ok(cx.int(left as i64))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyTupleIter = a.this();
    let function = builtin_named(cx, "iter")?;
    match this.tuple.get(&this.h, cx) {
        Some(tuple) if this.index.get() < EXHAUSTED => {
            reduce_to(cx, function, tuple, Some(this.index.get() as i64))
        }
        _ => {
            let empty = cx.tuple(Vec::new());
            reduce_to(cx, function, empty, None)
        }
    }
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let this: &PyTupleIter = a.this();
    if let Some(tuple) = tuple_of(&this.tuple)
        && this.index.get() < EXHAUSTED
    {
        this.index.set((index.max(0) as usize).min(tuple.len()));
    }
    Ok(cx.none())
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyTupleIter>();
    TypeBuilder::declare(cx, Builtin::TupleIter, "tuple_iterator", &TUPLE_ITER_OPS, size, true);
}

pub(super) fn init(cx: &mut Cx) {
    iter::fill::<PyTupleIter>(
        cx,
        Builtin::TupleIter,
        Some(Leaf(hint)),
        Some(Full(reduce)),
        Some(Full(setstate)),
    );
}
