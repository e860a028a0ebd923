//! `FrameLocalsProxy`: the local variables of a function's frame as a mapping that writes through (PEP 667).
//!
//! Each `f_locals` makes a new proxy. It reads and writes the registers of a frame that runs on the calling thread, or
//! what a frame has left behind; names that are no variables of the function are kept with the frame object. A value that
//! a write pushes out of a register stays alive until the frame object ends, because the frame's own instructions may be
//! using it (PUB-4).

use super::frame::PyFrame;
use crate::objects::dict::PyDict;
use crate::prelude::*;
use std::sync::OnceLock;

/// See the module's head.
#[repr(C)]
pub struct PyFrameLocals {
    pub h: Header,
    frame: Slot,
}

unsafe fn locals_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a proxy.
    visit(unsafe { (*h.cast::<PyFrameLocals>()).frame.peek() });
}

unsafe fn locals_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a proxy that nobody else reaches.
    unsafe { (*h.cast::<PyFrameLocals>()).frame.clear(m) };
}

pub static FRAME_LOCALS_OPS: TypeOps = TypeOps {
    name: "FrameLocalsProxy",
    size: |_| size_of::<PyFrameLocals>(),
    trace: Some(locals_trace),
    drop_fields: Some(locals_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyFrameLocals {
    const OPS: &'static TypeOps = &FRAME_LOCALS_OPS;
}

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// A proxy of a frame object.
///
/// # Errors
/// `MemoryError`.
pub fn new_frame_locals(cx: &mut Cx, frame: Ref<'_>) -> R {
    let Some(&class) = CLASS.get() else { ungil_gc::fatal("FrameLocalsProxy was used before start-up") };
    let frame = frame.own(cx);
    cx.alloc_for(class, |h| PyFrameLocals { h, frame: Slot::new(frame) })
}

/// The frame that a proxy is of.
fn frame_of<'a>(a: Args<'a>) -> &'a PyFrame {
    // SAFETY: set for good when the proxy was made, with a frame object.
    unsafe { Ref::from_value(a.this::<PyFrameLocals>().frame.peek()).cast_unchecked::<PyFrame>() }
}

/// The variables and the other names as they are now, in a dict.
fn snapshot(cx: &mut Cx, a: Args<'_>) -> R {
    let made = PyDict::new(cx);
    let dict: &PyDict = made.downcast(cx).expect("just made");
    let frame = frame_of(a);
    for (name, v) in frame.locals(cx) {
        dict.set(cx, name.own(cx), v)?;
    }
    if let Some(extra) = frame.extra.get(&frame.h, cx) {
        dict.update_from(cx, extra.r())?;
    }
    Ok(made)
}

fn get(cx: &mut Cx, a: Args<'_>, key: Ref<'_>) -> R<Option<Obj>> {
    let all = snapshot(cx, a)?;
    all.downcast::<PyDict>(cx).expect("a dict").get(cx, key)
}

fn set(cx: &mut Cx, a: Args<'_>, key: Ref<'_>, value: Obj) -> R<()> {
    let frame = frame_of(a);
    if cx.is_instance_of(key, Builtin::Str) && frame.set_local(cx, &cx.text_of(key), value.clone()) {
        return Ok(());
    }
    let extra = match frame.extra.get(&frame.h, cx) {
        Some(extra) => extra,
        None => {
            let made = PyDict::new(cx);
            frame.extra.set(&frame.h, cx, made.clone());
            made
        }
    };
    extra.downcast::<PyDict>(cx).expect("a dict").set(cx, key.own(cx), value)
}

/// Takes a name out that is no variable of the function; `None` if there is none.
fn remove(cx: &mut Cx, a: Args<'_>, key: Ref<'_>) -> R<Option<Obj>> {
    let frame = frame_of(a);
    if cx.is_instance_of(key, Builtin::Str) && frame.is_local(cx, &cx.text_of(key)) {
        return Err(cx.value_error("cannot remove local variables from FrameLocalsProxy"));
    }
    match frame.extra.get(&frame.h, cx) {
        Some(extra) => extra.downcast::<PyDict>(cx).expect("a dict").remove(cx, key),
        None => Ok(None),
    }
}

fn update(cx: &mut Cx, a: Args<'_>, other: Ref<'_>) -> R<()> {
    let made = PyDict::new(cx);
    let dict: &PyDict = made.downcast(cx).expect("just made");
    dict.update_from(cx, other)?;
    for (key, value) in dict.items(cx) {
        set(cx, a, key.r(), value)?;
    }
    Ok(())
}

