//! Bound methods, static methods, class methods.

use crate::objects::dict::PyDict;
use crate::prelude::*;

/// A function bound to an object.
#[repr(C)]
pub struct PyBoundMethod {
    pub h: Header,
    pub function: Slot,
    pub this: Slot,
}

/// A static method or a class method: a wrapper around a callable.
#[repr(C)]
pub struct PyMethodWrapper {
    pub h: Header,
    pub callable: Slot,
    pub dict: Slot,
}

unsafe fn bound_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a bound method.
    unsafe {
        let m = &*h.cast::<PyBoundMethod>();
        visit(m.function.peek());
        visit(m.this.peek());
    }
}

unsafe fn bound_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a bound method that nobody else reaches.
    unsafe {
        let b = &*h.cast::<PyBoundMethod>();
        b.function.clear(m);
        b.this.clear(m);
    }
}

pub static BOUND_OPS: TypeOps = TypeOps {
    name: "method",
    size: |_| size_of::<PyBoundMethod>(),
    trace: Some(bound_trace),
    drop_fields: Some(bound_drop),
    needs_finalizer: crate::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyBoundMethod {
    const OPS: &'static TypeOps = &BOUND_OPS;
}

unsafe fn wrapper_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a wrapper.
    unsafe {
        let m = &*h.cast::<PyMethodWrapper>();
        visit(m.callable.peek());
        visit(m.dict.peek());
    }
}

unsafe fn wrapper_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a wrapper that nobody else reaches.
    unsafe {
        let b = &*h.cast::<PyMethodWrapper>();
        b.callable.clear(m);
        b.dict.clear(m);
    }
}

pub static WRAPPER_OPS: TypeOps = TypeOps {
    name: "staticmethod",
    size: |_| size_of::<PyMethodWrapper>(),
    trace: Some(wrapper_trace),
    drop_fields: Some(wrapper_drop),
    needs_finalizer: crate::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyMethodWrapper {
    const OPS: &'static TypeOps = &WRAPPER_OPS;
}

/// Binds a function to an object.
pub fn new_bound_method(cx: &Cx, function: Obj, this: Obj) -> Obj {
    cx.alloc(Builtin::BoundMethod, |h| PyBoundMethod {
        h,
        function: Slot::new(function),
        this: Slot::new(this),
    })
}

/// A static method.
pub fn new_static_method(cx: &Cx, callable: Obj) -> Obj {
    cx.alloc(Builtin::StaticMethod, |h| PyMethodWrapper {
        h,
        callable: Slot::new(callable),
        dict: Slot::empty(),
    })
}

/// A class method.
pub fn new_class_method(cx: &Cx, callable: Obj) -> Obj {
    cx.alloc(Builtin::ClassMethod, |h| PyMethodWrapper {
        h,
        callable: Slot::new(callable),
        dict: Slot::empty(),
    })
}

/// What a static method wraps.
pub(crate) fn wrapped(cx: &Cx, method: Ref<'_>) -> Obj {
    let wrapper = method.downcast::<PyMethodWrapper>(cx);
    wrapper.and_then(|w| w.callable.get(&w.h, cx)).unwrap_or_else(|| cx.none())
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::BoundMethod, "method", &BOUND_OPS, size_of::<PyBoundMethod>(), true);
    let size = size_of::<PyMethodWrapper>();
    TypeBuilder::declare(cx, Builtin::StaticMethod, "staticmethod", &WRAPPER_OPS, size, true);
    TypeBuilder::declare(cx, Builtin::ClassMethod, "classmethod", &WRAPPER_OPS, size, true);
}

fn wrapper_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let none = Obj::immediate(Value::NONE);
    cx.alloc_for(class, |h| PyMethodWrapper { h, callable: Slot::new(none), dict: Slot::empty() })
}

/// Keeps the callable and takes over what is said of it.
fn wrapper_init(cx: &mut Cx, a: Args<'_>) -> R {
    let w = a.this::<PyMethodWrapper>();
    w.callable.set(&w.h, cx, a.get(1).own(cx));
    let names = &cx.vm.names;
    for name in [names.module, names.name, names.qualname, names.doc] {
        if let Some(v) = cx.get_attr_opt(a.get(1), name.get())? {
            cx.set_attr(a.get(0), name.get(), v)?;
        }
    }
    Ok(cx.none())
}

