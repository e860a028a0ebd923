//! The iterator over sets and frozen sets.

use super::PySet;
use crate::objects::iter::{self, NativeIter, builtin_named, reduce_to};
use crate::objects::sync::{Field, locked_both, slot_ops};
use crate::prelude::*;
use std::cell::Cell;
use ungil_locks::primitive::AtomicUsize;

/// `iter(set)`.
#[repr(C)]
pub struct PySetIter {
    pub h: Header,
    /// Empty once the iterator is exhausted; only an exclusive thread empties it.
    set: Slot,
    /// Size of the set at the start; [`CHANGED`] once a change of the size was seen.
    used: Field<AtomicUsize>,
    position: Cell<usize>,
    remaining: Field<AtomicUsize>,
    exhausted: Cell<bool>,
}

slot_ops!(SET_ITER_OPS, PySetIter, "set_iterator", set);

const CHANGED: usize = usize::MAX;

/// `iter(set)`.
pub(crate) fn new_set_iter(cx: &Cx, set: &PySet) -> Obj {
    let used = set.len();
    cx.alloc(Builtin::SetIter, |h| PySetIter {
        h,
        set: Slot::new(ref_of(set).own(cx)),
        used: Field::<AtomicUsize>::new(used),
        position: Cell::new(0),
        remaining: Field::<AtomicUsize>::new(used),
        exhausted: Cell::new(false),
    })
}

impl PySetIter {
    #[inline(always)]
    fn set(&self) -> Option<&PySet> {
        let v = self.set.peek();
        // SAFETY: made with a set; only an exclusive thread empties the slot.
        (!v.is_undef()).then(|| unsafe { Ref::from_value(v).cast_unchecked::<PySet>() })
    }

    /// The next item; an error if the set's size has changed.
    #[inline(always)]
    fn advance_locked(&self, cx: &Cx, set: &PySet) -> Result<Option<Obj>, ()> {
        if self.exhausted.get() {
            return Ok(None);
        }
        if self.used.get() != set.len() {
            self.used.set(CHANGED);
            return Err(());
        }
        let entries = set.entries();
        let mut position = self.position.get();
        while let Some(entry) = entries.get(position) {
            position += 1;
            if let Some(item) = entry.key.get_locked(cx) {
                self.position.set(position);
                self.remaining.set(self.remaining.get().saturating_sub(1));
                return Ok(Some(item));
            }
        }
        self.exhausted.set(true);
        Ok(None)
    }
}

impl NativeIter for PySetIter {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(set) = self.set() else { return Ok(None) };
        match locked_both(cx, &self.h, &set.h, || self.advance_locked(cx, set)) {
            Ok(Some(item)) => Ok(Some(item)),
            Ok(None) => {
                if cx.is_exclusive(&self.h) {
                    drop(self.set.take_locked());
                }
                Ok(None)
            }
            Err(()) => Err(cx.runtime_error("Set changed size during iteration")),
        }
    }
}

fn hint(cx: &Cx, a: Args<'_>) -> R {
    let this: &PySetIter = a.this();
    let left = match this.set() {
        Some(set) if !this.exhausted.get() && this.used.get() == set.len() => this.remaining.get(),
        _ => 0,
    };
    Ok(cx.int(left as i64))
}

/// `(iter, ([what is left],))`; the iterator itself stays where it is.
fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySetIter = a.this();
    let function = builtin_named(cx, "iter")?;
    let mut items = Vec::new();
    if let Some(set) = this.set() {
        let copy = new_set_iter(cx, set);
        if let Some(copy) = copy.downcast::<PySetIter>(cx) {
            copy.used.set(this.used.get());
            copy.position.set(this.position.get());
            copy.exhausted.set(this.exhausted.get());
            while let Some(item) = copy.step(cx)? {
                items.push(item);
            }
        }
    }
    let list = cx.list(items);
    reduce_to(cx, function, list, None)
}

pub(super) fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::SetIter, "set_iterator", &SET_ITER_OPS, size_of::<PySetIter>(), true);
}

pub(super) fn init(cx: &mut Cx) {
    iter::fill::<PySetIter>(cx, Builtin::SetIter, Some(Leaf(hint)), Some(Full(reduce)), None);
}
