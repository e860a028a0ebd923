//! `object`.

use crate::objects::dict::PyDict;
use crate::objects::reduce;
use crate::objects::type_::{change_class, same_layout};
use crate::prelude::*;

/// An instance of `object` or of a class that derives from nothing else: no payload but the header.
#[repr(C)]
pub struct PyObject {
    pub h: Header,
}

pub static OBJECT_OPS: TypeOps = TypeOps {
    name: "object",
    size: |_| size_of::<PyObject>(),
    trace: None,
    drop_fields: None,
    needs_finalizer: crate::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyObject {
    const OPS: &'static TypeOps = &OBJECT_OPS;
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Object, "object", &OBJECT_OPS, size_of::<PyObject>(), false);
}

fn object_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let object = cx.builtin(Builtin::Object);
    if class.has_flag(class_flag::DISALLOW_INSTANTIATION) {
        let name = class.tp_name();
        return Err(cx.type_error(format!("cannot create '{name}' instances")));
    }
    let excess = !a.varargs(cx, 1).is_empty() || a.varkw(cx, 2).is_some_and(|k| !k.is_empty());
    if excess {
        if !class.same_special(cx, object, Special::New) {
            return Err(
                cx.type_error("object.__new__() takes exactly one argument (the type to instantiate)")
            );
        }
        if class.same_special(cx, object, Special::Init) {
            let name = class.name();
            return Err(cx.type_error(format!("{name}() takes no arguments")));
        }
    }
    new_plain(cx, class)
}

fn new_plain(cx: &mut Cx, class: &'static PyType) -> R {
    if class.has_flag(class_flag::ABSTRACT) {
        return Err(abstract_error(cx, class));
    }
    cx.alloc_for(class, |h| PyObject { h })
}

/// As [`object_new`] where there is nothing but the class.
fn object_new_given(cx: &mut Cx, a: Args<'_>) -> Option<R> {
    let class = if a.count() == 1 { PyType::from_ref(a.get(0), cx)? } else { return None };
    // Who calls it has asked the class itself.
    (!class.has_flag(class_flag::DISALLOW_INSTANTIATION)).then(|| new_plain(cx, class))
}

fn abstract_error(cx: &mut Cx, class: &PyType) -> Err {
    let names = class.dict(cx).get_str(cx, cx.vm.names.abstractmethods.get());
    let mut texts: Vec<String> = match names.map(|n| cx.collect(n.r())) {
        Some(Ok(items)) => items.iter().map(|n| cx.text_of(n.r())).collect(),
        _ => Vec::new(),
    };
    texts.sort();
    let s = if texts.len() > 1 { "s" } else { "" };
    let (name, list) = (class.name(), texts.join("', '"));
    cx.type_error(format!(
        "Can't instantiate abstract class {name} without an implementation for abstract method{s} '{list}'"
    ))
}

fn object_init(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0));
    let object = cx.builtin(Builtin::Object);
    let excess = !a.varargs(cx, 1).is_empty() || a.varkw(cx, 2).is_some_and(|k| !k.is_empty());
    if excess {
        if !class.same_special(cx, object, Special::Init) {
            return Err(
                cx.type_error("object.__init__() takes exactly one argument (the instance to initialize)")
            );
        }
        if class.same_special(cx, object, Special::New) {
            let name = class.name();
            return Err(cx.type_error(format!(
                "{name}.__init__() takes exactly one argument (the instance to initialize)"
            )));
        }
    }
    Ok(cx.none())
}

/// As [`object_init`] where there is nothing but the object.
fn object_init_given(cx: &mut Cx, a: Args<'_>) -> Option<R> {
    (a.count() == 1).then(|| Ok(cx.none()))
}

fn object_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0));
    let module = cx.get_attr_opt(class.as_ref(), cx.vm.names.module.get())?;
    let module = module.filter(|m| cx.is_instance_of(m.r(), Builtin::Str)).map(|m| cx.text_of(m.r()));
    let qualname = cx.get_attr(class.as_ref(), cx.vm.names.qualname.get())?;
    let qualname = cx.text_of(qualname.r());
    let at = a.get(0).value().0;
    Ok(cx.str(&match module.as_deref() {
        None | Some("builtins") => format!("<{qualname} object at {at:#x}>"),
        Some(module) => format!("<{module}.{qualname} object at {at:#x}>"),
    }))
}

