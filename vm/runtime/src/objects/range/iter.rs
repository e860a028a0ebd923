//! Iterators over ranges: of immediate ints, and of Python ints where those do not suffice.

use super::{PyRange, big, new_range};
use crate::objects::iter::{self, NativeIter, fixed};
use crate::objects::sync::{Field, locked, slot_ops};
use crate::prelude::*;
use ungil_locks::primitive::{AtomicI64, AtomicU64};

/// An iterator over immediate ints. The interpreter's handler for `for` reads and writes the fields while it is exclusive.
#[repr(C)]
pub struct PyRangeIter {
    pub h: Header,
    pub(crate) next: Field<AtomicI64>,
    pub(crate) step: i64,
    pub(crate) remaining: Field<AtomicU64>,
}

slot_ops!(RANGE_ITER_OPS, PyRangeIter, "range_iterator");

/// `iter(range)`.
#[inline]
pub fn new_range_iter(cx: &Cx, range: &PyRange) -> Obj {
    match range.small() {
        Some(small) => new_small_iter(cx, small.start, small.step, small.len),
        None => new_long_iter(cx, range.start(), range.step(), range.length()),
    }
}

/// `reversed(range)`.
///
/// # Errors
/// `MemoryError`.
pub fn new_reversed_iter(cx: &mut Cx, range: &PyRange) -> R {
    if let Some(r) = range.small() {
        return Ok(new_small_iter(cx, r.start + (r.len - 1) * r.step, -r.step, r.len));
    }
    let (start, step) = big::reversed_bounds(cx, range)?;
    Ok(new_long_iter(cx, start.r(), step.r(), range.length()))
}

/// `iter(range(start, stop, step))` for immediate ints; `None` for others, and for a step of 0.
pub fn new_iter_of(cx: &Cx, start: Value, stop: Value, step: Value) -> Option<Obj> {
    if !start.is_int() || !stop.is_int() || !step.is_int() || step.int() == 0 {
        return None;
    }
    let (start, stop, step) = (start.int(), stop.int(), step.int());
    let ahead = if step > 0 { stop - start } else { start - stop };
    let len = if ahead <= 0 { 0 } else { (ahead - 1) / step.abs() + 1 };
    Some(new_small_iter(cx, start, step, len))
}

fn new_small_iter(cx: &Cx, start: i64, step: i64, len: i64) -> Obj {
    cx.alloc(Builtin::RangeIter, |h| PyRangeIter {
        h,
        next: Field::<AtomicI64>::new(start),
        step,
        remaining: Field::<AtomicU64>::new(len as u64),
    })
}

impl NativeIter for PyRangeIter {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let next = locked(cx, &self.h, || {
            let remaining = self.remaining.get();
            if remaining == 0 {
                return None;
            }
            let next = self.next.get();
            self.remaining.set(remaining - 1);
            self.next.set(next.wrapping_add(self.step));
            Some(next)
        });
        Ok(next.map(|i| cx.int(i)))
    }
}

fn hint(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.int_u64(a.this::<PyRangeIter>().remaining.get()))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyRangeIter = a.this();
    let (next, remaining) = locked(cx, &this.h, || (this.next.get(), this.remaining.get()));
    let (start, step, remaining) = (cx.int(next), cx.int(this.step), cx.int_u64(remaining));
    reduce_parts(cx, start, step, remaining)
}

/// `(iter, (range(start, stop, step),), None)`.
fn reduce_parts(cx: &mut Cx, start: Obj, step: Obj, remaining: Obj) -> R {
    let distance = cx.binary(BinaryOp::Mul, remaining.r(), step.r())?;
    let stop = cx.binary(BinaryOp::Add, start.r(), distance.r())?;
    let range = new_range(cx, start, stop, step)?;
    let function = iter::builtin_named(cx, "iter")?;
    let args = cx.tuple(vec![range]);
    Ok(cx.tuple(vec![function, args, cx.none()]))
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.to_i64(a.get(1))?;
    let this: &PyRangeIter = a.this();
    locked(cx, &this.h, || {
        let skip = (index.max(0) as u64).min(this.remaining.get());
        this.next.set(this.next.get().wrapping_add((skip as i64).wrapping_mul(this.step)));
        this.remaining.set(this.remaining.get() - skip);
    });
    Ok(cx.none())
}

