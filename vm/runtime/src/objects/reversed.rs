//! `reversed`: what has `__reversed__` decides itself; other sequences are read by index from the end.

use crate::objects::construct::{class_argument, no_keywords, positional};
use crate::objects::iter::{NativeIter, builtin_named, iter_self, next_method, reduce_to};
use crate::objects::sync::{Field, slot_ops};
use crate::prelude::*;
use ungil_locks::primitive::AtomicUsize;

/// The reverse iterator over a sequence.
#[repr(C)]
pub struct PyReversed {
    pub h: Header,
    /// Empty once the iterator is exhausted.
    sequence: Slot,
    /// One more than the index of the next item.
    next: Field<AtomicUsize>,
}

slot_ops!(REVERSED_OPS, PyReversed, "reversed", sequence);

impl NativeIter for PyReversed {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(sequence) = self.sequence.get(&self.h, cx) else { return Ok(None) };
        if let Some(index) = self.next.take_one() {
            let key = cx.int(index as i64);
            match cx.get_item(sequence.r(), key.r()) {
                Ok(item) => return Ok(Some(item)),
                Err(err)
                    if cx.is_error(&err, Builtin::IndexError)
                        || cx.is_error(&err, Builtin::StopIteration) => {}
                Err(err) => return Err(err),
            }
        }
        self.next.set(0);
        drop(self.sequence.take(&self.h, cx));
        Ok(None)
    }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    no_keywords(cx, a, Builtin::Reversed, "reversed")?;
    let class = class_argument(cx, a);
    let sequence = positional(cx, a, "reversed", 1, 1)?[0];
    let sequence_class = cx.class_of(sequence);
    match sequence_class.special(cx, Special::Reversed) {
        Some(method) if !method.value().is_none() => return cx.call_special(method, sequence, &[]),
        None if is_sequence(cx, sequence) => {}
        _ => {
            let name = cx.type_name(sequence);
            return Err(cx.type_error(format!("'{name}' object is not reversible")));
        }
    }
    let len = cx.len(sequence)?;
    let sequence = sequence.own(cx);
    cx.alloc_for::<PyReversed>(class, |h| PyReversed {
        h,
        sequence: Slot::new(sequence),
        next: Field::<AtomicUsize>::new(len),
    })
}

fn is_sequence(cx: &Cx, v: Ref<'_>) -> bool {
    !cx.is_instance_of(v, Builtin::Dict) && cx.class_of(v).special(cx, Special::GetItem).is_some()
}

fn hint(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyReversed = a.this();
    let Some(sequence) = this.sequence.get(&this.h, cx) else { return Ok(cx.int(0)) };
    let len = cx.len(sequence.r())?;
    let next = this.next.get();
    Ok(cx.int(if len < next { 0 } else { next as i64 }))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyReversed = a.this();
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    match this.sequence.get(&this.h, cx) {
        Some(sequence) => {
            let args = cx.tuple(vec![sequence]);
            Ok(cx.tuple(vec![class, args, cx.int(this.next.get() as i64 - 1)]))
        }
        None => {
            let empty = cx.tuple(Vec::new());
            let function = builtin_named(cx, "reversed")?;
            reduce_to(cx, function, empty, None)
        }
    }
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let this: &PyReversed = a.this();
    if let Some(sequence) = this.sequence.get(&this.h, cx) {
        let last = cx.len(sequence.r())? as isize - 1;
        this.next.set((index.clamp(-1, last.max(-1)) + 1) as usize);
    }
    Ok(cx.none())
}

/// Declares the type.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Reversed, "reversed", &REVERSED_OPS, size_of::<PyReversed>(), true);
}

/// Fills the type.
pub fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Reversed, Some(Builtin::Object), class_flag::BASETYPE);
    b.doc(cx, "The items of the sequence, the last one first.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(
        cx,
        &[
            (Special::Iter, Leaf(iter_self)),
            (Special::Next, Full(next_method::<PyReversed>)),
            (Special::LengthHint, Full(hint)),
            (Special::Reduce, Full(reduce)),
        ],
    );
    b.method(cx, "__setstate__", "($self, object, /)", Full(setstate));
}
