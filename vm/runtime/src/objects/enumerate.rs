//! `enumerate`: items with their numbers.

use crate::objects::construct::class_argument;
use crate::objects::generic_alias::class_getitem;
use crate::objects::iter::{NativeIter, fixed, iter_self, next_inner, next_method};
use crate::objects::sync::{Field, locked, slot_ops};
use crate::objects::tuple::new_tuple_from_array;
use crate::prelude::*;
use ungil_locks::primitive::AtomicI64;

/// `enumerate(iterable)`.
#[repr(C)]
pub struct PyEnumerate {
    pub h: Header,
    iterator: Slot,
    /// The next number, unless it is in `large`.
    count: Field<AtomicI64>,
    /// The next number, once it is no immediate int any more.
    large: Slot,
}

slot_ops!(ENUMERATE_OPS, PyEnumerate, "enumerate", iterator, large);

impl PyEnumerate {
    /// The next number, as one step for all threads.
    #[inline]
    fn take_count(&self, cx: &mut Cx) -> R {
        if self.large.is_empty() {
            let n = locked(cx, &self.h, || {
                let n = self.count.get();
                self.count.set(n + 1);
                n
            });
            if n < ungil_gc::INT_MAX {
                return Ok(cx.int(n));
            }
            // From here on with Python ints.
            let first = cx.int(n);
            self.large.set(&self.h, cx, first);
        }
        let one = cx.int(1);
        loop {
            let Some(n) = self.large.get(&self.h, cx) else { continue };
            let next = cx.binary(BinaryOp::Add, n.r(), one.r())?;
            let old = locked(cx, &self.h, || match self.large.peek() == n.value() {
                true => self.large.replace_locked(&self.h, next),
                false => None,
            });
            if old.is_some() {
                return Ok(n);
            }
        }
    }

    /// The next number if it is an immediate, else `UNDEF`. The object is exclusive.
    #[inline(always)]
    pub(crate) fn small_count(&self) -> Value {
        match self.large.is_empty() && self.count.get() < ungil_gc::INT_MAX {
            true => Value::from_int_unchecked(self.count.get()),
            false => Value::UNDEF,
        }
    }

    /// Takes the number that [`PyEnumerate::small_count`] has given.
    #[inline(always)]
    pub(crate) fn count_one(&self) {
        self.count.set(self.count.get() + 1);
    }

    /// What is numbered.
    #[inline(always)]
    pub(crate) fn source(&self) -> Ref<'_> {
        fixed(&self.iterator)
    }

    /// The next number and item, if both are simple to have: `simple` says so of the source. As [`iter::next_pair`].
    ///
    /// [`iter::next_pair`]: crate::objects::iter::next_pair
    #[inline]
    pub(crate) fn pair(&self, cx: &mut Cx, simple: bool) -> Option<R<Option<(Obj, Obj)>>> {
        // Far enough from where numbers are no immediates any more.
        if !simple || self.count.get() >= ungil_gc::INT_MAX / 2 {
            return None;
        }
        Some(match cx.next(self.source()) {
            Ok(Some(item)) => self.take_count(cx).map(|count| Some((count, item))),
            Ok(None) => Ok(None),
            Err(err) => Err(err),
        })
    }

    /// The next number, without taking it.
    fn next_count(&self, cx: &Cx) -> Obj {
        self.large.get(&self.h, cx).unwrap_or_else(|| cx.int(self.count.get()))
    }
}

impl NativeIter for PyEnumerate {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(item) = next_inner(cx, fixed(&self.iterator))? else { return Ok(None) };
        let count = self.take_count(cx)?;
        Ok(Some(new_tuple_from_array(cx, [count, item])))
    }
}

/// The arguments `iterable` and `start`, each by position or by name.
fn arguments(cx: &mut Cx, a: Args<'_>) -> R<(Obj, Option<Obj>)> {
    let positional = a.varargs(cx, 1);
    let named = a.varkw(cx, 2).map(|kw| kw.items(cx)).unwrap_or_default();
    let total = positional.len() + named.len();
    if total > 2 {
        return Err(cx.type_error(format!("enumerate() takes at most 2 arguments ({total} given)")));
    }
    let mut iterable = positional.first().map(|v| v.own(cx));
    let mut start = positional.get(1).map(|v| v.own(cx));
    let alone = named.len() == 1 && positional.is_empty();
    for (name, value) in named {
        let name = cx.text_of(name.r());
        match &*name {
            "iterable" if iterable.is_none() => iterable = Some(value),
            "start" if start.is_none() && !alone => start = Some(value),
            _ => {
                return Err(cx.type_error(format!("'{name}' is an invalid keyword argument for enumerate()")));
            }
        }
    }
    match iterable {
        Some(iterable) => Ok((iterable, start)),
        None => Err(cx.type_error("enumerate() missing required argument 'iterable'")),
    }
}

/// `enumerate(iterable)` of the exact class.
///
/// # Errors
/// `TypeError`, or what `__iter__` raises.
pub fn enumerate_of(cx: &mut Cx, iterable: Ref<'_>) -> R {
    let iterator = cx.iter(iterable)?;
    Ok(cx.alloc(Builtin::Enumerate, |h| PyEnumerate {
        h,
        iterator: Slot::new(iterator),
        count: Field::<AtomicI64>::new(0),
        large: Slot::empty(),
    }))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let (iterable, start) = arguments(cx, a)?;
    let start = match start {
        Some(start) => cx.index(start.r())?,
        None => cx.int(0),
    };
    let iterator = cx.iter(iterable.r())?;
    let (count, large) = match start.value().as_int() {
        Some(n) => (n, Slot::empty()),
        None => (ungil_gc::INT_MAX, Slot::new(start)),
    };
    cx.alloc_for::<PyEnumerate>(class_argument(cx, a), |h| PyEnumerate {
        h,
        iterator: Slot::new(iterator),
        count: Field::<AtomicI64>::new(count),
        large,
    })
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyEnumerate = a.this();
    let args = cx.tuple(vec![fixed(&this.iterator).own(cx), this.next_count(cx)]);
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    Ok(cx.tuple(vec![class, args]))
}

/// Declares the type.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Enumerate, "enumerate", &ENUMERATE_OPS, size_of::<PyEnumerate>(), true);
}

/// Fills the type.
pub fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Enumerate, Some(Builtin::Object), class_flag::BASETYPE);
    b.doc(cx, "Pairs of a number, counted from start on, and an item of the iterable.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(
        cx,
        &[
            (Special::Iter, Leaf(iter_self)),
            (Special::Next, Full(next_method::<PyEnumerate>)),
            (Special::Reduce, Full(reduce)),
        ],
    );
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
}
