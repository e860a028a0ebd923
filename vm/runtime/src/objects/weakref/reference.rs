//! `weakref.ref`, the type `weakref.ReferenceType`.

use super::{PyWeakRef, class_text, make};
use crate::objects::construct::{check_count, class_argument, has_keywords};
use crate::objects::generic_alias::class_getitem;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// `weakref.ref(target, callback)`.
///
/// # Errors
/// `TypeError` if the object cannot be weakly referenced.
pub fn reference(cx: &mut Cx, target: Ref<'_>, callback: Option<Ref<'_>>) -> R {
    let class = cx.builtin(Builtin::WeakRef);
    make(cx, class, target, callback)
}

/// The hash of an exact reference, if it has been asked for before.
pub fn known_hash(v: Ref<'_>) -> Option<i64> {
    if v.header()?.shape_id() != Builtin::WeakRef as u32 {
        return None;
    }
    // SAFETY: the shape says what the layout is.
    let hash = unsafe { v.cast_unchecked::<PyWeakRef>() }.hash.get();
    (hash != -1).then_some(hash)
}

/// What a weak reference refers to: `None` if `v` is no weak reference, `Some(None)` if the target is dead.
pub fn target_of(cx: &Cx, v: Ref<'_>) -> Option<Option<Obj>> {
    Some(v.downcast::<PyWeakRef>(cx)?.target(cx))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 1);
    check_count(cx, args.len(), "__new__", 1, 2)?;
    let class = class_argument(cx, a);
    make(cx, class, args[0], args.get(1).copied())
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    if has_keywords(cx, a) {
        return Err(cx.type_error("ref() takes no keyword arguments"));
    }
    check_count(cx, a.varargs(cx, 1).len(), "__init__", 1, 2)?;
    Ok(cx.none())
}

fn call(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    if names.is_some() {
        return Err(cx.type_error("weakref() takes no keyword arguments"));
    }
    check_count(cx, args.len(), "weakref", 0, 0)?;
    Ok(target_of(cx, this).flatten().unwrap_or_else(|| cx.none()))
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyWeakRef = a.this();
    let known = this.hash.get();
    if known != -1 {
        return Ok(cx.int(known));
    }
    let Some(target) = this.target(cx) else {
        return Err(cx.type_error("weak object has gone away"));
    };
    let hash = cx.hash(target.r())?;
    this.hash.set(hash);
    Ok(cx.int(hash))
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let this: &PyWeakRef = a.this();
    let Some(other) =
        a.get(1).downcast::<PyWeakRef>(cx).filter(|_| cx.is_instance_of(a.get(1), Builtin::WeakRef))
    else {
        return Ok(cx.not_implemented());
    };
    match (this.target(cx), other.target(cx)) {
        (Some(x), Some(y)) => cx.compare(op, x.r(), y.r()),
        _ => Ok(cx.bool(a.get(0).is(a.get(1)) == (op == CompareOp::Eq))),
    }
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyWeakRef = a.this();
    let at = a.get(0).value().0;
    let Some(target) = this.target(cx) else {
        return Ok(cx.str(&format!("<weakref at {at:#x}; dead>")));
    };
    // Looked up as a special method is: `__getattr__` is not asked.
    let name = match cx.class_of(target.r()).lookup(cx, cx.vm.names.name.get()) {
        Some(name) => Some(cx.bind_special(name.r(), target.r())?),
        None => None,
    };
    let name = name.filter(|n| cx.is_instance_of(n.r(), Builtin::Str));
    let class = class_text(cx, cx.class_of(target.r()));
    let to = target.value().0;
    Ok(match name {
        Some(name) => {
            let name = cx.text_of(name.r());
            cx.str(&format!("<weakref at {at:#x}; to '{class}' at {to:#x} ({name})>"))
        }
        None => cx.str(&format!("<weakref at {at:#x}; to '{class}' at {to:#x}>")),
    })
}

pub(super) fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::WeakRef, Some(Builtin::Object), class_flag::BASETYPE);
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.method(cx, "__init__", "($self, /, *args, **kwargs)", Full(initialise));
    b.callable(cx, call);
    b.specials(
        cx,
        &[
            (Special::Repr, Full(repr)),
            (Special::Hash, Full(hash)),
            (Special::Eq, Full(|cx, a| compare(cx, a, CompareOp::Eq))),
            (Special::Ne, Full(|cx, a| compare(cx, a, CompareOp::Ne))),
            (Special::Lt, Leaf(|cx, _| Ok(cx.not_implemented()))),
            (Special::Le, Leaf(|cx, _| Ok(cx.not_implemented()))),
            (Special::Gt, Leaf(|cx, _| Ok(cx.not_implemented()))),
            (Special::Ge, Leaf(|cx, _| Ok(cx.not_implemented()))),
        ],
    );
    b.getset(
        cx,
        "__callback__",
        Leaf(|cx, a| Ok(a.this::<PyWeakRef>().callback(cx).unwrap_or_else(|| cx.none()))),
        Some(Full(crate::objects::construct::readonly)),
    );
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
}
