//! Iterators over dicts: keys, values or items, forward or backward.

use super::{Entry, PyDict};
use crate::objects::iter::{self, NativeIter, builtin_named, reduce_to};
use crate::objects::sync::{Field, locked_both, slot_ops};
use crate::objects::tuple::new_tuple_from_array;
use crate::prelude::*;
use std::cell::Cell;
use ungil_locks::primitive::AtomicU32;

/// What an iterator or a view gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Key,
    Value,
    Item,
}

/// An iterator over a dict, one struct for six types.
#[repr(C)]
pub struct PyDictIter {
    pub h: Header,
    /// Empty once the iterator is exhausted; only an exclusive thread empties it.
    dict: Slot,
    part: Part,
    reverse: bool,
    exhausted: Cell<bool>,
    /// Size of the dict at the start; [`CHANGED`] once a change of the size was seen.
    used: Field<AtomicU32>,
    /// Number of the next entry; when going backward, one more.
    position: Field<AtomicU32>,
    /// Items still to come.
    remaining: Field<AtomicU32>,
}

slot_ops!(DICT_ITER_OPS, PyDictIter, "dict_iterator", dict);

const CHANGED: u32 = u32::MAX;

/// An iterator of the kind.
pub(crate) fn new_dict_iter(cx: &Cx, dict: &PyDict, part: Part, reverse: bool) -> Obj {
    let which = match (part, reverse) {
        (Part::Key, false) => Builtin::DictKeyIter,
        (Part::Value, false) => Builtin::DictValueIter,
        (Part::Item, false) => Builtin::DictItemIter,
        (Part::Key, true) => Builtin::DictReverseKeyIter,
        (Part::Value, true) => Builtin::DictReverseValueIter,
        (Part::Item, true) => Builtin::DictReverseItemIter,
    };
    let (used, filled) = (dict.used.get(), dict.filled.get());
    cx.alloc(which, |h| PyDictIter {
        h,
        dict: Slot::new(ref_of(dict).own(cx)),
        part,
        reverse,
        exhausted: Cell::new(false),
        used: Field::<AtomicU32>::new(used),
        position: Field::<AtomicU32>::new(if reverse { filled } else { 0 }),
        remaining: Field::<AtomicU32>::new(used),
    })
}

enum Outcome {
    One(Obj),
    Two(Obj, Obj),
    End,
    Error(&'static str),
}

impl PyDictIter {
    #[inline(always)]
    pub(crate) fn dict(&self) -> Option<&PyDict> {
        let v = self.dict.peek();
        // SAFETY: made with a dict; only an exclusive thread empties the slot.
        (!v.is_undef()).then(|| unsafe { Ref::from_value(v).cast_unchecked::<PyDict>() })
    }

    /// The next entry that is no hole, and the position after it. The locks are held.
    #[inline(always)]
    fn advance<'d>(&self, dict: &'d PyDict) -> Option<&'d Entry> {
        let mut position = self.position.get();
        if self.reverse {
            if position > dict.filled.get() {
                return None;
            }
            while position > 0 {
                position -= 1;
                let entry = dict.entry(position);
                if !entry.key.is_empty() {
                    self.position.set(position);
                    return Some(entry);
                }
            }
            return None;
        }
        while position < dict.filled.get() {
            let entry = dict.entry(position);
            position += 1;
            if !entry.key.is_empty() {
                self.position.set(position);
                return Some(entry);
            }
        }
        None
    }

    #[inline(always)]
    fn advance_locked(&self, cx: &Cx, dict: &PyDict) -> Outcome {
        if self.exhausted.get() {
            return Outcome::End;
        }
        if self.used.get() != dict.used.get() {
            self.used.set(CHANGED);
            return Outcome::Error("dictionary changed size during iteration");
        }
        let Some(entry) = self.advance(dict) else {
            self.exhausted.set(true);
            return Outcome::End;
        };
        let remaining = self.remaining.get();
        if remaining == 0 {
            self.exhausted.set(true);
            return Outcome::Error("dictionary keys changed during iteration");
        }
        self.remaining.set(remaining - 1);
        let parts = match self.part {
            Part::Key => (entry.key.get_locked(cx), None),
            Part::Value => (entry.value.get_locked(cx), None),
            Part::Item => (entry.key.get_locked(cx), entry.value.get_locked(cx)),
        };
        match parts {
            (Some(key), Some(value)) => Outcome::Two(key, value),
            (Some(one), None) => Outcome::One(one),
            _ => Outcome::End,
        }
    }

    /// Steps a forward iterator: the next key and value, borrowed. `None` at the end and where something is wrong, which
    /// the long way finds out anew. Both iterator and dict are exclusively the thread's.
    #[inline(always)]
    pub(crate) fn step_exclusive(&self, dict: &PyDict) -> Option<(Value, Value)> {
        let remaining = self.remaining.get();
        if self.exhausted.get() || self.used.get() != dict.used.get() || remaining == 0 {
            return None;
        }
        let mut position = self.position.get();
        while position < dict.filled.get() {
            let entry = dict.entry(position);
            position += 1;
            if !entry.key.is_empty() {
                self.position.set(position);
                self.remaining.set(remaining - 1);
                return Some((entry.key.peek(), entry.value.peek()));
            }
        }
        None
    }

    #[cold]
    fn finish(&self, cx: &Cx) {
        if cx.is_exclusive(&self.h) {
            drop(self.dict.take_locked());
        }
    }
}

