//! Exceptions: one payload for all classes, so that any two exception classes can be combined by inheritance.
//!
//! - `mod.rs`: the payload, making exceptions, the chain of context and cause
//! - `classes.rs`: the tree of built-in classes and their attributes
//! - `groups.rs`: exception groups

mod classes;
pub mod groups;

pub use classes::{class_for_errno, declare, init};

use crate::objects::tuple::{PyTuple, new_tuple_from_array, new_tuple_from_borrowed};
use crate::prelude::*;
use std::cell::Cell;

/// Number of attributes that particular classes keep in the payload.
pub const FIELDS: usize = 6;

/// The payload of every exception.
#[repr(C)]
pub struct PyException {
    pub h: Header,
    /// Tuple of arguments.
    pub args: Slot,
    pub traceback: Slot,
    pub context: Slot,
    pub cause: Slot,
    /// Attributes of particular classes (`StopIteration.value`, `OSError.errno`, ...), see `classes.rs`.
    pub fields: [Slot; FIELDS],
    pub suppress_context: Cell<bool>,
}

impl PyException {
    #[inline(always)]
    fn slots(&self) -> &[Slot] {
        // SAFETY: four slots and the fields, which are slots as well, lie one behind the other.
        unsafe { std::slice::from_raw_parts(&raw const self.args, 4 + FIELDS) }
    }
}

unsafe fn exception_size(_: *mut Header) -> usize {
    size_of::<PyException>()
}

unsafe fn exception_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with an exception.
    unsafe { (*h.cast::<PyException>()).slots().iter().for_each(|slot| visit(slot.peek())) }
}

unsafe fn exception_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with an exception that nobody else reaches.
    unsafe { m.clear_slots((*h.cast::<PyException>()).slots()) }
}

pub static EXCEPTION_OPS: TypeOps = TypeOps {
    name: "BaseException",
    size: exception_size,
    trace: Some(exception_trace),
    drop_fields: Some(exception_drop),
    needs_finalizer: crate::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyException {
    const OPS: &'static TypeOps = &EXCEPTION_OPS;
}

fn payload(h: Header, args: Obj) -> PyException {
    PyException {
        h,
        args: Slot::new(args),
        traceback: Slot::empty(),
        context: Slot::empty(),
        cause: Slot::empty(),
        fields: [const { Slot::empty() }; FIELDS],
        suppress_context: Cell::new(false),
    }
}

/// A new instance of a built-in exception class, initialised with these arguments.
pub fn new_exception<const N: usize>(cx: &mut Cx, class: Builtin, args: [Obj; N]) -> Obj {
    let args = new_tuple_from_array(cx, args);
    new_exception_with(cx, class, args)
}

/// As [`new_exception`], with the arguments in a tuple.
pub fn new_exception_with(cx: &mut Cx, class: Builtin, args: Obj) -> Obj {
    let Ok(exception) = allocate(cx, cx.builtin(class), args) else {
        ungil_gc::fatal("no memory for an exception");
    };
    // Built-in initialisers of built-in classes do not fail on the arguments that natives give.
    let _ = classes::fill_fields(cx, exception.r(), class);
    exception
}

/// Whether calling the class without keywords runs `BaseException`'s own `__new__` and `__init__` and nothing else.
pub fn is_plain(cx: &Cx, class: &'static PyType) -> bool {
    let base = cx.builtin(Builtin::BaseException);
    class.has_layout::<PyException>()
        && class.h.shape_id() == Builtin::Type as u32
        && class.same_special(cx, base, Special::New)
        && class.same_special(cx, base, Special::Init)
}

/// Calls a class that [`is_plain`] with positional arguments.
///
/// # Errors
/// `TypeError` from the few classes that want particular arguments; `MemoryError`.
pub fn new_plain(cx: &mut Cx, class: &'static PyType, args: &[Value]) -> R {
    let args = new_tuple_from_borrowed(cx, args);
    let exception = allocate(cx, class, args)?;
    classes::fill_fields(cx, exception.r(), classes::built_in_base(class))?;
    Ok(exception)
}

/// A new, uninitialised instance of an exception class (`BaseException.__new__`).
pub fn allocate(cx: &mut Cx, class: &'static PyType, args: Obj) -> R {
    cx.alloc_for::<PyException>(class, |h| payload(h, args))
}

/// Sets `name` and `obj` of an `AttributeError`.
pub fn set_name_and_obj(cx: &mut Cx, err: &Err, name: Ref<'_>, obj: Ref<'_>) {
    if let Some(e) = err.exception().downcast::<PyException>(cx) {
        e.fields[0].set(&e.h, cx, name.own(cx));
        e.fields[1].set(&e.h, cx, obj.own(cx));
    }
}

/// Sets `name` of a `NameError`.
pub fn set_name(cx: &mut Cx, err: &Err, name: Ref<'_>) {
    if let Some(e) = err.exception().downcast::<PyException>(cx) {
        e.fields[0].set(&e.h, cx, name.own(cx));
    }
}

/// The value of a `StopIteration`.
pub fn stop_value(cx: &Cx, exception: Ref<'_>) -> Obj {
    let value = exception.downcast::<PyException>(cx).and_then(|e| e.fields[0].get(&e.h, cx));
    value.unwrap_or_else(|| cx.none())
}

/// A `StopIteration` with a value.
pub fn stop_iteration_with(cx: &mut Cx, value: Obj) -> Err {
    if value.value().is_none() {
        return cx.stop_iteration();
    }
    cx.error_with(Builtin::StopIteration, value)
}

/// Sets the context of a freshly raised exception to the one being handled, as `_PyErr_SetObject` does: never to
/// itself, and cutting a chain that would become a cycle.
pub fn chain_context(cx: &Cx, exception: Ref<'_>) {
    let handled = cx.handled.get();
    if handled.is_none() || handled == exception.value() {
        return;
    }
    let Some(e) = exception.downcast::<PyException>(cx) else { return };
    // SAFETY: the context owns what it says is being handled.
    let handled = unsafe { Ref::from_value(handled) }.own(cx);
    let context_of = |x: &Obj| x.downcast::<PyException>(cx).and_then(|x| x.context.get(&x.h, cx));
    // The chain may be a cycle already: a second walker at half the speed is met then.
    let (mut at, mut slow) = (handled.clone(), handled.clone());
    let mut is_even = false;
    while let Some(next) = context_of(&at) {
        if next.value() == exception.value() {
            if let Some(x) = at.downcast::<PyException>(cx) {
                drop(x.context.take(&x.h, cx));
            }
            break;
        }
        at = next;
        if at.value() == slow.value() {
            break;
        }
        if is_even && let Some(next) = context_of(&slow) {
            slow = next;
        }
        is_even = !is_even;
    }
    e.context.set(&e.h, cx, handled);
}

/// The items of `args`.
pub fn args_of(cx: &Cx, exception: Ref<'_>) -> Vec<Obj> {
    let args = exception.downcast::<PyException>(cx).and_then(|e| e.args.get(&e.h, cx));
    let Some(args) = args else { return Vec::new() };
    let items = args.downcast::<PyTuple>(cx).map(|t| t.items().iter().map(|v| v.own(cx)).collect());
    items.unwrap_or_default()
}
