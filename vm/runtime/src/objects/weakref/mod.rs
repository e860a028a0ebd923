//! Weak references: `weakref.ref` here, the proxies in `proxy.rs`.
//!
//! All three kinds begin with the collector's [`WeakCell`]; which references there are to an object is known by the table
//! of `gc`, whose locks decide between a reader and the end of the object. The callback is guarded by the lock of
//! the reference, and taken out by whoever runs it.

mod proxy;
mod reference;

pub use proxy::proxy_to;
pub use reference::{known_hash, reference, target_of};

use crate::objects::sync::{Field, locked};
use crate::prelude::*;
use ungil_gc::WeakCell;
use ungil_locks::primitive::AtomicI64;
use ungil_locks::primitive::{AtomicPtr, Ordering};

/// A weak reference or a proxy.
#[repr(C)]
pub struct PyWeakRef {
    cell: WeakCell,
    /// The hash of the target once it has been asked for, -1 before.
    hash: Field<AtomicI64>,
}

// SAFETY: `repr(C)`, and the cell starts with the header; all objects with these operations are made by `new`.
unsafe impl Object for PyWeakRef {
    const OPS: &'static TypeOps = &WEAKREF_OPS;
}

pub static WEAKREF_OPS: TypeOps = TypeOps {
    name: "weakref.ReferenceType",
    size: |_| size_of::<PyWeakRef>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a weak reference.
    let callback = unsafe { &(*h.cast::<PyWeakRef>()).cell.callback };
    if !callback.is_empty() {
        visit(callback.peek());
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a weak reference that nobody else reaches but through the table.
    unsafe {
        m.space.weak.remove(h.cast());
        (*h.cast::<PyWeakRef>()).cell.callback.clear(m);
    }
}

impl PyWeakRef {
    /// The object, unless it is dead.
    #[inline]
    fn target(&self, cx: &Cx) -> Option<Obj> {
        cx.space.weak.upgrade(cx, &self.cell)
    }

    fn callback(&self, cx: &Cx) -> Option<Obj> {
        // The callback of a dead reference is about to be called or has been.
        // ORD: relaxed; a snapshot.
        if self.cell.target.load(Ordering::Relaxed).is_null() {
            return None;
        }
        locked(cx, &self.cell.header, || self.cell.callback.get_locked(cx))
    }
}

/// Whether nothing but the target tells the reference from others: such a one is shared.
fn is_plain(cell: &WeakCell, shape_id: u32) -> bool {
    cell.header.shape_id() == shape_id && cell.callback.is_empty()
}

/// A reference of the class to `target`, an existing one if it can be shared.
fn make(cx: &mut Cx, class: &PyType, target: Ref<'_>, callback: Option<Ref<'_>>) -> R {
    let supports = cx.class_of(target).has_flag(class_flag::HAS_WEAKREF);
    let Some(h) = target.header().filter(|_| supports) else {
        let name = cx.type_name(target);
        return Err(cx.type_error(format!("cannot create weak reference to '{name}' object")));
    };
    let callback = callback.filter(|c| !c.value().is_none());
    let shape_id = class.root_shape().head.id;
    let shared = callback.is_none() && class.builtin < Builtin::COUNT;
    if shared && let Some(known) = cx.space.weak.find(cx, h, |cell| is_plain(cell, shape_id)) {
        return Ok(known);
    }
    let callback = callback.map_or_else(Slot::empty, |c| Slot::new(c.own(cx)));
    let made = cx.alloc_for::<PyWeakRef>(class, |header| PyWeakRef {
        cell: WeakCell { header, target: AtomicPtr::new(target.value().ptr()), callback },
        hash: Field::<AtomicI64>::new(-1),
    })?;
    if h.is_published() {
        cx.publish(made.value());
    }
    let cell = made.value().ptr().cast::<WeakCell>();
    // SAFETY: the caller holds the target, and the reference has just been made.
    unsafe {
        if !shared {
            cx.space.weak.add(cell);
            return Ok(made);
        }
        // Another thread may have been faster.
        let known = cx.space.weak.add_unless(cx, cell, |cell| is_plain(cell, shape_id));
        Ok(known.unwrap_or(made))
    }
}

/// The number of weak references to an object, and they themselves, shared ones first and then oldest first.
pub fn all_references(cx: &Cx, v: Ref<'_>) -> Vec<Obj> {
    let Some(h) = v.header() else { return Vec::new() };
    let mut all = cx.space.weak.all(cx, h);
    all.sort_by_key(|r| {
        let cell = r.downcast::<PyWeakRef>(cx).map(|r| &r.cell);
        match cell.filter(|cell| cell.callback.is_empty()).map(|cell| cell.header.shape_id()) {
            Some(id) if id == Builtin::WeakRef as u32 => 0,
            Some(id) if id == Builtin::WeakProxy as u32 || id == Builtin::WeakCallableProxy as u32 => 1,
            _ => 2,
        }
    });
    all
}

/// Whether `v` is a weak reference whose target is dead; `None` if it is no weak reference.
pub fn is_dead(cx: &Cx, v: Ref<'_>) -> Option<bool> {
    Some(cx.space.weak.is_dead(&v.downcast::<PyWeakRef>(cx)?.cell))
}

/// The text of a class in a reference's `repr`: with its module unless that goes without saying.
fn class_text(cx: &mut Cx, class: &'static PyType) -> String {
    if !class.is_heap() {
        return class.tp_name();
    }
    let text = |cx: &mut Cx, name: &str| {
        let value = cx.get_attr_str(class.as_ref(), name).ok()?;
        cx.is_instance_of(value.r(), Builtin::Str).then(|| cx.text_of(value.r()))
    };
    let qualname = text(cx, "__qualname__").unwrap_or_else(|| class.name());
    match text(cx, "__module__") {
        Some(module) if module != "builtins" && module != "__main__" => format!("{module}.{qualname}"),
        _ => qualname,
    }
}

/// The setter-less `__weakref__` of classes whose instances can be weakly referenced: the first reference.
pub(crate) fn weakref_attribute(cx: &mut Cx, a: Args<'_>) -> R {
    let first = all_references(cx, a.get(0)).into_iter().next();
    Ok(first.unwrap_or_else(|| cx.none()))
}

/// Adds the attribute `__weakref__` to a class made by Python.
///
/// # Errors
/// What the class dict raises.
pub(crate) fn add_attribute(cx: &mut Cx, class: &'static PyType) -> R<()> {
    let descriptor =
        crate::objects::native::new_getset(cx, class, "__weakref__", Full(weakref_attribute), None);
    let name = cx.vm.names.weakref.get();
    match class.dict(cx).get_str(cx, name) {
        Some(_) => Ok(()),
        None => class.set_attr(cx, name, descriptor),
    }
}

/// Declares the types.
pub fn declare(cx: &Cx) {
    let size = size_of::<PyWeakRef>();
    for (which, name) in [
        (Builtin::WeakRef, "weakref.ReferenceType"),
        (Builtin::WeakProxy, "weakref.ProxyType"),
        (Builtin::WeakCallableProxy, "weakref.CallableProxyType"),
    ] {
        TypeBuilder::declare(cx, which, name, &WEAKREF_OPS, size, true);
    }
}

/// Fills the types.
pub fn init(cx: &mut Cx) {
    reference::init(cx);
    proxy::init(cx);
}
