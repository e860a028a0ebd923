//! `_tuplegetter`: the descriptor of a field of a named tuple.

use std::sync::OnceLock;
use ungil_runtime::objects::construct::{check_count, class_argument};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// A field's place in the tuple and its description.
#[repr(C)]
struct PyTupleGetter {
    h: Header,
    index: isize,
    doc: Slot,
}

slot_ops!(TUPLE_GETTER_OPS, PyTupleGetter, "collections._tuplegetter", doc);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 1);
    check_count(cx, args.len(), "_tuplegetter", 2, 2)?;
    let index = super::deque_methods::ssize(cx, args[0])?;
    let doc = args[1].own(cx);
    let class = class_argument(cx, a);
    cx.alloc_for::<PyTupleGetter>(class, |h| PyTupleGetter { h, index, doc: Slot::new(doc) })
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyTupleGetter = a.this();
    let Some(instance) = a.opt_not_none(1) else {
        return match a.opt_not_none(2) {
            Some(_) => Ok(a.get(0).own(cx)),
            None => Err(cx.type_error("__get__(None, None) is invalid")),
        };
    };
    let Some(tuple) = instance.downcast::<PyTuple>(cx) else {
        let (index, got) = (this.index, cx.type_name(instance));
        return Err(cx.type_error(format!(
            "descriptor for index '{index}' for tuple subclasses doesn't apply to '{got}' object"
        )));
    };
    let item = usize::try_from(this.index).ok().and_then(|i| tuple.get(cx, i));
    item.ok_or_else(|| cx.index_error("tuple index out of range"))
}

fn doc(cx: &Cx, this: &PyTupleGetter) -> Obj {
    this.doc.get(&this.h, cx).unwrap_or_else(|| cx.none())
}

fn set_doc(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyTupleGetter = a.this();
    let doc = a.opt(1).map_or_else(|| cx.none(), |v| v.own(cx));
    this.doc.set(&this.h, cx, doc);
    Ok(cx.none())
}

fn reduce(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyTupleGetter = a.this();
    let args = cx.tuple(vec![cx.int(this.index as i64), doc(cx, this)]);
    Ok(cx.tuple(vec![cx.class_of(a.get(0)).as_ref().own(cx), args]))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyTupleGetter = a.this();
    let (name, index, doc) = (cx.class_of(a.get(0)).name(), this.index, doc(cx, this));
    let doc = cx.repr_string(doc.r())?;
    Ok(cx.str(&format!("{name}({index}, {doc})")))
}

/// Makes the type.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    let size = size_of::<PyTupleGetter>();
    let mut b = TypeBuilder::native_type(cx, "collections._tuplegetter", &TUPLE_GETTER_OPS, size, true, 0);
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(
        cx,
        &[
            (Special::Get, Full(get)),
            (Special::Set, Full(|cx, _| Err(cx.error(Builtin::AttributeError, "can't set attribute")))),
            (Special::Delete, Full(|cx, _| Err(cx.error(Builtin::AttributeError, "can't delete attribute")))),
            (Special::Reduce, Leaf(reduce)),
            (Special::Repr, Full(repr)),
        ],
    );
    b.getset(cx, "__doc__", Leaf(|cx, a| Ok(doc(cx, a.this()))), Some(Full(set_doc)));
    CLASS.get_or_init(|| b.class())
}