/// An iterator over ints of any size.
#[repr(C)]
pub struct PyLongRangeIter {
    pub h: Header,
    start: Slot,
    step: Slot,
    len: Slot,
    /// How many items were given.
    index: Slot,
}

slot_ops!(LONG_RANGE_ITER_OPS, PyLongRangeIter, "longrange_iterator", start, step, len, index);

fn new_long_iter(cx: &Cx, start: Ref<'_>, step: Ref<'_>, len: Ref<'_>) -> Obj {
    cx.alloc(Builtin::LongRangeIter, |h| PyLongRangeIter {
        h,
        start: Slot::new(start.own(cx)),
        step: Slot::new(step.own(cx)),
        len: Slot::new(len.own(cx)),
        index: Slot::new(cx.int(0)),
    })
}

impl PyLongRangeIter {
    fn index(&self, cx: &Cx) -> Obj {
        self.index.get(&self.h, cx).unwrap_or_else(|| cx.int(0))
    }

    fn remaining(&self, cx: &mut Cx) -> R {
        let index = self.index(cx);
        cx.binary(BinaryOp::Sub, fixed(&self.len), index.r())
    }

    fn next_item(&self, cx: &mut Cx, index: Ref<'_>) -> R {
        let offset = cx.binary(BinaryOp::Mul, index, fixed(&self.step))?;
        cx.binary(BinaryOp::Add, fixed(&self.start), offset.r())
    }
}

impl NativeIter for PyLongRangeIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        loop {
            let index = self.index(cx);
            if !cx.compare_bool(CompareOp::Lt, index.r(), fixed(&self.len))? {
                return Ok(None);
            }
            let one = cx.int(1);
            let next = cx.binary(BinaryOp::Add, index.r(), one.r())?;
            // Another thread may have taken this index meanwhile.
            let old = locked(cx, &self.h, || match self.index.peek() == index.value() {
                true => self.index.replace_locked(&self.h, next),
                false => None,
            });
            if old.is_some() {
                return self.next_item(cx, index.r()).map(Some);
            }
        }
    }
}

fn long_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyLongRangeIter = a.this();
    let index = this.index(cx);
    let start = this.next_item(cx, index.r())?;
    let remaining = this.remaining(cx)?;
    let step = fixed(&this.step).own(cx);
    reduce_parts(cx, start, step, remaining)
}

fn long_setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyLongRangeIter = a.this();
    let (zero, state) = (cx.int(0), cx.index(a.get(1))?);
    let state = if cx.compare_bool(CompareOp::Lt, state.r(), zero.r())? {
        zero
    } else if cx.compare_bool(CompareOp::Gt, state.r(), fixed(&this.len))? {
        fixed(&this.len).own(cx)
    } else {
        state
    };
    this.index.set(&this.h, cx, state);
    Ok(cx.none())
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyRangeIter>();
    TypeBuilder::declare(cx, Builtin::RangeIter, "range_iterator", &RANGE_ITER_OPS, size, false);
    let size = size_of::<PyLongRangeIter>();
    TypeBuilder::declare(cx, Builtin::LongRangeIter, "longrange_iterator", &LONG_RANGE_ITER_OPS, size, true);
}

pub(super) fn init(cx: &mut Cx) {
    iter::fill::<PyRangeIter>(
        cx,
        Builtin::RangeIter,
        Some(Leaf(hint)),
        Some(Full(reduce)),
        Some(Full(setstate)),
    );
    iter::fill::<PyLongRangeIter>(
        cx,
        Builtin::LongRangeIter,
        Some(Full(|cx, a| a.this::<PyLongRangeIter>().remaining(cx))),
        Some(Full(long_reduce)),
        Some(Full(long_setstate)),
    );
}
