//! `await future`: the iterator that gives the future to its task once, and then its result.

use super::future::{PENDING, PyFuture, as_future};
use std::sync::OnceLock;
use ungil_runtime::objects::generator::{Outcome, thrown, warn_of_three_arguments};
use ungil_runtime::objects::sync::slot_ops;
use ungil_runtime::prelude::*;

#[repr(C)]
struct PyFutureIter {
    h: Header,
    /// Empty when it has been closed.
    future: Slot,
}

slot_ops!(ITER_OPS, PyFutureIter, "_asyncio.FutureIter", future);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// `future.__await__()`.
pub fn iterator(cx: &mut Cx, a: Args<'_>) -> R {
    if a.this::<PyFuture>().event_loop.is_empty() {
        return Err(cx.runtime_error("Future object is not initialized."));
    }
    let class = class(cx);
    let future = Slot::new(a.get(0).own(cx));
    cx.alloc_for::<PyFutureIter>(class, |h| PyFutureIter { h, future })
}

/// One step: the future while it is pending, its result then.
fn step(cx: &mut Cx, this: Ref<'_>, _: Obj) -> R<Outcome> {
    // SAFETY: called with instances of the class, which has no subclasses.
    let this = unsafe { this.cast_unchecked::<PyFutureIter>() };
    let Some(owner) = this.future.get(&this.h, cx) else { return Ok(Outcome::Returned(cx.none())) };
    let Some(future) = as_future(cx, owner.r()) else { return Ok(Outcome::Returned(cx.none())) };
    if future.state.get() == PENDING {
        if future.blocking.get() == 0 {
            future.blocking.set(1);
            return Ok(Outcome::Yielded(owner));
        }
        return Err(cx.runtime_error("await wasn't used with future"));
    }
    future.take_result(cx).map(Outcome::Returned)
}

fn send(cx: &mut Cx, a: Args<'_>) -> R {
    let none = cx.none();
    match step(cx, a.get(0), none)? {
        Outcome::Yielded(v) => Ok(v),
        Outcome::Returned(v) if v.value().is_none() => Err(cx.stop_iteration()),
        Outcome::Returned(v) => Err(ungil_runtime::objects::exception::stop_iteration_with(cx, v)),
    }
}

fn throw(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyFutureIter = a.this();
    warn_of_three_arguments(cx, "throw", a)?;
    if let Some(traceback) = a.opt_not_none(3)
        && !cx.is_instance_of(traceback, Builtin::Traceback)
    {
        return Err(cx.type_error("throw() third argument must be a traceback"));
    }
    let base = cx.builtin(Builtin::BaseException);
    let class = PyType::from_ref(a.get(1), cx).is_some_and(|class| class.is_subclass(base, cx));
    if !class && !cx.is_instance_of(a.get(1), Builtin::BaseException) {
        return Err(
            cx.type_error("exceptions must be classes deriving BaseException or instances of such a class")
        );
    }
    let err = thrown(cx, a.get(1), a.opt_not_none(2), a.opt_not_none(3))?;
    drop(this.future.take(&this.h, cx));
    Err(err)
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyFutureIter = a.this();
    drop(this.future.take(&this.h, cx));
    Ok(cx.none())
}

fn class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = CLASS.get() {
        return class;
    }
    let (size, flags) = (size_of::<PyFutureIter>(), class_flag::DISALLOW_INSTANTIATION);
    let mut t = TypeBuilder::native_type(cx, "_asyncio.FutureIter", &ITER_OPS, size, true, flags);
    t.special(cx, Special::Iter, Leaf(|cx, a| Ok(a.get(0).own(cx))))
        .special(cx, Special::Next, Full(send))
        .send_hook(step)
        .method(cx, "send", "($self, object, /)", Full(send))
        .method(cx, "throw", "($self, type, value=None, traceback=None, /)", Full(throw))
        .method(cx, "close", "($self, /)", Full(close));
    CLASS.get_or_init(|| t.class())
}