fn object_eq(cx: &Cx, a: Args<'_>) -> R {
    Ok(if a.get(0).is(a.get(1)) { cx.bool(true) } else { cx.not_implemented() })
}

fn object_ne(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(result) = cx.try_special(Special::Eq, a.get(0), &[a.get(1)])? else {
        return Ok(cx.not_implemented());
    };
    if result.value() == Value::NOT_IMPLEMENTED {
        return Ok(result);
    }
    let equal = cx.truth(result.r())?;
    Ok(cx.bool(!equal))
}

fn object_hash(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.int(crate::objects::hash::hash_identity(a.get(0).value())))
}

fn object_format(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_instance_of(a.get(1), Builtin::Str) {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("__format__() argument must be str, not {got}")));
    }
    if cx.len(a.get(1))? > 0 {
        let name = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("unsupported format string passed to {name}.__format__")));
    }
    cx.to_str(a.get(0))
}

/// The size of the object's block: payload, what lies behind it, and attributes.
fn object_sizeof(cx: &Cx, a: Args<'_>) -> R {
    let size = match a.get(0).header() {
        // SAFETY: the object is alive and of this shape.
        Some(h) => unsafe { cx.shape_of(h).head.size_of(std::ptr::from_ref(h).cast_mut()) },
        None => size_of::<Header>(),
    };
    Ok(cx.int(size as i64))
}

fn get_class(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(cx.class_of(a.get(0)).as_ref().own(cx))
}

fn set_class(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt(1) else { return Err(cx.type_error("can't delete __class__ attribute")) };
    let Some(new) = PyType::from_ref(v, cx) else {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("__class__ must be set to a class, not '{got}' object")));
    };
    let old = cx.class_of(a.get(0));
    let module = cx.builtin(Builtin::Module);
    let modules = old.is_subclass(module, cx) && new.is_subclass(module, cx);
    let is_mutable = |class: &PyType| class.is_heap() && !class.has_flag(class_flag::IMMUTABLE);
    if !(modules || is_mutable(new) && is_mutable(old)) {
        return Err(
            cx.type_error("__class__ assignment only supported for mutable types or ModuleType subclasses")
        );
    }
    let fits = if modules { new.slot_count == old.slot_count } else { same_layout(cx, old, new) };
    if !fits {
        let (old, new) = (old.name(), new.name());
        return Err(
            cx.type_error(format!("__class__ assignment: '{new}' object layout differs from '{old}'"))
        );
    }
    if old.has_flag(class_flag::HAS_DICT) && !modules {
        drop(crate::ops::instance_dict(cx, a.get(0))?);
    }
    let Some(h) = a.get(0).header() else { return Ok(cx.none()) };
    change_class(cx, h, new);
    Ok(cx.none())
}

