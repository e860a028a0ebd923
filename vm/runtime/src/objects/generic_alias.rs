//! `types.GenericAlias`: `list[int]`.

use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// A parametrised class.
#[repr(C)]
pub struct PyGenericAlias {
    pub h: Header,
    origin: Slot,
    args: Slot,
}

unsafe fn alias_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with an alias.
    unsafe {
        let a = &*h.cast::<PyGenericAlias>();
        visit(a.origin.peek());
        visit(a.args.peek());
    }
}

unsafe fn alias_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with an alias that nobody else reaches.
    unsafe {
        let a = &*h.cast::<PyGenericAlias>();
        a.origin.clear(m);
        a.args.clear(m);
    }
}

pub static ALIAS_OPS: TypeOps = TypeOps {
    name: "types.GenericAlias",
    size: |_| size_of::<PyGenericAlias>(),
    trace: Some(alias_trace),
    drop_fields: Some(alias_drop),
    needs_finalizer: crate::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyGenericAlias {
    const OPS: &'static TypeOps = &ALIAS_OPS;
}

/// `origin[args]`; one argument that is no tuple stands for itself.
pub fn new_generic_alias(cx: &mut Cx, origin: Ref<'_>, args: Ref<'_>) -> Obj {
    let args = match args.downcast::<PyTuple>(cx) {
        Some(_) => args.own(cx),
        None => {
            let one = args.own(cx);
            cx.tuple(vec![one])
        }
    };
    let origin = origin.own(cx);
    cx.alloc(Builtin::GenericAlias, |h| PyGenericAlias {
        h,
        origin: Slot::new(origin),
        args: Slot::new(args),
    })
}

/// The `__class_getitem__` of built-in generic types.
pub fn class_getitem(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(new_generic_alias(cx, a.get(0), a.get(1)))
}

pub fn declare(cx: &Cx) {
    let size = size_of::<PyGenericAlias>();
    TypeBuilder::declare(cx, Builtin::GenericAlias, "types.GenericAlias", &ALIAS_OPS, size, true);
}

fn origin(cx: &Cx, v: Ref<'_>) -> Obj {
    let a = v.downcast::<PyGenericAlias>(cx).expect("an alias");
    a.origin.get(&a.h, cx).unwrap_or_else(|| cx.none())
}

fn args(cx: &Cx, v: Ref<'_>) -> Obj {
    let a = v.downcast::<PyGenericAlias>(cx).expect("an alias");
    a.args.get(&a.h, cx).unwrap_or_else(|| cx.none())
}

/// A class as it stands in a parameter list.
fn item_text(cx: &mut Cx, v: Ref<'_>) -> R<String> {
    if v.value() == Value::ELLIPSIS {
        return Ok("...".into());
    }
    let Some(class) = PyType::from_ref(v, cx) else { return cx.repr_string(v) };
    let qualname = cx.get_attr(class.as_ref(), cx.vm.names.qualname.get())?;
    let module = cx.get_attr(class.as_ref(), cx.vm.names.module.get())?;
    let (qualname, module) = (cx.text_of(qualname.r()), cx.text_of(module.r()));
    Ok(if module == "builtins" { qualname } else { format!("{module}.{qualname}") })
}

fn alias_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let (origin, args) = (origin(cx, a.get(0)), args(cx, a.get(0)));
    let mut parts = Vec::new();
    for item in cx.collect(args.r())? {
        parts.push(item_text(cx, item.r())?);
    }
    let list = if parts.is_empty() { "()".to_string() } else { parts.join(", ") };
    let text = format!("{}[{list}]", item_text(cx, origin.r())?);
    Ok(cx.str(&text))
}

/// Attributes that the alias has itself; all others are its origin's.
const OWN: &[&str] = &[
    "__origin__",
    "__args__",
    "__parameters__",
    "__mro_entries__",
    "__class__",
    "__reduce_ex__",
    "__reduce__",
];

fn alias_getattribute(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.text_of(a.get(1));
    if OWN.contains(&name.as_str())
        || (name.starts_with("__")
            && name.ends_with("__")
            && name != "__name__"
            && name != "__qualname__"
            && name != "__module__"
            && name != "__doc__")
    {
        return crate::ops::generic_get_attr(cx, a.get(0), a.get(1));
    }
    let origin = origin(cx, a.get(0));
    cx.get_attr(origin.r(), a.get(1))
}

fn alias_eq(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(1).downcast::<PyGenericAlias>(cx).is_none() {
        return Ok(cx.not_implemented());
    }
    let same_origin = {
        let (x, y) = (origin(cx, a.get(0)), origin(cx, a.get(1)));
        cx.equal(x.r(), y.r())?
    };
    let (x, y) = (args(cx, a.get(0)), args(cx, a.get(1)));
    let same = same_origin && cx.equal(x.r(), y.r())?;
    Ok(cx.bool(same))
}

fn alias_hash(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = (origin(cx, a.get(0)), args(cx, a.get(0)));
    let hash = cx.hash(x.r())? ^ cx.hash(y.r())?;
    Ok(cx.int(hash))
}

fn alias_call(cx: &mut Cx, a: Args<'_>) -> R {
    let class = origin(cx, a.get(0));
    crate::objects::native::spread(cx, class.r(), a.get(1), a.opt(2))
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(
        cx,
        Builtin::GenericAlias,
        Some(Builtin::Object),
        class_flag::BASETYPE | class_flag::HAS_WEAKREF,
    );
    t.constructor(cx, "($cls, origin, args, /)", Full(|cx, a| Ok(new_generic_alias(cx, a.get(1), a.get(2)))))
        .getset(cx, "__origin__", Full(|cx, a| Ok(origin(cx, a.get(0)))), None)
        .getset(cx, "__args__", Full(|cx, a| Ok(args(cx, a.get(0)))), None)
        .getset(cx, "__parameters__", Full(|cx, _| Ok(cx.tuple(Vec::new()))), None)
        .method(
            cx,
            "__mro_entries__",
            "($self, bases, /)",
            Full(|cx, a| {
                let o = origin(cx, a.get(0));
                Ok(cx.tuple(vec![o]))
            }),
        )
        .special(cx, Special::GetAttribute, Full(alias_getattribute))
        .special(cx, Special::Eq, Full(alias_eq))
        .special(cx, Special::Hash, Full(alias_hash))
        .special(cx, Special::Call, Full(alias_call))
        .special(cx, Special::Repr, Full(alias_repr));
}
