//! The iterator over an array. The index moves by one atomic step, so that threads which share an iterator get each item once.

use super::object::PyArray;
use std::sync::OnceLock;
use ungil_locks::primitive::AtomicUsize;
use ungil_runtime::objects::iter::{NativeIter, builtin_named, reduce_to};
use ungil_runtime::objects::sync::Field;
use ungil_runtime::prelude::*;

/// The iterator.
#[repr(C)]
pub struct PyArrayIter {
    h: Header,
    /// The array; empty at the end. Guarded by the object's lock.
    source: Slot,
    index: Field<AtomicUsize>,
}

ungil_runtime::objects::sync::slot_ops!(ITER_OPS, PyArrayIter, "array.arrayiterator", source);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

pub fn iterate(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = CLASS.get() else { return Ok(cx.not_implemented()) };
    let source = Slot::new(a.get(0).own(cx));
    cx.alloc_for(class, |h| PyArrayIter { h, source, index: Field::<AtomicUsize>::new(0) })
}

impl NativeIter for PyArrayIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(source) = self.source.get(&self.h, cx) else { return Ok(None) };
        let index = self.index.add(1);
        let found = match source.downcast::<PyArray>(cx) {
            Some(array) => array.get(cx, index)?,
            None => None,
        };
        if found.is_none() {
            drop(self.source.take(&self.h, cx));
        }
        Ok(found)
    }
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyArrayIter>();
    let function = builtin_named(cx, "iter")?;
    match this.source.get(&this.h, cx) {
        Some(source) => reduce_to(cx, function, source, Some(this.index.get() as i64)),
        None => {
            let empty = cx.tuple(Vec::new());
            reduce_to(cx, function, empty, None)
        }
    }
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyArrayIter>();
    let index = ungil_runtime::objects::str::args::ssize(cx, a.get(1))?;
    if let Some(source) = this.source.get(&this.h, cx)
        && let Some(array) = source.downcast::<PyArray>(cx)
    {
        this.index.set((index.max(0) as usize).min(array.len(cx)));
    }
    Ok(cx.none())
}

/// Makes the type.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyArrayIter>();
    let mut t = TypeBuilder::native_type(cx, "array.arrayiterator", &ITER_OPS, size, true, flags);
    t.iterator::<PyArrayIter>(cx).special(cx, Special::Reduce, Full(reduce)).method(
        cx,
        "__setstate__",
        "($self, state, /)",
        Full(setstate),
    );
    let class = t.class();
    CLASS.get_or_init(|| class);
}
