//! `mappingproxy`: a read-only view of a mapping.

use crate::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyMappingProxy {
    pub h: Header,
    mapping: Slot,
}

unsafe fn proxy_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a proxy.
    visit(unsafe { (*h.cast::<PyMappingProxy>()).mapping.peek() });
}

unsafe fn proxy_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a proxy that nobody else reaches.
    unsafe { (*h.cast::<PyMappingProxy>()).mapping.clear(m) };
}

pub static PROXY_OPS: TypeOps = TypeOps {
    name: "mappingproxy",
    size: |_| size_of::<PyMappingProxy>(),
    trace: Some(proxy_trace),
    drop_fields: Some(proxy_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyMappingProxy {
    const OPS: &'static TypeOps = &PROXY_OPS;
}

impl PyMappingProxy {
    /// What is viewed, if that is a dict.
    pub fn dict(&self, cx: &Cx) -> Option<Obj> {
        self.mapping.get(&self.h, cx).filter(|m| m.downcast::<crate::objects::dict::PyDict>(cx).is_some())
    }
}

/// A proxy of a mapping.
pub fn new_proxy(cx: &Cx, mapping: Ref<'_>) -> Obj {
    let mapping = Slot::new(mapping.own(cx));
    cx.alloc(Builtin::MappingProxy, |h| PyMappingProxy { h, mapping })
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(
        cx,
        Builtin::MappingProxy,
        "mappingproxy",
        &PROXY_OPS,
        size_of::<PyMappingProxy>(),
        true,
    );
}

fn inner(cx: &Cx, a: Args<'_>) -> Obj {
    let p = a.this::<PyMappingProxy>();
    p.mapping.get(&p.h, cx).unwrap_or_else(|| cx.none())
}

/// A method that the mapping answers.
macro_rules! forward {
    ($name:literal) => {
        Full(|cx, a| {
            let mapping = inner(cx, a);
            let args: Vec<Ref<'_>> = a.iter().skip(1).filter(|v| !v.value().is_undef()).collect();
            cx.call_method(mapping.r(), $name, &args)
        })
    };
}

/// The mapping behind a proxy; anything else itself.
fn viewed(cx: &Cx, v: Ref<'_>) -> Obj {
    let behind = v.downcast::<PyMappingProxy>(cx).and_then(|p| p.mapping.get(&p.h, cx));
    behind.unwrap_or_else(|| v.own(cx))
}

fn proxy_new(cx: &mut Cx, a: Args<'_>) -> R {
    let is_sequence = [Builtin::List, Builtin::Tuple].iter().any(|&which| cx.is_instance_of(a.get(1), which));
    if is_sequence || cx.class_of(a.get(1)).special(cx, Special::GetItem).is_none() {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("mappingproxy() argument must be a mapping, not {got}")));
    }
    Ok(new_proxy(cx, a.get(1)))
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::MAPPING;
    let mut t = TypeBuilder::new(cx, Builtin::MappingProxy, Some(Builtin::Object), flags);
    t.constructor(cx, "($cls, mapping)", Full(proxy_new))
        .special(
            cx,
            Special::GetItem,
            Full(|cx, a| {
                let m = inner(cx, a);
                cx.get_item(m.r(), a.get(1))
            }),
        )
        .special(
            cx,
            Special::Contains,
            Full(|cx, a| {
                let m = inner(cx, a);
                let b = cx.contains(m.r(), a.get(1))?;
                Ok(cx.bool(b))
            }),
        )
        .special(
            cx,
            Special::Len,
            Full(|cx, a| {
                let m = inner(cx, a);
                let n = cx.len(m.r())?;
                Ok(cx.int(n as i64))
            }),
        )
        .special(
            cx,
            Special::Iter,
            Full(|cx, a| {
                let m = inner(cx, a);
                cx.iter(m.r())
            }),
        )
        .special(
            cx,
            Special::Eq,
            Full(|cx, a| {
                let m = inner(cx, a);
                cx.compare(CompareOp::Eq, m.r(), a.get(1))
            }),
        )
        .special(
            cx,
            Special::Or,
            Full(|cx, a| {
                let (m, other) = (inner(cx, a), viewed(cx, a.get(1)));
                cx.binary(BinaryOp::Or, m.r(), other.r())
            }),
        )
        .special(
            cx,
            Special::ROr,
            Full(|cx, a| {
                let (m, other) = (inner(cx, a), viewed(cx, a.get(1)));
                cx.binary(BinaryOp::Or, other.r(), m.r())
            }),
        )
        .special(
            cx,
            Special::IOr,
            Full(|cx, _| Err(cx.type_error("'|=' is not supported by mappingproxy; use '|' instead"))),
        )
        .special(
            cx,
            Special::Hash,
            Full(|cx, a| {
                let m = inner(cx, a);
                let hash = cx.hash(m.r())?;
                Ok(cx.int(hash))
            }),
        )
        .class_method(
            cx,
            "__class_getitem__",
            "($cls, object, /)",
            Full(crate::objects::generic_alias::class_getitem),
        )
        .special(
            cx,
            Special::Str,
            Full(|cx, a| {
                let m = inner(cx, a);
                cx.to_str(m.r())
            }),
        )
        .special(
            cx,
            Special::Repr,
            Full(|cx, a| {
                let m = inner(cx, a);
                let text = cx.repr_string(m.r())?;
                Ok(cx.str(&format!("mappingproxy({text})")))
            }),
        )
        .special(cx, Special::Reversed, forward!("__reversed__"))
        .method(cx, "get", "($self, key, default=<unrepresentable>, /)", forward!("get"))
        .method(cx, "keys", "($self, /)", forward!("keys"))
        .method(cx, "values", "($self, /)", forward!("values"))
        .method(cx, "items", "($self, /)", forward!("items"))
        .method(cx, "copy", "($self, /)", forward!("copy"));
}
