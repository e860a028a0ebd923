//! The end of a class: what it refers to, who must forget it, what is freed with it.
//!
//! Classes made by Python are hubs (`ungil_gc::HUB`): their instances, shapes and caches know them without counting
//! them. Only the collector frees one, when neither it nor an instance can be reached. With the world stopped it then
//! leaves the lists of its bases' subclasses and the threads' tables of recent cells, which are by address. Inline caches
//! need not be looked at: they go by the ids of shapes and the numbers of classes. Called by `finalize.rs`.

use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::PoisonError;
use ungil_locks::primitive::Ordering;

impl PyType {
    fn slots(&self) -> [&Slot; 6] {
        [&self.qualname, &self.dict, &self.bases, &self.mro, &self.replaced, &self.native]
    }
}

pub(super) unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a class.
    let class = unsafe { &*h.cast::<PyType>() };
    for slot in class.slots().into_iter().filter(|slot| !slot.is_empty()) {
        visit(slot.peek());
    }
}

pub(super) unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a class that nobody else reaches.
    let class = unsafe { &*h.cast::<PyType>() };
    class.forget_specials();
    for slot in class.slots() {
        slot.clear(m);
    }
}

/// The class, if that is what the hub is.
///
/// # Safety
/// The hub is alive for `'a`.
unsafe fn class_of_hub<'a>(cx: &Cx, hub: *mut Header) -> Option<&'a PyType> {
    // SAFETY: as the caller promises.
    unsafe { Ref::from_value(Value::from_ptr(hub)).downcast(cx) }
}

/// Calls `visit` with the addresses of a class's shapes: a native that knows one of them knows the class.
///
/// # Safety
/// The hub is alive.
pub(crate) unsafe fn extents(cx: &Cx, hub: *mut Header, visit: &mut dyn FnMut(Range<usize>)) {
    // SAFETY: as the caller promises.
    let Some(class) = (unsafe { class_of_hub(cx, hub) }) else { return };
    let shapes = class.shapes.lock().unwrap_or_else(PoisonError::into_inner);
    for shape in shapes.iter() {
        let at = std::ptr::from_ref(*shape).addr();
        visit(at..at + size_of::<crate::class::Shape>());
    }
}

/// Adds the classes in a tuple, and in tuples within it.
fn add_classes(cx: &Cx, tuple: Ref<'_>, found: &mut HashSet<*const PyType>) {
    let mut todo = vec![tuple];
    while let Some(v) = todo.pop() {
        match v.downcast::<PyTuple>(cx) {
            Some(tuple) => todo.extend(tuple.items()),
            None => found.extend(PyType::from_ref(v, cx).map(std::ptr::from_ref)),
        }
    }
}

/// Makes everybody forget hubs that are about to be freed.
///
/// # Safety
/// The world is stopped; the hubs are alive and unreachable.
pub(crate) unsafe fn forget_stw(cx: &Cx, hubs: &[*mut Header]) {
    // SAFETY: as the caller promises.
    let classes: Vec<&PyType> = hubs.iter().filter_map(|&hub| unsafe { class_of_hub(cx, hub) }).collect();
    if classes.is_empty() {
        return;
    }
    let dead: HashSet<*const PyType> = classes.iter().map(|&class| std::ptr::from_ref(class)).collect();
    let mut known_by: HashSet<*const PyType> = HashSet::new();
    for class in &classes {
        for slot in [&class.bases, &class.mro, &class.replaced] {
            // SAFETY: the slot keeps the tuple alive, which nobody changes.
            add_classes(cx, unsafe { Ref::from_value(slot.peek()) }, &mut known_by);
        }
    }
    for class in known_by {
        // SAFETY: the tuples that have named it are alive.
        let class = unsafe { &*class };
        let lives = |&other: &&'static PyType| !dead.contains(&std::ptr::from_ref(other));
        class.subclasses.lock().unwrap_or_else(PoisonError::into_inner).retain(lives);
        if let Some(strangers) = &mut *class.strangers.lock().unwrap_or_else(PoisonError::into_inner) {
            strangers.retain(lives);
        }
    }
    cx.forget_recent_cells_stw();
    if cx.space.shapes.has_many_unused() {
        crate::interp::cache::flush_all_stw(cx);
    }
}

/// Frees what belongs to hubs outside their blocks.
///
/// # Safety
/// Nothing refers to the hubs, whose fields have been dropped.
pub(crate) unsafe fn release(cx: &Cx, hubs: &[*mut Header]) {
    // Their shapes, which say what is a class, end here.
    // SAFETY: as the caller promises: the memory of all of them is intact.
    let classes: Vec<&PyType> = hubs.iter().filter_map(|&hub| unsafe { class_of_hub(cx, hub) }).collect();
    for class in classes {
        let cells = std::mem::take(&mut *class.cells.lock().unwrap_or_else(PoisonError::into_inner));
        cx.vm.cells.retire(cells.into_values());
        let behind = std::mem::take(&mut *class.behind.lock().unwrap_or_else(PoisonError::into_inner));
        cx.vm.cells.retire(behind.into_iter().flat_map(|behind| *behind).map(|(_, _, index)| index));
        *class.slot_names.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
        *class.subclasses.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
        *class.strangers.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *class.name.write().unwrap_or_else(PoisonError::into_inner) = Box::default();
        // ORD: relaxed; nobody looks at it.
        class.base.store(std::ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: instances would keep the class alive.
        unsafe { crate::class::Shape::free_all(cx, class) };
    }
}