fn wrapper_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let f = callable(cx, a);
    let name = match cx.is_instance_of(a.get(0), Builtin::StaticMethod) {
        true => "staticmethod",
        false => "classmethod",
    };
    let shown = cx.repr_string(f.r())?;
    Ok(cx.str(&format!("<{name}({shown})>")))
}

/// An attribute that the wrapper takes from its callable when it is first asked for.
fn taken(cx: &mut Cx, a: Args<'_>, name: Ref<'_>) -> R {
    let dict = crate::ops::instance_dict(cx, a.get(0))?;
    let Some(dict) = dict.downcast::<PyDict>(cx) else { return Ok(cx.none()) };
    if let Some(known) = dict.get_str(cx, name) {
        return Ok(known);
    }
    let f = callable(cx, a);
    let value = cx.get_attr(f.r(), name)?;
    dict.set_str(cx, name, value.clone());
    Ok(value)
}

fn set_taken(cx: &mut Cx, a: Args<'_>, name: Ref<'_>) -> R {
    let dict = crate::ops::instance_dict(cx, a.get(0))?;
    let Some(dict) = dict.downcast::<PyDict>(cx) else { return Ok(cx.none()) };
    match a.opt(1) {
        Some(v) => dict.set_str(cx, name, v.own(cx)),
        None => {
            if dict.remove_str(cx, name).is_none() {
                let text = cx.text_of(name);
                return Err(cx.attribute_error(a.get(0), name, &text));
            }
        }
    }
    Ok(cx.none())
}

fn callable(cx: &Cx, a: Args<'_>) -> Obj {
    wrapped(cx, a.get(0))
}

fn bound_parts(cx: &Cx, v: Ref<'_>) -> Option<(Obj, Obj)> {
    let b = v.downcast::<PyBoundMethod>(cx)?;
    Some((b.function.get(&b.h, cx)?, b.this.get(&b.h, cx)?))
}

fn bound_eq(cx: &mut Cx, a: Args<'_>, wanted: bool) -> R {
    let (Some((f, x)), Some((g, y))) = (bound_parts(cx, a.get(0)), bound_parts(cx, a.get(1))) else {
        return Ok(cx.not_implemented());
    };
    let same = x.r().is(y.r()) && cx.equal(f.r(), g.r())?;
    Ok(cx.bool(same == wanted))
}

fn bound_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let Some((f, this)) = bound_parts(cx, a.get(0)) else { return Ok(cx.none()) };
    let mut name = cx.get_attr_opt(f.r(), cx.vm.names.qualname.get())?;
    if name.is_none() {
        name = cx.get_attr_opt(f.r(), cx.vm.names.name.get())?;
    }
    let name = name.filter(|n| cx.is_instance_of(n.r(), Builtin::Str));
    let name = name.map_or_else(|| "?".to_string(), |n| cx.text_of(n.r()));
    let this = cx.repr_string(this.r())?;
    Ok(cx.str(&format!("<bound method {name} of {this}>")))
}

fn bound_getattribute(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(v) = crate::ops::generic_get_attr_opt(cx, a.get(0), a.get(1))? {
        return Ok(v);
    }
    let (f, _) = bound_parts(cx, a.get(0)).expect("a bound method");
    cx.get_attr(f.r(), a.get(1))
}

/// `method(function, instance)`.
fn bound_new(cx: &mut Cx, a: Args<'_>) -> R {
    let function = a.get(1);
    if cx.class_of(function).special(cx, Special::Call).is_none_or(|call| call.value().is_none()) {
        return Err(cx.type_error("first argument must be callable"));
    }
    if a.get(2).value().is_none() {
        return Err(cx.type_error("instance must not be None"));
    }
    Ok(new_bound_method(cx, function.own(cx), a.get(2).own(cx)))
}

/// `(getattr, (instance, name))`.
fn bound_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let Some((f, this)) = bound_parts(cx, a.get(0)) else { return Ok(cx.none()) };
    let name = cx.get_attr(f.r(), cx.vm.names.name.get())?;
    let getattr = crate::objects::iter::builtin_named(cx, "getattr")?;
    let parts = cx.tuple(vec![this, name]);
    Ok(cx.tuple(vec![getattr, parts]))
}

