//! `slice`, and the arithmetic of slicing that all sequences share.

use crate::objects::construct::{comparisons, no_keywords, positional, readonly};
use crate::objects::sync::slot_ops;
use crate::objects::{iter, repr, tuple};
use crate::prelude::*;

/// A slice object. Immutable.
#[repr(C)]
pub struct PySlice {
    pub h: Header,
    start: Slot,
    stop: Slot,
    step: Slot,
}

slot_ops!(SLICE_OPS, PySlice, "slice", start, stop, step);

/// A new slice.
pub fn new_slice(cx: &Cx, start: Obj, stop: Obj, step: Obj) -> Obj {
    cx.alloc(Builtin::Slice, |h| PySlice {
        h,
        start: Slot::new(start),
        stop: Slot::new(stop),
        step: Slot::new(step),
    })
}

impl PySlice {
    pub fn start(&self) -> Ref<'_> {
        iter::fixed(&self.start)
    }

    pub fn stop(&self) -> Ref<'_> {
        iter::fixed(&self.stop)
    }

    pub fn step(&self) -> Ref<'_> {
        iter::fixed(&self.step)
    }

    fn parts(&self) -> [Ref<'_>; 3] {
        [self.start(), self.stop(), self.step()]
    }

    /// Start, stop and step, which never change.
    #[inline(always)]
    pub(crate) fn values(&self) -> [Value; 3] {
        [self.start.peek(), self.stop.peek(), self.step.peek()]
    }

    /// Start, stop and step as machine words, with the defaults of the direction. The length of the sequence is to be
    /// looked at only afterwards, since this may run Python.
    ///
    /// # Errors
    /// `ValueError` if the step is zero; `TypeError` if a part is neither `None` nor an index.
    pub fn unpack(&self, cx: &mut Cx) -> R<(isize, isize, isize)> {
        let step = match self.step().value() {
            Value::NONE => return bounds(cx, self.start(), self.stop()),
            _ => slice_index(cx, self.step(), true)?,
        };
        if step == 0 {
            return Err(cx.value_error("slice step cannot be zero"));
        }
        // So that the step can be negated.
        let step = step.max(-isize::MAX);
        let (first, past) = if step < 0 { (isize::MAX, isize::MIN) } else { (0, isize::MAX) };
        let start = bound(cx, self.start(), first)?;
        let stop = bound(cx, self.stop(), past)?;
        Ok((start, stop, step))
    }

    /// Whether the parts are what [`PySlice::unpack`] takes as they are.
    pub fn is_plain(&self) -> bool {
        [self.start(), self.stop(), self.step()].iter().all(|v| v.value().is_int() || v.value().is_none())
    }

    /// The places that the slice names in a sequence of `len` items.
    ///
    /// # Errors
    /// As [`PySlice::unpack`].
    pub fn range_in(&self, cx: &mut Cx, len: usize) -> R<SliceRange> {
        Ok(adjust(len, self.unpack(cx)?))
    }
}

/// The bounds of `[start:stop]`, as [`PySlice::unpack`] gives them.
///
/// # Errors
/// `TypeError` if one is neither `None` nor an index.
#[inline]
pub fn bounds(cx: &mut Cx, start: Ref<'_>, stop: Ref<'_>) -> R<(isize, isize, isize)> {
    Ok((bound(cx, start, 0)?, bound(cx, stop, isize::MAX)?, 1))
}

#[inline]
fn bound(cx: &mut Cx, v: Ref<'_>, default: isize) -> R<isize> {
    match v.value() {
        Value::NONE => Ok(default),
        word if word.is_int() => Ok(word.int() as isize),
        _ => slice_index(cx, v, true),
    }
}

/// What [`PySlice::unpack`] gives for parts that are ints of a word or `None`, if they are and the step is not zero.
#[inline(always)]
pub(crate) fn simple_bounds([start, stop, step]: [Value; 3]) -> Option<(isize, isize, isize)> {
    let part = |v: Value, default: isize| match v {
        Value::NONE => Some(default),
        v => v.is_int().then(|| v.int() as isize),
    };
    let step = part(step, 1).filter(|&step| step != 0)?;
    let (first, past) = if step < 0 { (isize::MAX, isize::MIN) } else { (0, isize::MAX) };
    Some((part(start, first)?, part(stop, past)?, step))
}