impl PyDictIter {
    /// The next key and value of an iterator over items.
    ///
    /// # Errors
    /// `RuntimeError` if the dict has changed.
    #[inline]
    pub(crate) fn pair(&self, cx: &mut Cx) -> R<Option<(Obj, Obj)>> {
        let Some(dict) = self.dict() else { return Ok(None) };
        match locked_both(cx, &self.h, &dict.h, || self.advance_locked(cx, dict)) {
            Outcome::Two(key, value) => Ok(Some((key, value))),
            Outcome::One(_) | Outcome::End => {
                self.finish(cx);
                Ok(None)
            }
            Outcome::Error(message) => Err(cx.runtime_error(message)),
        }
    }
}

impl NativeIter for PyDictIter {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(dict) = self.dict() else { return Ok(None) };
        if !self.reverse
            && cx.is_exclusive(&self.h)
            && cx.is_exclusive(&dict.h)
            && let Some((key, value)) = self.step_exclusive(dict)
        {
            // SAFETY: the dict, which is the thread's alone, keeps both alive.
            let own = |v| unsafe { Obj::from_borrowed(v, cx) };
            return Ok(Some(match self.part {
                Part::Key => own(key),
                Part::Value => own(value),
                Part::Item => new_tuple_from_array(cx, [own(key), own(value)]),
            }));
        }
        match locked_both(cx, &self.h, &dict.h, || self.advance_locked(cx, dict)) {
            Outcome::One(v) => Ok(Some(v)),
            Outcome::Two(key, value) => Ok(Some(new_tuple_from_array(cx, [key, value]))),
            Outcome::End => {
                self.finish(cx);
                Ok(None)
            }
            Outcome::Error(message) => Err(cx.runtime_error(message)),
        }
    }
}

fn hint(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyDictIter = a.this();
    let left = match this.dict() {
        Some(dict) if !this.exhausted.get() && this.used.get() == dict.used.get() => this.remaining.get(),
        _ => 0,
    };
    Ok(cx.int(left as i64))
}

/// `(iter, ([what is left],))`; the iterator itself stays where it is.
fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyDictIter = a.this();
    let function = builtin_named(cx, "iter")?;
    let mut items = Vec::new();
    if let Some(dict) = this.dict() {
        let copy = new_dict_iter(cx, dict, this.part, this.reverse);
        if let Some(copy) = copy.downcast::<PyDictIter>(cx) {
            copy.used.set(this.used.get());
            copy.position.set(this.position.get());
            copy.remaining.set(this.remaining.get());
            copy.exhausted.set(this.exhausted.get());
            while let Some(item) = copy.step(cx)? {
                items.push(item);
            }
        }
    }
    let list = cx.list(items);
    reduce_to(cx, function, list, None)
}

const TYPES: [(Builtin, &str); 6] = [
    (Builtin::DictKeyIter, "dict_keyiterator"),
    (Builtin::DictValueIter, "dict_valueiterator"),
    (Builtin::DictItemIter, "dict_itemiterator"),
    (Builtin::DictReverseKeyIter, "dict_reversekeyiterator"),
    (Builtin::DictReverseValueIter, "dict_reversevalueiterator"),
    (Builtin::DictReverseItemIter, "dict_reverseitemiterator"),
];

pub(super) fn declare(cx: &Cx) {
    for (which, name) in TYPES {
        TypeBuilder::declare(cx, which, name, &DICT_ITER_OPS, size_of::<PyDictIter>(), true);
    }
}

pub(super) fn init(cx: &mut Cx) {
    for (which, _) in TYPES {
        iter::fill::<PyDictIter>(cx, which, Some(Leaf(hint)), Some(Full(reduce)), None);
    }
}
