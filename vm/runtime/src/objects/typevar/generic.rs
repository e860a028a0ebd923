//! `typing.Generic`, `typing.NoDefault`, and the evaluators that give a fixed value in any annotation format.

use crate::SharedValue;
use crate::objects::construct::class_argument;
use crate::objects::generic_alias::{call_typing, type_text};
use crate::objects::iter::fixed;
use crate::objects::object::{OBJECT_OPS, PyObject};
use crate::objects::sync::slot_ops;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::sync::OnceLock;

/// The format `STRING` of annotations.
const STRING: i64 = 4;

/// The one `NoDefault`.
static NO_DEFAULT: OnceLock<SharedValue> = OnceLock::new();

/// Gives a fixed value when called with an annotation format.
#[repr(C)]
pub struct PyConstEvaluator {
    pub h: Header,
    value: Slot,
}

slot_ops!(EVALUATOR_OPS, PyConstEvaluator, "_typing._ConstEvaluator", value);

/// `typing.NoDefault`.
pub fn no_default(cx: &Cx) -> Obj {
    let make = || SharedValue::new(cx.alloc(Builtin::NoDefaultType, |h| PyObject { h }));
    NO_DEFAULT.get_or_init(make).get().own(cx)
}

pub(super) fn new_evaluator(cx: &Cx, value: Obj) -> Obj {
    let value = Slot::new(value);
    cx.alloc(Builtin::ConstEvaluator, |h| PyConstEvaluator { h, value })
}

fn evaluator_call(cx: &mut Cx, a: Args<'_>) -> R {
    if a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty()) {
        return Err(cx.type_error("constevaluator.__call__() takes no keyword arguments"));
    }
    let &[format] = a.varargs(cx, 1) else {
        let n = a.varargs(cx, 1).len();
        let message = format!("constevaluator.__call__() takes exactly 1 argument ({n} given)");
        return Err(cx.type_error(message));
    };
    let format = cx.to_i64(format)?;
    let value = fixed(&a.this::<PyConstEvaluator>().value);
    if format != STRING {
        return Ok(value.own(cx));
    }
    let text = match value.downcast::<PyTuple>(cx) {
        None => type_text(cx, value)?,
        Some(items) => {
            let mut parts = Vec::new();
            for &item in items.items() {
                parts.push(type_text(cx, item)?);
            }
            format!("({})", parts.join(", "))
        }
    };
    Ok(cx.str(&text))
}

fn evaluator_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let text = cx.repr_string(fixed(&a.this::<PyConstEvaluator>().value))?;
    Ok(cx.str(&format!("<constevaluator {text}>")))
}

/// `Generic[*params]`.
///
/// # Errors
/// What `typing` raises.
pub fn subscript_generic(cx: &mut Cx, params: Ref<'_>) -> R {
    let params = super::unpacked(cx, params)?;
    let generic = cx.builtin(Builtin::Generic).as_ref();
    call_typing(cx, "_GenericAlias", &[generic, params.r()])
}

/// Calls a function of `typing` with a class, arguments and keyword arguments.
fn forward(cx: &mut Cx, a: Args<'_>, function: &str) -> R {
    let module = crate::import::import_module(cx, "typing")?;
    let function = cx.get_attr_str(module.r(), function)?;
    let all = std::iter::once(a.get(0)).chain(a.varargs(cx, 1).iter().copied());
    let all = all.map(|v| v.own(cx)).collect();
    let all = cx.tuple(all);
    crate::objects::native::spread(cx, function.r(), all.r(), a.opt(2))
}

fn construct_no_default(cx: &mut Cx, a: Args<'_>) -> R {
    debug_assert!(class_argument(cx, a).has_layout::<PyObject>());
    if !a.varargs(cx, 1).is_empty() || a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty()) {
        return Err(cx.type_error("NoDefaultType takes no arguments"));
    }
    Ok(no_default(cx))
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyObject>();
    TypeBuilder::declare(cx, Builtin::Generic, "typing.Generic", &OBJECT_OPS, size, false);
    TypeBuilder::declare(cx, Builtin::NoDefaultType, "NoDefaultType", &OBJECT_OPS, size, false);
    let (size, name) = (size_of::<PyConstEvaluator>(), "_typing._ConstEvaluator");
    TypeBuilder::declare(cx, Builtin::ConstEvaluator, name, &EVALUATOR_OPS, size, true);
}

pub(super) fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::Generic, Some(Builtin::Object), class_flag::BASETYPE);
    t.doc(cx, "The base of generic classes.");
    let signature = "($type, /, *args, **kwargs)";
    t.class_method(
        cx,
        "__class_getitem__",
        signature,
        Full(|cx, a| forward(cx, a, "_generic_class_getitem")),
    );
    t.class_method(
        cx,
        "__init_subclass__",
        signature,
        Full(|cx, a| forward(cx, a, "_generic_init_subclass")),
    );
    let module = cx.str("typing");
    t.attr(cx, "__module__", module);

    let mut t = TypeBuilder::new(cx, Builtin::NoDefaultType, Some(Builtin::Object), 0);
    t.doc(cx, "The type of the NoDefault singleton.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct_no_default));
    t.special(cx, Special::Repr, Leaf(|cx, _| Ok(cx.str("typing.NoDefault"))));
    t.method(cx, "__reduce__", "($self, /)", Leaf(|cx, _| Ok(cx.str("NoDefault"))));

    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::new(cx, Builtin::ConstEvaluator, Some(Builtin::Object), flags);
    t.special(cx, Special::Repr, Full(evaluator_repr));
    t.special(cx, Special::Call, Full(evaluator_call));
    let module = cx.str("_typing");
    t.attr(cx, "__module__", module);
}
