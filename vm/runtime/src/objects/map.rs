//! `map`: a function's results for the items of one or more iterables.

use crate::objects::construct::class_argument;
use crate::objects::iter::{NativeIter, fixed, iter_self, next_inner, next_method};
use crate::objects::sync::slot_ops;
use crate::objects::zip::{iterators, iterators_of, next_of_each, reduce_strict, strict_argument};
use crate::prelude::*;
use std::cell::Cell;

/// `map(function, *iterables)`.
#[repr(C)]
pub struct PyMap {
    pub h: Header,
    function: Slot,
    /// A tuple.
    iterators: Slot,
    strict: Cell<bool>,
}

slot_ops!(MAP_OPS, PyMap, "map", function, iterators);

impl NativeIter for PyMap {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let function = fixed(&self.function);
        let iterators = iterators(&self.iterators);
        if let &[only] = iterators {
            let Some(item) = next_inner(cx, only)? else { return Ok(None) };
            return cx.call(function, &[item.r()]).map(Some);
        }
        let Some(items) = next_of_each(cx, "map", iterators, self.strict.get())? else { return Ok(None) };
        let args: Vec<Ref<'_>> = items.iter().map(Obj::r).collect();
        cx.call(function, &args).map(Some)
    }
}

/// `map(function, *iterables)` of the exact class, with at least one iterable.
///
/// # Errors
/// `TypeError`, or what `__iter__` raises.
pub fn map_of(cx: &mut Cx, args: &[Ref<'_>]) -> R {
    let iterators = iterators_of(cx, &args[1..])?;
    let function = args[0].own(cx);
    Ok(cx.alloc(Builtin::Map, |h| PyMap {
        h,
        function: Slot::new(function),
        iterators: Slot::new(iterators),
        strict: Cell::new(false),
    }))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    let strict = strict_argument(cx, a, "map")?;
    let [function, iterables @ ..] = a.varargs(cx, 1) else {
        return Err(cx.type_error("map() must have at least two arguments."));
    };
    if iterables.is_empty() {
        return Err(cx.type_error("map() must have at least two arguments."));
    }
    let iterators = iterators_of(cx, iterables)?;
    let function = function.own(cx);
    cx.alloc_for::<PyMap>(class, |h| PyMap {
        h,
        function: Slot::new(function),
        iterators: Slot::new(iterators),
        strict: Cell::new(strict),
    })
}

fn reduce(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyMap = a.this();
    let rest = iterators(&this.iterators).iter();
    let args = std::iter::once(&fixed(&this.function)).chain(rest).map(|v| v.own(cx)).collect();
    let args = cx.tuple(args);
    Ok(reduce_strict(cx, a.get(0), args, this.strict.get()))
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let strict = cx.truth(a.get(1))?;
    a.this::<PyMap>().strict.set(strict);
    Ok(cx.none())
}

/// Declares the type.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Map, "map", &MAP_OPS, size_of::<PyMap>(), true);
}

/// Fills the type.
pub fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Map, Some(Builtin::Object), class_flag::BASETYPE);
    b.doc(
        cx,
        "What the function gives for one item of each iterable, until the shortest one ends.\n\nWith strict, iterables \
         of different length are an error.",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(
        cx,
        &[
            (Special::Iter, Leaf(iter_self)),
            (Special::Next, Full(next_method::<PyMap>)),
            (Special::Reduce, Leaf(reduce)),
        ],
    );
    b.method(cx, "__setstate__", "($self, object, /)", Full(setstate));
}
