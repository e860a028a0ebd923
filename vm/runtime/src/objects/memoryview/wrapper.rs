//! What views of an object whose class defines `__buffer__` or `__release_buffer__` in Python have in common.
//!
//! All views that come from one call of `__buffer__` hold the same wrapper. When the last of them is released or
//! destroyed the wrapper's finalizer calls `__release_buffer__`: at the end of the native call that dropped it, on the
//! thread that dropped it. Its slots are set once.

use super::{PyMemoryView, export};
use crate::objects::buffer;
use crate::objects::native::is_native;
use crate::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyBufferWrapper {
    pub h: Header,
    /// The object with the methods.
    object: Slot,
    /// What its `__buffer__` gave; empty if that is its built-in type's.
    view: Slot,
}

// SAFETY: `repr(C)`, header first; wrappers are made with this payload alone.
unsafe impl Object for PyBufferWrapper {
    const OPS: &'static TypeOps = &WRAPPER_OPS;
}

static WRAPPER_OPS: TypeOps = TypeOps {
    name: "_buffer_wrapper",
    size: |_| size_of::<PyBufferWrapper>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    // Every one of them.
    needs_finalizer: |_| true,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a wrapper.
    let this = unsafe { &*h.cast::<PyBufferWrapper>() };
    for slot in [&this.object, &this.view] {
        if !slot.is_empty() {
            visit(slot.peek());
        }
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a wrapper that nobody else reaches.
    let this = unsafe { &*h.cast::<PyBufferWrapper>() };
    this.object.clear(m);
    this.view.clear(m);
}

/// A wrapper for `object`, and the view that its `__buffer__` gave.
pub(super) fn new_wrapper(cx: &Cx, object: Ref<'_>, view: Option<&Obj>) -> Obj {
    let object = Slot::new(object.own(cx));
    let view = view.map_or_else(Slot::empty, |view| Slot::new(view.clone()));
    cx.alloc(Builtin::BufferWrapper, |h| PyBufferWrapper { h, object, view })
}

/// The class's method if it is defined in Python.
pub(super) fn in_python(cx: &Cx, v: Ref<'_>, name: &str) -> Option<Obj> {
    let class = cx.class_of(v);
    if !class.is_heap() {
        return None;
    }
    let name = crate::objects::str::intern(cx, name);
    let method = class.lookup(cx, name.get()).filter(|m| !m.value().is_none())?;
    let native = method.r().header().is_some_and(|h| is_native(h.shape_id()));
    (!native).then_some(method)
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyBufferWrapper>();
    TypeBuilder::declare(cx, Builtin::BufferWrapper, "_buffer_wrapper", &WRAPPER_OPS, size, true);
}

pub(super) fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::new(cx, Builtin::BufferWrapper, Some(Builtin::Object), flags);
    t.method(cx, "__del__", "($self, /)", Full(finish));
}

/// The finalizer.
fn finish(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBufferWrapper>();
    let (Some(object), given) = (this.object.get(&this.h, cx), this.view.get(&this.h, cx)) else {
        return Ok(cx.none());
    };
    if in_python(cx, object.r(), "__release_buffer__").is_none() {
        return Ok(cx.none());
    }
    let result = match given {
        Some(view) => Ok(view),
        None => match buffer::ops_of(cx, object.r()) {
            Some(ops) => export(cx, object.r(), object.r(), ops, None, None),
            None => return Ok(cx.none()),
        },
    };
    let result = result.and_then(|view| {
        let result = cx.call_method(object.r(), "__release_buffer__", &[view.r()]);
        if let Some(view) = view.downcast::<PyMemoryView>(cx) {
            view.release(cx);
        }
        result
    });
    if let Err(err) = result {
        let class = cx.class_of(object.r()).name();
        let what = format!("Exception ignored in __release_buffer__ of {class}");
        crate::traceback::unraisable_without_object(cx, err, &what);
    }
    Ok(cx.none())
}