fn object_dir(cx: &mut Cx, a: Args<'_>) -> R {
    let names = PyDict::new(cx);
    let payload: &PyDict = names.downcast(cx).expect("just made");
    if let Some(dict) = cx.get_attr_opt(a.get(0), cx.vm.names.dict.get())? {
        for key in cx.collect(dict.r())? {
            payload.set(cx, key, Obj::immediate(Value::NONE))?;
        }
    }
    // An object may keep its class to itself.
    let class = cx.get_attr_opt(a.get(0), cx.vm.names.class.get())?;
    let class = class.and_then(|class| PyType::from_ref(class.r(), cx));
    for class in class.map(|class| class.mro()).unwrap_or_default() {
        for key in class.dict(cx).keys(cx) {
            payload.set(cx, key, Obj::immediate(Value::NONE))?;
        }
    }
    Ok(cx.list(payload.keys(cx)))
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::Object, None, class_flag::BASETYPE);
    t.doc(cx, "The base class of all classes.")
        .constructor(cx, "($cls, /, *args, **kwargs)", Varied(object_new_given, object_new))
        .specials(
            cx,
            &[
                (Special::Init, Varied(object_init_given, object_init)),
                (Special::Repr, Full(object_repr)),
                (Special::Str, Full(|cx, a| cx.repr(a.get(0)))),
                (Special::Eq, Leaf(object_eq)),
                (Special::Ne, Full(object_ne)),
                (Special::Lt, Leaf(|cx, _| Ok(cx.not_implemented()))),
                (Special::Le, Leaf(|cx, _| Ok(cx.not_implemented()))),
                (Special::Gt, Leaf(|cx, _| Ok(cx.not_implemented()))),
                (Special::Ge, Leaf(|cx, _| Ok(cx.not_implemented()))),
                (Special::Hash, Leaf(object_hash)),
                (Special::Format, Full(object_format)),
                (Special::GetAttribute, Full(|cx, a| crate::ops::generic_get_attr(cx, a.get(0), a.get(1)))),
                (
                    Special::SetAttr,
                    Full(|cx, a| {
                        not_of_class(cx, a, "__setattr__")?;
                        let v = a.get(2).own(cx);
                        crate::ops::generic_set_attr(cx, a.get(0), a.get(1), Some(v))
                            .map(|_| Obj::immediate(Value::NONE))
                    }),
                ),
                (
                    Special::DelAttr,
                    Full(|cx, a| {
                        not_of_class(cx, a, "__delattr__")?;
                        crate::ops::generic_set_attr(cx, a.get(0), a.get(1), None)
                            .map(|_| Obj::immediate(Value::NONE))
                    }),
                ),
                (Special::Dir, Full(object_dir)),
                (Special::GetState, Full(reduce::getstate)),
                (Special::ReduceEx, Full(reduce::reduce_ex)),
                (Special::Reduce, Full(reduce::reduce)),
                (Special::Sizeof, Leaf(object_sizeof)),
            ],
        )
        .class_method(cx, "__init_subclass__", "($cls, /)", Full(|cx, _| Ok(cx.none())))
        .class_method(cx, "__subclasshook__", "($cls, object, /)", Full(|cx, _| Ok(cx.not_implemented())))
        .getset(cx, "__class__", Full(get_class), Some(Full(set_class)));
}

/// Refuses what would get around the rules for attributes of classes.
fn not_of_class(cx: &mut Cx, a: Args<'_>, method: &str) -> R<()> {
    if PyType::from_ref(a.get(0), cx).is_none() {
        return Ok(());
    }
    let got = cx.type_name(a.get(0));
    Err(cx.type_error(format!("can't apply this {method} to {got} object")))
}

/// What classes and modules have as `__dict__`, also those whose class gets that attribute from another base first.
fn own_namespace(cx: &mut Cx, v: Ref<'_>) -> R<Option<Obj>> {
    let which = if PyType::from_ref(v, cx).is_some() {
        Builtin::Type
    } else if cx.is_instance_of(v, Builtin::Module) {
        Builtin::Module
    } else {
        return Ok(None);
    };
    let class = cx.builtin(which);
    let Some(descriptor) = class.dict(cx).get_str(cx, cx.vm.names.dict.get()) else { return Ok(None) };
    cx.bind_special(descriptor.r(), v).map(Some)
}

/// The `__dict__` attribute that a class gives its instances.
///
/// # Errors
/// What setting the attribute raises.
pub fn add_dict(cx: &mut Cx, class: &'static PyType) -> R<()> {
    let descriptor = crate::objects::native::new_getset(
        cx,
        class,
        "__dict__",
        Full(|cx, a| match own_namespace(cx, a.get(0))? {
            Some(namespace) => Ok(namespace),
            None => crate::ops::instance_dict(cx, a.get(0)),
        }),
        Some(Full(|cx, a| {
            if own_namespace(cx, a.get(0))?.is_some() {
                let what = if PyType::from_ref(a.get(0), cx).is_some() { "type" } else { "module" };
                let message = format!("attribute '__dict__' of '{what}' objects is not writable");
                return Err(cx.error(Builtin::AttributeError, &message));
            }
            if a.opt(1).is_none() && cx.is_instance_of(a.get(0), Builtin::BaseException) {
                return Err(cx.type_error("cannot delete __dict__"));
            }
            crate::ops::set_instance_dict(cx, a.get(0), a.opt(1)).map(|_| Obj::immediate(Value::NONE))
        })),
    );
    // What the class body says of `__dict__` stays.
    let name = cx.vm.names.dict.get();
    match class.dict(cx).get_str(cx, name) {
        Some(_) => Ok(()),
        None => class.set_attr(cx, name, descriptor),
    }
}
