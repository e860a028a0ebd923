//! Ranges whose bounds or length do not fit immediate ints: arithmetic with Python ints. None of it runs Python code.

use super::PyRange;
use crate::prelude::*;

/// A new range of exact int objects.
///
/// # Errors
/// `ValueError` if the step is zero.
pub(super) fn new(cx: &mut Cx, start: Obj, stop: Obj, step: Obj) -> R {
    if step.value().as_int() == Some(0) {
        return Err(cx.value_error("range() arg 3 must not be zero"));
    }
    let length = length(cx, start.r(), stop.r(), step.r())?;
    Ok(cx.alloc(Builtin::Range, |h| PyRange {
        h,
        start: Slot::new(start),
        stop: Slot::new(stop),
        step: Slot::new(step),
        length: Slot::new(length),
    }))
}

fn length(cx: &mut Cx, start: Ref<'_>, stop: Ref<'_>, step: Ref<'_>) -> R {
    let (zero, one) = (cx.int(0), cx.int(1));
    let forward = cx.compare_bool(CompareOp::Gt, step, zero.r())?;
    let (low, high) = if forward { (start, stop) } else { (stop, start) };
    if cx.compare_bool(CompareOp::Ge, low, high)? {
        return Ok(zero);
    }
    let step = if forward { step.own(cx) } else { cx.unary(UnaryOp::Neg, step)? };
    let distance = cx.binary(BinaryOp::Sub, high, low)?;
    let distance = cx.binary(BinaryOp::Sub, distance.r(), one.r())?;
    let whole = cx.binary(BinaryOp::FloorDiv, distance.r(), step.r())?;
    cx.binary(BinaryOp::Add, whole.r(), one.r())
}

/// `start + i * step`.
///
/// # Errors
/// `MemoryError`.
pub(super) fn item(cx: &mut Cx, range: &PyRange, i: Ref<'_>) -> R {
    let offset = cx.binary(BinaryOp::Mul, i, range.step())?;
    cx.binary(BinaryOp::Add, range.start(), offset.r())
}

/// The item with an index that may be negative; `None` if there is none.
///
/// # Errors
/// `MemoryError`.
pub(super) fn get(cx: &mut Cx, range: &PyRange, index: Ref<'_>) -> R<Option<Obj>> {
    let zero = cx.int(0);
    let index = match cx.compare_bool(CompareOp::Lt, index, zero.r())? {
        true => cx.binary(BinaryOp::Add, index, range.length())?,
        false => index.own(cx),
    };
    let inside = cx.compare_bool(CompareOp::Ge, index.r(), zero.r())?
        && cx.compare_bool(CompareOp::Lt, index.r(), range.length())?;
    if inside { item(cx, range, index.r()).map(Some) } else { Ok(None) }
}

/// The index of an int, `None` if it is not in the range.
///
/// # Errors
/// `MemoryError`.
pub(super) fn position(cx: &mut Cx, range: &PyRange, v: Ref<'_>) -> R<Option<Obj>> {
    let zero = cx.int(0);
    let offset = cx.binary(BinaryOp::Sub, v, range.start())?;
    let rest = cx.binary(BinaryOp::Mod, offset.r(), range.step())?;
    if !cx.equal(rest.r(), zero.r())? {
        return Ok(None);
    }
    let index = cx.binary(BinaryOp::FloorDiv, offset.r(), range.step())?;
    let inside = cx.compare_bool(CompareOp::Ge, index.r(), zero.r())?
        && cx.compare_bool(CompareOp::Lt, index.r(), range.length())?;
    Ok(inside.then_some(index))
}

/// The sub-range of a slice.
///
/// # Errors
/// As [`PySlice::unpack`](crate::objects::slice::PySlice::unpack).
pub(super) fn slice(cx: &mut Cx, range: &PyRange, slice: &crate::objects::slice::PySlice) -> R {
    let (start, stop, step) = crate::objects::slice::long_indices(cx, slice, range.length())?;
    let step = cx.binary(BinaryOp::Mul, range.step(), step.r())?;
    let start = item(cx, range, start.r())?;
    let stop = item(cx, range, stop.r())?;
    super::new_range(cx, start, stop, step)
}

/// The range backward: its last item first.
///
/// # Errors
/// `MemoryError`.
pub(super) fn reversed_bounds(cx: &mut Cx, range: &PyRange) -> R<(Obj, Obj)> {
    let one = cx.int(1);
    let last = cx.binary(BinaryOp::Sub, range.length(), one.r())?;
    let start = item(cx, range, last.r())?;
    let step = cx.unary(UnaryOp::Neg, range.step())?;
    Ok((start, step))
}
