//! `types.SimpleNamespace`, and the type of capsules, of which there are none.

use crate::objects::construct::check_count;
use crate::objects::dict::PyDict;
use crate::objects::object::{OBJECT_OPS, PyObject, add_dict};
use crate::objects::str::PyStr;
use crate::objects::{construct, repr};
use crate::prelude::*;

pub fn declare(cx: &Cx) {
    let (size, name) = (size_of::<PyObject>(), "types.SimpleNamespace");
    TypeBuilder::declare_with_dict(cx, Builtin::SimpleNamespace, name, &OBJECT_OPS, size);
    TypeBuilder::declare(cx, Builtin::Capsule, "PyCapsule", &OBJECT_OPS, size, false);
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = construct::class_argument(cx, a);
    cx.alloc_for(class, |h| PyObject { h })
}

/// A namespace with these attributes.
///
/// # Errors
/// What setting them raises.
pub fn new_namespace(cx: &mut Cx, attributes: Vec<(&str, Obj)>) -> R {
    let class = cx.builtin(Builtin::SimpleNamespace);
    let made = cx.alloc_for(class, |h| PyObject { h })?;
    for (name, value) in attributes {
        let name = crate::objects::str::intern(cx, name);
        cx.set_attr(made.r(), name.get(), value)?;
    }
    Ok(made)
}

fn init_namespace(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 1);
    let class = cx.class_of(a.get(0)).name();
    check_count(cx, args.len(), &class, 0, 1)?;
    let new = PyDict::new(cx);
    let payload: &PyDict = new.downcast(cx).expect("just made");
    if let Some(&given) = args.first() {
        payload.update_from(cx, given)?;
        if payload.keys(cx).iter().any(|k| k.downcast::<PyStr>(cx).is_none()) {
            return Err(cx.type_error("keywords must be strings"));
        }
    }
    if let Some(keywords) = a.varkw(cx, 2) {
        payload.merge(cx, keywords)?;
    }
    update(cx, a.get(0), new.r())?;
    Ok(cx.none())
}

fn update(cx: &mut Cx, namespace: Ref<'_>, with: Ref<'_>) -> R<()> {
    let own = crate::ops::instance_dict(cx, namespace)?;
    match own.downcast::<PyDict>(cx) {
        Some(own) => own.update_from(cx, with),
        None => Ok(()),
    }
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0));
    let exact = std::ptr::eq(class, cx.builtin(Builtin::SimpleNamespace));
    let name = if exact { "namespace".to_string() } else { class.name() };
    repr::guarded(cx, a.get(0), &format!("{name}(...)"), |cx| {
        let dict = crate::ops::instance_dict(cx, a.get(0))?;
        let items = dict.downcast::<PyDict>(cx).map(|d| d.items(cx)).unwrap_or_default();
        let mut parts = Vec::new();
        for (key, value) in items {
            if key.downcast::<PyStr>(cx).is_some_and(|k| !k.is_empty()) {
                parts.push(format!("{}={}", cx.text_of(key.r()), cx.repr_string(value.r())?));
            }
        }
        Ok(cx.str(&format!("{name}({})", parts.join(", "))))
    })
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    if !cx.is_instance_of(a.get(1), Builtin::SimpleNamespace) {
        return Ok(cx.not_implemented());
    }
    let (x, y) = (crate::ops::instance_dict(cx, a.get(0))?, crate::ops::instance_dict(cx, a.get(1))?);
    cx.compare(op, x.r(), y.r())
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    let (empty, dict) = (cx.tuple(Vec::new()), crate::ops::instance_dict(cx, a.get(0))?);
    Ok(cx.tuple(vec![class, empty, dict]))
}

fn replace(cx: &mut Cx, a: Args<'_>) -> R {
    if !a.varargs(cx, 1).is_empty() {
        return Err(cx.type_error("__replace__() takes no positional arguments"));
    }
    let class = cx.class_of(a.get(0)).as_ref();
    let made = cx.call(class, &[])?;
    if !cx.is_instance_of(made.r(), Builtin::SimpleNamespace) {
        let (class, got) = (PyType::from_ref(class, cx), cx.type_name(made.r()));
        let name = class.map(|class| crate::objects::type_::full_name(cx, class)).unwrap_or_default();
        return Err(
            cx.type_error(format!("expect types.SimpleNamespace type, but {name}() returned '{got}' object"))
        );
    }
    let own = crate::ops::instance_dict(cx, a.get(0))?;
    update(cx, made.r(), own.r())?;
    if let Some(changes) = a.opt(2) {
        update(cx, made.r(), changes)?;
    }
    Ok(made)
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::SimpleNamespace, Some(Builtin::Object), class_flag::BASETYPE);
    t.doc(cx, "An object that is nothing but its attributes.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(new));
    t.special(cx, Special::Init, Full(init_namespace));
    t.special(cx, Special::Repr, Full(repr));
    t.specials(cx, &construct::comparisons!(compare));
    t.special(cx, Special::Reduce, Full(reduce));
    t.method(cx, "__replace__", "($self, /, *args, **changes)", Full(replace));
    let none = cx.none();
    t.attr(cx, "__hash__", none);
    let class = t.class();
    if add_dict(cx, class).is_err() {
        ungil_gc::fatal("a built-in type cannot be filled");
    }
    let flags = class_flag::DISALLOW_INSTANTIATION;
    TypeBuilder::new(cx, Builtin::Capsule, Some(Builtin::Object), flags);
}