/// The function's `__doc__`.
fn bound_doc(cx: &mut Cx, a: Args<'_>) -> R {
    let Some((f, _)) = bound_parts(cx, a.get(0)) else { return Ok(cx.none()) };
    let doc = cx.get_attr_opt(f.r(), cx.vm.names.doc.get())?;
    Ok(doc.unwrap_or_else(|| cx.none()))
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::BoundMethod, Some(Builtin::Object), class_flag::HAS_WEAKREF);
    t.constructor(cx, "($cls, function, instance, /)", Full(bound_new))
        .getset(cx, "__doc__", Full(bound_doc), None)
        .special(cx, Special::Reduce, Full(bound_reduce))
        .getset(
            cx,
            "__func__",
            Full(|cx, a| Ok(bound_parts(cx, a.get(0)).map_or_else(|| cx.none(), |p| p.0))),
            None,
        )
        .getset(
            cx,
            "__self__",
            Full(|cx, a| Ok(bound_parts(cx, a.get(0)).map_or_else(|| cx.none(), |p| p.1))),
            None,
        )
        .special(
            cx,
            Special::Call,
            Full(|cx, a| crate::objects::native::spread(cx, a.get(0), a.get(1), a.opt(2))),
        )
        .special(cx, Special::Eq, Full(|cx, a| bound_eq(cx, a, true)))
        .special(cx, Special::Ne, Full(|cx, a| bound_eq(cx, a, false)))
        .special(
            cx,
            Special::Hash,
            Full(|cx, a| {
                let (f, this) = bound_parts(cx, a.get(0)).expect("a bound method");
                let hash = cx.hash(f.r())? ^ (this.value().0 >> 4) as i64;
                Ok(cx.int(hash))
            }),
        )
        .special(cx, Special::GetAttribute, Full(bound_getattribute))
        // A method that is bound stays bound to what it is.
        .special(cx, Special::Get, Full(|cx, a| Ok(a.get(0).own(cx))))
        .special(cx, Special::Repr, Full(bound_repr));
    for which in [Builtin::StaticMethod, Builtin::ClassMethod] {
        let mut t =
            TypeBuilder::new(cx, which, Some(Builtin::Object), class_flag::BASETYPE | class_flag::HAS_DICT);
        t.constructor(cx, "($cls, /, *args, **kwargs)", Full(wrapper_new))
            .method(cx, "__init__", "($self, function, /)", Full(wrapper_init))
            .special(cx, Special::Repr, Full(wrapper_repr))
            .getset(
                cx,
                "__annotations__",
                Full(|cx, a| taken(cx, a, cx.vm.names.annotations.get())),
                Some(Full(|cx, a| set_taken(cx, a, cx.vm.names.annotations.get()))),
            )
            .getset(
                cx,
                "__annotate__",
                Full(|cx, a| taken(cx, a, cx.vm.names.annotate.get())),
                Some(Full(|cx, a| set_taken(cx, a, cx.vm.names.annotate.get()))),
            )
            .getset(cx, "__func__", Full(|cx, a| Ok(callable(cx, a))), None)
            .getset(cx, "__wrapped__", Full(|cx, a| Ok(callable(cx, a))), None)
            .getset(
                cx,
                "__isabstractmethod__",
                Full(|cx, a| {
                    let f = callable(cx, a);
                    let flag = cx.get_attr_opt(f.r(), cx.vm.names.isabstractmethod.get())?;
                    let on = flag.map_or(Ok(false), |v| cx.truth(v.r()))?;
                    Ok(cx.bool(on))
                }),
                None,
            );
        let class = cx.builtin(which);
        if crate::objects::object::add_dict(cx, class).is_err() {
            ungil_gc::fatal("a built-in type cannot be filled");
        }
    }
    let mut t = TypeBuilder::reopen(cx, Builtin::StaticMethod);
    t.special(cx, Special::Get, Full(|cx, a| Ok(callable(cx, a)))).special(
        cx,
        Special::Call,
        Full(|cx, a| {
            let f = callable(cx, a);
            crate::objects::native::spread(cx, f.r(), a.get(1), a.opt(2))
        }),
    );
    let mut t = TypeBuilder::reopen(cx, Builtin::ClassMethod);
    t.special(
        cx,
        Special::Get,
        Full(|cx, a| {
            let class = match a.opt_not_none(2) {
                Some(class) => class.own(cx),
                None => cx.class_of(a.get(1)).as_ref().own(cx),
            };
            let f = callable(cx, a);
            Ok(new_bound_method(cx, f, class))
        }),
    );
}
