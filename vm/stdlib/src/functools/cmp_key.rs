//! `cmp_to_key`: keys that are ordered by a comparison function.
//!
//! One type serves for what `cmp_to_key` gives, which has no object, and for the keys that calling it makes. The
//! comparison function never changes; the object may be assigned to, under the key's lock.

use std::sync::OnceLock;
use ungil_runtime::objects::construct::comparisons;
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

#[repr(C)]
struct PyKey {
    h: Header,
    compare: Slot,
    /// Empty in what `cmp_to_key` gives.
    object: Slot,
}

slot_ops!(KEY_OPS, PyKey, "functools.KeyWrapper", compare, object);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// A key; `object` is what it stands for.
fn new_key(cx: &mut Cx, compare: Ref<'_>, object: Option<Ref<'_>>) -> R {
    let Some(class) = CLASS.get() else { return Err(cx.system_error("functools is not initialised")) };
    let compare = compare.own(cx);
    let object = object.map_or_else(Slot::empty, |v| Slot::new(v.own(cx)));
    cx.alloc_for::<PyKey>(class, |h| PyKey { h, compare: Slot::new(compare), object })
}

/// `cmp_to_key(mycmp)`.
pub(super) fn cmp_to_key(cx: &mut Cx, a: Args<'_>) -> R {
    new_key(cx, a.get(0), None)
}

/// `K(obj)`.
fn call(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    if args.len() > 1 {
        let n = args.len();
        return Err(cx.type_error(format!("K() takes at most 1 argument ({n} given)")));
    }
    let named = names.and_then(|names| names.items().first());
    let is_obj = named.is_none_or(|name| name.downcast::<PyStr>(cx).is_some_and(|s| s.as_bytes() == b"obj"));
    if args.is_empty() || !is_obj {
        return Err(cx.type_error("K() missing required argument 'obj' (pos 1)"));
    }
    // SAFETY: called with a key.
    let this: &PyKey = unsafe { this.cast_unchecked() };
    new_key(cx, fixed(&this.compare), Some(args.get(0)))
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let this: &PyKey = a.this();
    let Some(other) = a.get(1).downcast::<PyKey>(cx) else {
        return Err(cx.type_error("other argument must be K instance"));
    };
    let (x, y) = (this.object.get(&this.h, cx), other.object.get(&other.h, cx));
    let (Some(x), Some(y)) = (x, y) else {
        return Err(cx.error(Builtin::AttributeError, "object"));
    };
    let result = cx.call_values(fixed(&this.compare), &[x.value(), y.value()], None)?;
    let zero = cx.int(0);
    cx.compare(op, result.r(), zero.r())
}

fn object(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyKey = a.this();
    Ok(this.object.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

fn set_object(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyKey = a.this();
    match a.opt(1) {
        Some(v) => this.object.set(&this.h, cx, v.own(cx)),
        None => drop(this.object.take(&this.h, cx)),
    }
    Ok(cx.none())
}

/// Makes the type.
pub(super) fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyKey>();
    let mut b = TypeBuilder::native_type(cx, "functools.KeyWrapper", &KEY_OPS, size, true, flags);
    b.callable(cx, call);
    b.specials(cx, &comparisons!(compare));
    let none = cx.none();
    b.attr(cx, "__hash__", none);
    b.getset(cx, "obj", Leaf(object), Some(Full(set_object)));
    b.getset(cx, "__text_signature__", Leaf(|cx, _| Ok(cx.str("(obj)"))), None);
    CLASS.get_or_init(|| b.class());
}
