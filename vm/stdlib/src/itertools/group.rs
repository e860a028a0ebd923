//! `groupby` and the iterators over its groups.

use super::named_type;
use std::sync::OnceLock;
use ungil_locks::primitive::AtomicUsize;
use ungil_runtime::objects::construct;
use ungil_runtime::objects::iter::{NativeIter, fixed, next_inner};
use ungil_runtime::objects::sync::Field;
use ungil_runtime::objects::tuple::new_tuple_from_array;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// `groupby(iterable, key)`.
#[repr(C)]
pub(super) struct PyGroupBy {
    h: Header,
    iterator: Slot,
    key_function: Slot,
    /// The key of the group that was given last; empty before the first one.
    target_key: Slot,
    /// The key of the latest item; empty if that was given away.
    current_key: Slot,
    current_value: Slot,
    /// Number of the group whose iterator may give items: that which was made last.
    current_group: Field<AtomicUsize>,
}

slot_ops!(
    GROUP_BY_OPS,
    PyGroupBy,
    "itertools.groupby",
    iterator,
    key_function,
    target_key,
    current_key,
    current_value
);

/// The iterator over a group.
#[repr(C)]
struct PyGrouper {
    h: Header,
    parent: Slot,
    target_key: Slot,
    number: usize,
}

slot_ops!(GROUPER_OPS, PyGrouper, "itertools._grouper", parent, target_key);

static GROUPER: OnceLock<&'static PyType> = OnceLock::new();

impl PyGroupBy {
    /// Takes the next item; false at the end.
    fn advance(&self, cx: &mut Cx) -> R<bool> {
        let Some(value) = next_inner(cx, fixed(&self.iterator))? else { return Ok(false) };
        let function = fixed(&self.key_function);
        let key = match function.value().is_none() {
            true => value.clone(),
            false => cx.call(function, &[value.r()])?,
        };
        self.current_value.set(&self.h, cx, value);
        self.current_key.set(&self.h, cx, key);
        Ok(true)
    }
}

impl NativeIter for PyGroupBy {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        // From here on the iterator of the group before gives nothing more.
        let number = self.current_group.add(1) + 1;
        let key = loop {
            if let Some(current) = self.current_key.get(&self.h, cx) {
                let Some(target) = self.target_key.get(&self.h, cx) else { break current };
                if !cx.equal(target.r(), current.r())? {
                    break current;
                }
            }
            if !self.advance(cx)? {
                return Ok(None);
            }
            cx.poll()?;
        };
        self.target_key.set(&self.h, cx, key.clone());
        let Some(class) = GROUPER.get() else { return Err(cx.system_error("itertools is not initialised")) };
        let group = new_grouper(cx, class, ref_of(self), key.r(), number)?;
        Ok(Some(new_tuple_from_array(cx, [key, group])))
    }
}

fn new_grouper(cx: &mut Cx, class: &PyType, parent: Ref<'_>, key: Ref<'_>, number: usize) -> R {
    let (parent, target_key) = (Slot::new(parent.own(cx)), Slot::new(key.own(cx)));
    cx.alloc_for::<PyGrouper>(class, |h| PyGrouper { h, parent, target_key, number })
}

impl NativeIter for PyGrouper {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        // SAFETY: set to a `groupby` when the object is made.
        let parent: &PyGroupBy = unsafe { fixed(&self.parent).cast_unchecked() };
        if parent.current_group.get() != self.number {
            return Ok(None);
        }
        if parent.current_value.is_empty() && !parent.advance(cx)? {
            return Ok(None);
        }
        let Some(key) = parent.current_key.get(&parent.h, cx) else { return Ok(None) };
        if !cx.equal(fixed(&self.target_key), key.r())? {
            return Ok(None);
        }
        let value = parent.current_value.take(&parent.h, cx);
        drop(parent.current_key.take(&parent.h, cx));
        Ok(value)
    }
}

fn make_group_by(cx: &mut Cx, class: &PyType, a: Args<'_>) -> R {
    let iterator = cx.iter(a.get(1))?;
    let key_function = a.opt(2).map_or_else(|| cx.none(), |f| f.own(cx));
    cx.alloc_for::<PyGroupBy>(class, |h| PyGroupBy {
        h,
        iterator: Slot::new(iterator),
        key_function: Slot::new(key_function),
        target_key: Slot::empty(),
        current_key: Slot::empty(),
        current_value: Slot::empty(),
        current_group: Field::<AtomicUsize>::new(0),
    })
}

fn construct_grouper(cx: &mut Cx, a: Args<'_>) -> R {
    let args = construct::positional_only(cx, a, "_grouper", 2, 2)?;
    let Some(parent) = args[0].downcast::<PyGroupBy>(cx) else {
        let got = cx.type_name(args[0]);
        return Err(cx.type_error(format!("_grouper() argument 1 must be itertools.groupby, not {got}")));
    };
    let number = parent.current_group.add(1) + 1;
    new_grouper(cx, construct::class_argument(cx, a), args[0], args[1], number)
}

pub(super) fn init(cx: &mut Cx) -> Vec<&'static PyType> {
    let group_by = named_type!(
        cx,
        PyGroupBy,
        GROUP_BY_OPS,
        "groupby",
        "($type, /, iterable, key=None)",
        1..=2,
        make_group_by,
        "Pairs of a key and an iterator over the neighbouring items that have this key.\n\nThe key is what the function \
         gives for an item, or the item itself."
    );
    let size = size_of::<PyGrouper>();
    let mut grouper = TypeBuilder::native_type(cx, "itertools._grouper", &GROUPER_OPS, size, true, 0);
    grouper.constructor(cx, "($type, *args, **kwargs)", Full(construct_grouper));
    grouper.iterator::<PyGrouper>(cx);
    vec![group_by.class(), GROUPER.get_or_init(|| grouper.class())]
}