/// Places in a sequence: `start`, `start + step`, ..., `count` of them, all within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceRange {
    pub start: isize,
    pub stop: isize,
    pub step: isize,
    pub count: usize,
}

impl SliceRange {
    /// The places.
    #[inline]
    pub fn indices(self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator {
        (0..self.count).map(move |i| (self.start + i as isize * self.step) as usize)
    }
}

/// Clips an unpacked slice to a sequence of `len` items.
#[inline(always)]
pub fn adjust(len: usize, (start, stop, step): (isize, isize, isize)) -> SliceRange {
    let len = len as isize;
    let (lowest, highest) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let clip = |i: isize| if i < 0 { (i.saturating_add(len)).max(lowest) } else { i.min(highest) };
    let (start, stop) = (clip(start), clip(stop));
    let count = match step {
        1 => (stop - start).max(0),
        ..0 if stop < start => (start - stop - 1) / -step + 1,
        0.. if start < stop => (stop - start - 1) / step + 1,
        _ => 0,
    };
    SliceRange { start, stop, step, count: count as usize }
}

/// One bound of a slice, or the `start` or `stop` argument of an `index` method.
///
/// # Errors
/// `TypeError`.
pub fn slice_index(cx: &mut Cx, v: Ref<'_>, or_none: bool) -> R<isize> {
    if let Some(i) = v.value().as_int() {
        return Ok(i as isize);
    }
    if !has_index(cx, v) {
        let none = if or_none { "None or " } else { "" };
        return Err(
            cx.type_error(format!("slice indices must be integers or {none}have an __index__ method"))
        );
    }
    cx.index_clamped(v)
}

/// Whether the value can be an index.
pub fn has_index(cx: &Cx, v: Ref<'_>) -> bool {
    v.value().is_int() || cx.class_of(v).special(cx, Special::Index).is_some()
}

/// `start` and `stop` arguments of an `index` method at places `i` and `i + 1`, clipped to `len` items.
///
/// # Errors
/// `TypeError`.
pub fn index_bounds(cx: &mut Cx, a: Args<'_>, i: usize) -> R<(isize, isize)> {
    let start = match a.opt(i) {
        Some(v) => slice_index(cx, v, false)?,
        None => 0,
    };
    let stop = match a.opt(i + 1) {
        Some(v) => slice_index(cx, v, false)?,
        None => isize::MAX,
    };
    Ok((start, stop))
}

/// A bound that may be negative, for a sequence of `len` items.
pub fn clip_bound(bound: isize, len: usize) -> usize {
    if bound < 0 { bound.saturating_add(len as isize).max(0) as usize } else { bound as usize }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    no_keywords(cx, a, Builtin::Slice, "slice")?;
    let args = positional(cx, a, "slice", 1, 3)?;
    let none = || Ref::immediate(Value::NONE);
    let (start, stop, step) = match *args {
        [stop] => (none(), stop, none()),
        [start, stop] => (start, stop, none()),
        [start, stop, step] => (start, stop, step),
        _ => (none(), none(), none()),
    };
    Ok(new_slice(cx, start.own(cx), stop.own(cx), step.own(cx)))
}

fn slice_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySlice = a.this();
    let parts = this.parts();
    repr::sequence(cx, "slice(", ")", |cx, i| parts.get(i).map(|v| v.own(cx)))
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let this: &PySlice = a.this();
    let Some(other) = a.get(1).downcast::<PySlice>(cx) else { return Ok(cx.not_implemented()) };
    let (x, y) = (as_tuple(cx, this), as_tuple(cx, other));
    cx.compare(op, x.r(), y.r())
}

fn as_tuple(cx: &Cx, slice: &PySlice) -> Obj {
    cx.tuple(slice.parts().iter().map(|v| v.own(cx)).collect())
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySlice = a.this();
    let mut state = tuple::ItemHash::default();
    for part in this.parts() {
        state.add(cx.hash(part)?);
    }
    Ok(cx.int(state.finish_unsized()))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let parts = as_tuple(cx, a.this());
    let class = cx.builtin(Builtin::Slice).as_ref().own(cx);
    Ok(cx.tuple(vec![class, parts]))
}

