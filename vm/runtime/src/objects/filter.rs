//! `filter`: the items for which a function is true.

use crate::objects::construct::{class_argument, no_keywords, positional};
use crate::objects::iter::{NativeIter, fixed, iter_self, next_inner, next_method};
use crate::objects::sync::slot_ops;
use crate::prelude::*;

/// `filter(function, iterable)`.
#[repr(C)]
pub struct PyFilter {
    pub h: Header,
    function: Slot,
    iterator: Slot,
}

slot_ops!(FILTER_OPS, PyFilter, "filter", function, iterator);

impl NativeIter for PyFilter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let function = fixed(&self.function);
        // `None` and `bool` ask the item itself.
        let asks_item = function.value().is_none() || function.is(cx.builtin(Builtin::Bool).as_ref());
        while let Some(item) = next_inner(cx, fixed(&self.iterator))? {
            let wanted = if asks_item {
                cx.truth(item.r())?
            } else {
                let answer = cx.call(function, &[item.r()])?;
                cx.truth(answer.r())?
            };
            if wanted {
                return Ok(Some(item));
            }
            cx.poll()?;
        }
        Ok(None)
    }
}

/// `filter(function, iterable)` of the exact class.
///
/// # Errors
/// `TypeError`, or what `__iter__` raises.
pub fn filter_of(cx: &mut Cx, function: Ref<'_>, iterable: Ref<'_>) -> R {
    let iterator = cx.iter(iterable)?;
    let function = function.own(cx);
    Ok(cx.alloc(Builtin::Filter, |h| PyFilter {
        h,
        function: Slot::new(function),
        iterator: Slot::new(iterator),
    }))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    no_keywords(cx, a, Builtin::Filter, "filter")?;
    let class = class_argument(cx, a);
    let args = positional(cx, a, "filter", 2, 2)?;
    let iterator = cx.iter(args[1])?;
    let function = args[0].own(cx);
    cx.alloc_for::<PyFilter>(class, |h| PyFilter {
        h,
        function: Slot::new(function),
        iterator: Slot::new(iterator),
    })
}

fn reduce(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyFilter = a.this();
    let args = cx.tuple(vec![fixed(&this.function).own(cx), fixed(&this.iterator).own(cx)]);
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    Ok(cx.tuple(vec![class, args]))
}

/// Declares the type.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Filter, "filter", &FILTER_OPS, size_of::<PyFilter>(), true);
}

/// Fills the type.
pub fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Filter, Some(Builtin::Object), class_flag::BASETYPE);
    b.doc(
        cx,
        "The items of the iterable for which the function is true, or that are true themselves if the function is None.",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(
        cx,
        &[
            (Special::Iter, Leaf(iter_self)),
            (Special::Next, Full(next_method::<PyFilter>)),
            (Special::Reduce, Leaf(reduce)),
        ],
    );
}
