//! `range`: an arithmetic progression of ints of any size. Immutable.
//!
//! Ranges whose bounds and length are small ints, which nearly all are, are computed with machine words; others with
//! Python ints (`big.rs`). `iter.rs` has the iterators.

mod big;
pub(crate) mod iter;
pub(crate) mod methods;

pub use methods::{declare, init, range_of};

use crate::objects::iter::fixed;
use crate::objects::sync::slot_ops;
use crate::prelude::*;

/// A range object.
#[repr(C)]
pub struct PyRange {
    pub h: Header,
    start: Slot,
    stop: Slot,
    step: Slot,
    /// `len(self)`, also if it is too large for `len`.
    length: Slot,
}

slot_ops!(RANGE_OPS, PyRange, "range", start, stop, step, length);

/// The bounds of a range in machine words. The last item plus the step may be out of the range of immediate ints, but
/// not of machine words.
#[derive(Clone, Copy)]
pub(crate) struct Small {
    pub start: i64,
    #[allow(dead_code)]
    pub stop: i64,
    pub step: i64,
    pub len: i64,
}

/// The number of items, for bounds within the range of immediate ints.
pub(crate) fn small_len(start: i64, stop: i64, step: i64) -> i64 {
    if step > 0 {
        if start < stop { (stop - start - 1) / step + 1 } else { 0 }
    } else if start > stop {
        (start - stop - 1) / -step + 1
    } else {
        0
    }
}

impl Small {
    /// The item at an index, `None` past the end.
    #[inline]
    pub fn item(&self, at: usize) -> Option<i64> {
        ((at as u64) < self.len as u64).then(|| self.start + at as i64 * self.step)
    }
}

impl PyRange {
    pub fn start(&self) -> Ref<'_> {
        fixed(&self.start)
    }

    pub fn stop(&self) -> Ref<'_> {
        fixed(&self.stop)
    }

    pub fn step(&self) -> Ref<'_> {
        fixed(&self.step)
    }

    /// `len(self)` as an int object.
    pub fn length(&self) -> Ref<'_> {
        fixed(&self.length)
    }

    /// The bounds, if all are immediate ints.
    #[inline]
    pub(crate) fn small(&self) -> Option<Small> {
        let word = |slot: &Slot| slot.peek().as_int();
        Some(Small {
            start: word(&self.start)?,
            stop: word(&self.stop)?,
            step: word(&self.step)?,
            len: word(&self.length)?,
        })
    }

    /// All items, if the bounds are immediate ints and there are not too many.
    pub(crate) fn collect_small(&self, cx: &Cx) -> Option<Vec<Obj>> {
        const MOST: i64 = 1 << 20;
        let range = self.small().filter(|range| range.len <= MOST)?;
        Some((0..range.len).map(|i| cx.int(range.start + i * range.step)).collect())
    }
}

/// A new range of immediate ints; the step is not zero.
pub(crate) fn new_small(cx: &Cx, start: i64, stop: i64, step: i64) -> Obj {
    let len = small_len(start, stop, step);
    cx.alloc(Builtin::Range, |h| PyRange {
        h,
        start: Slot::new(cx.int(start)),
        stop: Slot::new(cx.int(stop)),
        step: Slot::new(cx.int(step)),
        length: Slot::new(cx.int(len)),
    })
}

/// A new range of int objects.
///
/// # Errors
/// `ValueError` if the step is zero.
pub fn new_range(cx: &mut Cx, start: Obj, stop: Obj, step: Obj) -> R {
    if let (Some(a), Some(b), Some(s)) =
        (start.value().as_int(), stop.value().as_int(), step.value().as_int())
        && s != 0
    {
        return Ok(new_small(cx, a, b, s));
    }
    big::new(cx, start, stop, step)
}