/// A method that a dict of the same contents answers.
macro_rules! of_dict {
    ($name:literal) => {
        Full(|cx, a| {
            let all = snapshot(cx, a)?;
            let rest: Vec<Ref<'_>> = a.iter().skip(1).filter(|v| !v.value().is_undef()).collect();
            cx.call_method(all.r(), $name, &rest)
        })
    };
}

/// As a dict answers, in a list.
macro_rules! list_of_dict {
    ($name:literal) => {
        Full(|cx, a| {
            let all = snapshot(cx, a)?;
            let items = cx.call_method(all.r(), $name, &[])?;
            let items = cx.collect(items.r())?;
            Ok(cx.list(items))
        })
    };
}

fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    match get(cx, a, a.get(1))? {
        Some(v) => Ok(v),
        None => {
            let key = cx.repr_string(a.get(1))?;
            let message = format!("local variable {key} is not defined");
            Err(cx.error(Builtin::KeyError, message.trim_matches('\'')))
        }
    }
}

fn pop(cx: &mut Cx, a: Args<'_>) -> R {
    match (remove(cx, a, a.get(1))?, a.opt(2)) {
        (Some(v), _) => Ok(v),
        (None, Some(default)) => Ok(default.own(cx)),
        (None, None) => Err(cx.key_error(a.get(1))),
    }
}

fn compare(cx: &mut Cx, a: Args<'_>, wanted: bool) -> R {
    let mine = snapshot(cx, a)?;
    let equal = match a.get(1).downcast::<PyFrameLocals>(cx) {
        Some(other) => other.frame.peek() == a.this::<PyFrameLocals>().frame.peek(),
        None if cx.is_instance_of(a.get(1), Builtin::Dict) => cx.equal(mine.r(), a.get(1))?,
        None => return Ok(cx.not_implemented()),
    };
    Ok(cx.bool(equal == wanted))
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__contains__", "($self, key, /)", of_dict!("__contains__")),
    ("__iter__", "($self, /)", of_dict!("__iter__")),
    ("__len__", "($self, /)", of_dict!("__len__")),
    ("__repr__", "($self, /)", of_dict!("__repr__")),
    ("__reversed__", "($self, /)", of_dict!("__reversed__")),
    ("__or__", "($self, value, /)", of_dict!("__or__")),
    ("copy", "($self, /)", of_dict!("copy")),
    ("get", "($self, key, default=None, /)", of_dict!("get")),
    ("keys", "($self, /)", list_of_dict!("keys")),
    ("values", "($self, /)", list_of_dict!("values")),
    ("items", "($self, /)", list_of_dict!("items")),
    ("pop", "($self, key, default=<unrepresentable>, /)", Full(pop)),
    (
        "setdefault",
        "($self, key, default=None, /)",
        Full(|cx, a| match get(cx, a, a.get(1))? {
            Some(known) => Ok(known),
            None => {
                let value = a.opt(2).map_or_else(|| cx.none(), |v| v.own(cx));
                set(cx, a, a.get(1), value.clone())?;
                Ok(value)
            }
        }),
    ),
    (
        "update",
        "($self, other, /)",
        Full(|cx, a| {
            update(cx, a, a.get(1))?;
            Ok(cx.none())
        }),
    ),
];

/// Makes the class.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION | class_flag::MAPPING;
    let size = size_of::<PyFrameLocals>();
    let mut t = TypeBuilder::native_type(cx, "FrameLocalsProxy", &FRAME_LOCALS_OPS, size, true, flags);
    t.methods(cx, METHODS)
        .special(cx, Special::GetItem, Full(get_item))
        .special(
            cx,
            Special::SetItem,
            Full(|cx, a| {
                let value = a.get(2).own(cx);
                set(cx, a, a.get(1), value)?;
                Ok(cx.none())
            }),
        )
        .special(
            cx,
            Special::DelItem,
            Full(|cx, a| match remove(cx, a, a.get(1))? {
                Some(_) => Ok(cx.none()),
                None => Err(cx.key_error(a.get(1))),
            }),
        )
        .special(
            cx,
            Special::IOr,
            Full(|cx, a| {
                update(cx, a, a.get(1))?;
                Ok(a.get(0).own(cx))
            }),
        )
        .special(cx, Special::Eq, Full(|cx, a| compare(cx, a, true)))
        .special(cx, Special::Ne, Full(|cx, a| compare(cx, a, false)));
    let class = t.class();
    // The runtime starts once.
    CLASS.get_or_init(|| class);
}
