//! Iterators over lists, forward and backward.
//!
//! While a thread is exclusive an exhausted iterator lets go of its list; otherwise the slot is left alone, so that other
//! threads may look at it without the iterator's lock.

use super::PyList;
use crate::objects::iter::{self, EXHAUSTED, NativeIter, builtin_named, reduce_to};
use crate::objects::sync::{Field, slot_ops};
use crate::prelude::*;
use ungil_locks::primitive::AtomicUsize;

/// `iter(list)`. The interpreter's handler for `for` reads and writes the fields while it is exclusive.
#[repr(C)]
pub struct PyListIter {
    pub h: Header,
    /// Empty once the iterator is exhausted.
    pub(crate) list: Slot,
    pub(crate) index: Field<AtomicUsize>,
}

slot_ops!(LIST_ITER_OPS, PyListIter, "list_iterator", list);

/// `iter(list)`.
#[inline]
pub fn new_list_iter(cx: &Cx, list: Ref<'_>) -> Obj {
    cx.alloc(Builtin::ListIter, |h| PyListIter {
        h,
        list: Slot::new(list.own(cx)),
        index: Field::<AtomicUsize>::new(0),
    })
}

/// The list that a slot of an iterator holds, if it still holds one.
#[inline(always)]
fn list_of(slot: &Slot) -> Option<&PyList> {
    let v = slot.peek();
    // SAFETY: made with a list; only an exclusive thread empties the slot, and it looks at it from then on only after a
    // safepoint of all others.
    (!v.is_undef()).then(|| unsafe { Ref::from_value(v).cast_unchecked::<PyList>() })
}

impl PyListIter {
    fn finish(&self, cx: &Cx) {
        self.index.set(EXHAUSTED);
        if cx.is_exclusive(&self.h)
            && let Some(list) = self.list.take_locked()
        {
            cx.drop_value(list.into_value());
        }
    }
}

impl NativeIter for PyListIter {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(list) = list_of(&self.list) else { return Ok(None) };
        let index = if cx.is_exclusive(&self.h) {
            let index = self.index.get();
            self.index.set(index + 1);
            index
        } else {
            self.index.add(1)
        };
        let item = list.get(cx, index);
        if item.is_none() {
            self.finish(cx);
        }
        Ok(item)
    }
}

fn hint(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyListIter = a.this();
    let left = list_of(&this.list).map_or(0, |list| list.len().saturating_sub(this.index.get()));
    Ok(cx.int(left as i64))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyListIter = a.this();
    let function = builtin_named(cx, "iter")?;
    match this.list.get(&this.h, cx) {
        Some(list) if this.index.get() < EXHAUSTED => {
            reduce_to(cx, function, list, Some(this.index.get() as i64))
        }
        _ => reduce_exhausted(cx, function),
    }
}

fn reduce_exhausted(cx: &Cx, function: Obj) -> R {
    let empty = cx.list(Vec::new());
    reduce_to(cx, function, empty, None)
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let this: &PyListIter = a.this();
    if let Some(list) = list_of(&this.list)
        && this.index.get() < EXHAUSTED
    {
        // A negative index ends the iteration, unlike in iterators over tuples.
        this.index.set(if index < 0 { EXHAUSTED } else { (index as usize).min(list.len()) });
    }
    Ok(cx.none())
}

/// `reversed(list)`.
#[repr(C)]
pub struct PyListReverseIter {
    pub h: Header,
    list: Slot,
    /// One more than the index of the next item; [`EXHAUSTED`], or hardly less, once the iterator has said that there is none.
    next: Field<AtomicUsize>,
}

slot_ops!(LIST_REVERSE_ITER_OPS, PyListReverseIter, "list_reverseiterator", list);

/// `reversed(list)`.
pub fn new_list_reverse_iter(cx: &Cx, list: &PyList) -> Obj {
    cx.alloc(Builtin::ListReverseIter, |h| PyListReverseIter {
        h,
        list: Slot::new(ref_of(list).own(cx)),
        next: Field::<AtomicUsize>::new(list.len()),
    })
}

impl NativeIter for PyListReverseIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(list) = list_of(&self.list) else { return Ok(None) };
        if let Some(index) = self.next.take_one()
            && let Some(item) = list.get(cx, index)
        {
            return Ok(Some(item));
        }
        self.next.set(EXHAUSTED);
        if cx.is_exclusive(&self.h) {
            drop(self.list.take_locked());
        }
        Ok(None)
    }
}

impl PyListReverseIter {
    /// Whether the end has been told. Threads that ask meanwhile count down from [`EXHAUSTED`] for a moment.
    fn is_exhausted(&self) -> bool {
        self.next.get() >= EXHAUSTED / 2
    }
}

fn reverse_hint(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyListReverseIter = a.this();
    let next = this.next.get();
    let left = list_of(&this.list).map_or(0, |list| if list.len() < next { 0 } else { next });
    Ok(cx.int(left as i64))
}

fn reverse_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyListReverseIter = a.this();
    let function = builtin_named(cx, "reversed")?;
    match this.list.get(&this.h, cx) {
        Some(list) if !this.is_exhausted() => reduce_to(cx, function, list, Some(this.next.get() as i64 - 1)),
        _ => reduce_exhausted(cx, function),
    }
}

fn reverse_setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let this: &PyListReverseIter = a.this();
    if let Some(list) = list_of(&this.list)
        && !this.is_exhausted()
    {
        let last = list.len() as isize - 1;
        this.next.set((index.clamp(-1, last.max(-1)) + 1) as usize);
    }
    Ok(cx.none())
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyListIter>();
    TypeBuilder::declare(cx, Builtin::ListIter, "list_iterator", &LIST_ITER_OPS, size, true);
    let size = size_of::<PyListReverseIter>();
    TypeBuilder::declare(
        cx,
        Builtin::ListReverseIter,
        "list_reverseiterator",
        &LIST_REVERSE_ITER_OPS,
        size,
        true,
    );
}

pub(super) fn init(cx: &mut Cx) {
    iter::fill::<PyListIter>(
        cx,
        Builtin::ListIter,
        Some(Leaf(hint)),
        Some(Full(reduce)),
        Some(Full(setstate)),
    );
    iter::fill::<PyListReverseIter>(
        cx,
        Builtin::ListReverseIter,
        Some(Leaf(reverse_hint)),
        Some(Full(reverse_reduce)),
        Some(Full(reverse_setstate)),
    );
}
