//! `zip`: tuples of items of several iterables, and the walk through several iterators that `map` shares.

use crate::objects::construct::class_argument;
use crate::objects::iter::{NativeIter, fixed, iter_self, next_inner, next_method};
use crate::objects::sync::slot_ops;
use crate::objects::tuple::{PyTuple, new_tuple, new_tuple_from_array};
use crate::prelude::*;
use std::cell::Cell;

/// `zip(*iterables)`.
#[repr(C)]
pub struct PyZip {
    pub h: Header,
    /// A tuple.
    iterators: Slot,
    strict: Cell<bool>,
}

slot_ops!(ZIP_OPS, PyZip, "zip", iterators);

/// The iterators in a slot that holds a tuple of them.
pub(crate) fn iterators(slot: &Slot) -> &[Ref<'_>] {
    // SAFETY: set to a tuple when the object is made, and never changed.
    unsafe { fixed(slot).cast_unchecked::<PyTuple>() }.items()
}

/// One item of each iterator; `None` when the first one ends.
///
/// # Errors
/// What iterating raises; `ValueError` if `strict` and not all end together.
pub(crate) fn next_of_each(
    cx: &mut Cx,
    name: &str,
    iterators: &[Ref<'_>],
    strict: bool,
) -> R<Option<Vec<Obj>>> {
    let mut items = Vec::with_capacity(iterators.len());
    for (i, &iterator) in iterators.iter().enumerate() {
        match next_inner(cx, iterator)? {
            Some(item) => items.push(item),
            None if strict => return ended(cx, name, iterators, i),
            None => return Ok(None),
        }
    }
    Ok(Some(items))
}

/// Checks that all iterators have ended when number `i` has, those before it not.
fn ended<T>(cx: &mut Cx, name: &str, iterators: &[Ref<'_>], i: usize) -> R<Option<T>> {
    let others = |i: usize| if i == 1 { " 1".to_string() } else { format!("s 1-{i}") };
    if i > 0 {
        return Err(cx.value_error(format!(
            "{name}() argument {} is shorter than argument{}",
            i + 1,
            others(i)
        )));
    }
    for (i, &iterator) in iterators.iter().enumerate().skip(1) {
        if next_inner(cx, iterator)?.is_some() {
            let message = format!("{name}() argument {} is longer than argument{}", i + 1, others(i));
            return Err(cx.value_error(message));
        }
    }
    Ok(None)
}

impl PyZip {
    /// Its two iterators, if there are two and they may end apart.
    #[inline(always)]
    pub(crate) fn two(&self) -> Option<&[Ref<'_>; 2]> {
        if self.strict.get() { None } else { iterators(&self.iterators).try_into().ok() }
    }
}

/// One item of each of two iterators; `None` when one ends.
///
/// # Errors
/// What iterating raises.
#[inline]
pub(crate) fn pair(cx: &mut Cx, &[first, second]: &[Ref<'_>; 2]) -> R<Option<(Obj, Obj)>> {
    let Some(x) = next_inner(cx, first)? else { return Ok(None) };
    let Some(y) = next_inner(cx, second)? else { return Ok(None) };
    Ok(Some((x, y)))
}

impl NativeIter for PyZip {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        if let Some(two) = self.two() {
            let items = pair(cx, two)?;
            return Ok(items.map(|(x, y)| new_tuple_from_array(cx, [x, y])));
        }
        let iterators = iterators(&self.iterators);
        if iterators.is_empty() {
            return Ok(None);
        }
        let items = next_of_each(cx, "zip", iterators, self.strict.get())?;
        Ok(items.map(|items| new_tuple(cx, items)))
    }
}

/// The keyword argument `strict` of the window of a `($cls, *args, **kwargs)` native, the only one that there may be.
///
/// # Errors
/// `TypeError`, or what its truth raises.
pub(crate) fn strict_argument(cx: &mut Cx, a: Args<'_>, name: &str) -> R<bool> {
    let Some(keywords) = a.varkw(cx, 2) else { return Ok(false) };
    let mut strict = false;
    for (key, value) in keywords.items(cx) {
        let key = cx.text_of(key.r());
        if key != "strict" {
            return Err(cx.type_error(format!("{name}() got an unexpected keyword argument '{key}'")));
        }
        strict = cx.truth(value.r())?;
    }
    Ok(strict)
}

/// A tuple of iterators over the iterables.
///
/// # Errors
/// `TypeError`, or what `__iter__` raises.
pub(crate) fn iterators_of(cx: &mut Cx, iterables: &[Ref<'_>]) -> R {
    let mut all = Vec::with_capacity(iterables.len());
    for &iterable in iterables {
        all.push(cx.iter(iterable)?);
    }
    Ok(new_tuple(cx, all))
}

/// `zip(*iterables)` of the exact class.
///
/// # Errors
/// `TypeError`, or what `__iter__` raises.
pub fn zip_of(cx: &mut Cx, iterables: &[Ref<'_>]) -> R {
    let iterators = iterators_of(cx, iterables)?;
    Ok(cx.alloc(Builtin::Zip, |h| PyZip { h, iterators: Slot::new(iterators), strict: Cell::new(false) }))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    let strict = strict_argument(cx, a, "zip")?;
    let iterators = iterators_of(cx, a.varargs(cx, 1))?;
    cx.alloc_for::<PyZip>(class, |h| PyZip { h, iterators: Slot::new(iterators), strict: Cell::new(strict) })
}

/// `(class, args)`, or `(class, args, True)` if strict.
pub(crate) fn reduce_strict(cx: &Cx, this: Ref<'_>, args: Obj, strict: bool) -> Obj {
    let class = cx.class_of(this).as_ref().own(cx);
    match strict {
        true => cx.tuple(vec![class, args, cx.bool(true)]),
        false => cx.tuple(vec![class, args]),
    }
}

fn reduce(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyZip = a.this();
    let args = fixed(&this.iterators).own(cx);
    Ok(reduce_strict(cx, a.get(0), args, this.strict.get()))
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let strict = cx.truth(a.get(1))?;
    a.this::<PyZip>().strict.set(strict);
    Ok(cx.none())
}

/// Declares the type.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Zip, "zip", &ZIP_OPS, size_of::<PyZip>(), true);
}

/// Fills the type.
pub fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Zip, Some(Builtin::Object), class_flag::BASETYPE);
    b.doc(
        cx,
        "Tuples of one item of each iterable, until the shortest one ends.\n\nWith strict, iterables of different \
         length are an error.\n\n>>> list(zip('ab', range(3)))\n[('a', 0), ('b', 1)]",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(
        cx,
        &[
            (Special::Iter, Leaf(iter_self)),
            (Special::Next, Full(next_method::<PyZip>)),
            (Special::Reduce, Leaf(reduce)),
        ],
    );
    b.method(cx, "__setstate__", "($self, object, /)", Full(setstate));
}