/// `slice.indices(len)`, with ints of any size.
fn indices(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySlice = a.this();
    let len = cx.index(a.get(1))?;
    let zero = cx.int(0);
    if cx.compare_bool(CompareOp::Lt, len.r(), zero.r())? {
        return Err(cx.value_error("length should not be negative"));
    }
    let (start, stop, step) = long_indices(cx, this, len.r())?;
    Ok(cx.tuple(vec![start, stop, step]))
}

/// The bounds as Python ints, clipped to a sequence whose length is any int.
///
/// # Errors
/// As [`PySlice::unpack`].
pub(crate) fn long_indices(cx: &mut Cx, slice: &PySlice, len: Ref<'_>) -> R<(Obj, Obj, Obj)> {
    let zero = cx.int(0);
    let step = if slice.step().value().is_none() { cx.int(1) } else { long_index(cx, slice.step())? };
    if cx.compare_bool(CompareOp::Eq, step.r(), zero.r())? {
        return Err(cx.value_error("slice step cannot be zero"));
    }
    let backward = cx.compare_bool(CompareOp::Lt, step.r(), zero.r())?;
    let (lowest, highest) = if backward {
        let one = cx.int(1);
        (cx.int(-1), cx.binary(BinaryOp::Sub, len, one.r())?)
    } else {
        (cx.int(0), len.own(cx))
    };
    let (first, past) = if backward { (&highest, &lowest) } else { (&lowest, &highest) };
    let start = long_bound(cx, slice.start(), first.r(), len, lowest.r(), highest.r())?;
    let stop = long_bound(cx, slice.stop(), past.r(), len, lowest.r(), highest.r())?;
    Ok((start, stop, step))
}

fn long_index(cx: &mut Cx, v: Ref<'_>) -> R {
    if !has_index(cx, v) {
        return Err(cx.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    cx.index(v)
}

fn long_bound(
    cx: &mut Cx,
    bound: Ref<'_>,
    default: Ref<'_>,
    len: Ref<'_>,
    lowest: Ref<'_>,
    highest: Ref<'_>,
) -> R {
    if bound.value().is_none() {
        return Ok(default.own(cx));
    }
    let bound = long_index(cx, bound)?;
    let zero = cx.int(0);
    if cx.compare_bool(CompareOp::Lt, bound.r(), zero.r())? {
        let from_end = cx.binary(BinaryOp::Add, bound.r(), len)?;
        let below = cx.compare_bool(CompareOp::Lt, from_end.r(), lowest)?;
        return Ok(if below { lowest.own(cx) } else { from_end });
    }
    let above = cx.compare_bool(CompareOp::Gt, bound.r(), highest)?;
    Ok(if above { highest.own(cx) } else { bound })
}

/// Declares the type.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Slice, "slice", &SLICE_OPS, size_of::<PySlice>(), true);
}

/// Fills the type.
pub fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Slice, Some(Builtin::Object), 0);
    b.doc(
        cx,
        "slice(stop)\nslice(start, stop[, step])\n\nWhich items of a sequence to take, as in a[start:stop:step].",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[(Special::Repr, Full(slice_repr)), (Special::Hash, Full(hash)), (Special::Reduce, Full(reduce))],
    );
    b.method(cx, "indices", "($self, object, /)", Full(indices));
    b.getset(cx, "start", Leaf(|cx, a| Ok(a.this::<PySlice>().start().own(cx))), Some(Full(readonly)));
    b.getset(cx, "stop", Leaf(|cx, a| Ok(a.this::<PySlice>().stop().own(cx))), Some(Full(readonly)));
    b.getset(cx, "step", Leaf(|cx, a| Ok(a.this::<PySlice>().step().own(cx))), Some(Full(readonly)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_clipped_to_the_sequence() {
        let full = (0, isize::MAX, 1);
        assert_eq!(adjust(5, full), SliceRange { start: 0, stop: 5, step: 1, count: 5 });
        assert_eq!(
            adjust(5, (isize::MAX, isize::MIN, -2)),
            SliceRange { start: 4, stop: -1, step: -2, count: 3 }
        );
        assert_eq!(adjust(5, (-2, isize::MAX, 1)).count, 2);
        assert_eq!(adjust(5, (4, 1, 1)).count, 0);
        assert_eq!(adjust(0, full).count, 0);
        assert_eq!(adjust(10, (1, 9, 3)).indices().collect::<Vec<_>>(), [1, 4, 7]);
    }
}
