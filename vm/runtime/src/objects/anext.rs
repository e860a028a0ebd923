//! The awaitable that `anext(iterator, default)` gives.
//!
//! Fixed once made; what it does is done by the awaitable that it wraps.

use crate::interp::slow::generator::awaitable_iter;
use crate::objects::exception::stop_iteration_with;
use crate::objects::iter::{fixed, iter_self};
use crate::objects::sync::slot_ops;
use crate::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyAnextAwaitable {
    pub h: Header,
    wrapped: Slot,
    default: Slot,
}

slot_ops!(ANEXT_OPS, PyAnextAwaitable, "anext_awaitable", wrapped, default);

/// Awaits `wrapped`; `StopAsyncIteration` gives the default instead.
pub fn new_anext(cx: &Cx, wrapped: Obj, default: Ref<'_>) -> Obj {
    let (wrapped, default) = (Slot::new(wrapped), Slot::new(default.own(cx)));
    cx.alloc(Builtin::AnextAwaitable, |h| PyAnextAwaitable { h, wrapped, default })
}

/// The iterator of the wrapped awaitable.
fn inner(cx: &mut Cx, this: &PyAnextAwaitable) -> R {
    let wrapped = fixed(&this.wrapped);
    match awaitable_iter(cx, wrapped)? {
        Some(v) if cx.is_exactly(v.r(), Builtin::Coroutine) => {
            Ok(crate::objects::async_gen::coroutine_wrapper(cx, v.r()))
        }
        Some(v) => Ok(v),
        None => {
            let name = cx.type_name(wrapped);
            Err(cx.type_error(format!("'{name}' object can't be awaited")))
        }
    }
}

/// The end of the asynchronous iteration gives the default.
fn finish(cx: &mut Cx, this: &PyAnextAwaitable, result: R) -> R {
    match result {
        Err(err) if cx.is_error(&err, Builtin::StopAsyncIteration) => {
            let default = fixed(&this.default).own(cx);
            Err(stop_iteration_with(cx, default))
        }
        result => result,
    }
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyAnextAwaitable>();
    let iterator = inner(cx, this)?;
    let Some(method) = cx.class_of(iterator.r()).special(cx, Special::Next) else {
        return Err(crate::object::unreachable_err(cx, "an awaitable's iterator without __next__"));
    };
    let result = cx.call_special(method, iterator.r(), &[]);
    finish(cx, this, result)
}

fn forward(cx: &mut Cx, a: Args<'_>, name: &str) -> R {
    let this = a.this::<PyAnextAwaitable>();
    let iterator = inner(cx, this)?;
    let result = cx.call_method(iterator.r(), name, a.varargs(cx, 1));
    finish(cx, this, result)
}

pub fn declare(cx: &Cx) {
    let size = size_of::<PyAnextAwaitable>();
    TypeBuilder::declare(cx, Builtin::AnextAwaitable, "anext_awaitable", &ANEXT_OPS, size, true);
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::new(cx, Builtin::AnextAwaitable, Some(Builtin::Object), flags);
    t.special(cx, Special::Await, Leaf(iter_self))
        .special(cx, Special::Iter, Leaf(iter_self))
        .special(cx, Special::Next, Full(next))
        .method(cx, "send", "($self, /, *args)", Full(|cx, a| forward(cx, a, "send")))
        .method(cx, "throw", "($self, /, *args)", Full(|cx, a| forward(cx, a, "throw")))
        .method(cx, "close", "($self, /, *args)", Full(|cx, a| forward(cx, a, "close")));
}
