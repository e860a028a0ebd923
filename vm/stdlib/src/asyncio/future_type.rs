//! The type `_asyncio.Future`: what Python sees of futures.

use super::awaiting;
use super::future::{CANCELLED, FUTURE_OPS, PENDING, PyFuture, as_future};
use super::python::{FUTURE_REPR, INVALID_STATE, NEW_LOOP};
use std::sync::OnceLock;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// Whether an object may be of a subclass, or have attributes of its own: it might have a `__del__` that is not this
/// module's.
pub fn may_have_del(h: &Header) -> bool {
    CLASS.get().is_none_or(|class| class.root_shape().head.id != h.shape_id())
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = ungil_runtime::objects::construct::class_argument(cx, a);
    cx.alloc_for::<PyFuture>(class, PyFuture::new)
}

/// `Future(loop=...)`, without a tuple and a dict of the arguments.
fn make(cx: &mut Cx, class: &'static PyType, args: Args<'_>, names: Option<&PyTuple>) -> Option<R> {
    let event_loop = match (args.refs(), names.map_or(&[][..], |names| names.items())) {
        ([], []) => None,
        ([event_loop], [name]) if NEW_LOOP.get(cx).is(*name) => Some(*event_loop),
        _ => return None,
    };
    let made = match cx.alloc_for::<PyFuture>(class, PyFuture::new) {
        Ok(made) => made,
        Err(err) => return Some(Err(err)),
    };
    // SAFETY: made as a future just now.
    let result = unsafe { made.cast_unchecked::<PyFuture>() }.init(cx, event_loop);
    Some(result.map(|()| made))
}

fn init_object(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyFuture>().init(cx, a.opt(1))?;
    Ok(cx.none())
}

/// The future that a method was called on, which must have been initialized.
fn alive<'a>(cx: &mut Cx, a: Args<'a>) -> R<&'a PyFuture> {
    let this: &PyFuture = a.this();
    match this.event_loop.is_empty() {
        false => Ok(this),
        true => Err(cx.runtime_error("Future object is not initialized.")),
    }
}

fn result(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyFuture = a.this();
    if this.event_loop.is_empty() {
        return Err(INVALID_STATE.error(cx, "Future object is not initialized."));
    }
    this.take_result(cx)
}

fn exception(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyFuture = a.this();
    if this.event_loop.is_empty() {
        return Err(INVALID_STATE.error(cx, "Future object is not initialized."));
    }
    match this.state.get() {
        CANCELLED => {
            let exception = this.cancelled_error(cx)?;
            Err(ungil_runtime::raise_object(exception))
        }
        PENDING => Err(INVALID_STATE.error(cx, "Exception is not set.")),
        _ => {
            this.unseen.set(0);
            Ok(this.shown(cx, true))
        }
    }
}

fn set_result(cx: &mut Cx, a: Args<'_>) -> R {
    let this = alive(cx, a)?;
    let result = a.get(1).own(cx);
    this.set_result(cx, result)?;
    Ok(cx.none())
}

fn set_exception(cx: &mut Cx, a: Args<'_>) -> R {
    alive(cx, a)?.set_exception(cx, a.get(1))?;
    Ok(cx.none())
}

fn add_done_callback(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyFuture = a.this();
    let context = match a.opt(2) {
        Some(context) => context.own(cx),
        None => crate::contextvars::copy_context(cx)?,
    };
    this.add_callback(cx, a.get(1), context.r())?;
    Ok(cx.none())
}

fn remove_done_callback(cx: &mut Cx, a: Args<'_>) -> R {
    let this = alive(cx, a)?;
    let mut meant = Vec::new();
    for (callback, context) in this.callbacks(cx) {
        if cx.equal(a.get(1), callback.r())? {
            meant.push((callback, context));
        }
    }
    let removed = this.remove_callbacks(cx, &meant);
    Ok(cx.int(removed as i64))
}

fn cancel(cx: &mut Cx, a: Args<'_>) -> R {
    let message = a.opt(1).map(|message| message.own(cx));
    let cancelled = alive(cx, a)?.cancel(cx, message)?;
    Ok(cx.bool(cancelled))
}

fn make_cancelled_error(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyFuture>().cancelled_error(cx)
}

fn get_loop(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyFuture>().owner(cx)
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    alive(cx, a)?;
    FUTURE_REPR.call(cx, &[a.get(0)])
}

/// Reports an exception that nobody has looked at.
pub fn finalize(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyFuture = a.this();
    if this.unseen.get() == 0 {
        return Ok(cx.none());
    }
    this.unseen.set(0);
    let class = cx.class_of(a.get(0)).name();
    let message = cx.str(&format!("{class} exception was never retrieved"));
    let exception = this.shown(cx, true);
    report(cx, this, &[("message", message.r()), ("exception", exception.r()), ("future", a.get(0))])?;
    Ok(cx.none())
}

/// Tells the loop of a future about what was wrong with it.
///
/// # Errors
/// What the loop's handler raises.
pub fn report(cx: &mut Cx, this: &PyFuture, what: &[(&str, Ref<'_>)]) -> R<()> {
    let context = PyDict::new(cx);
    let put = |cx: &mut Cx, name: &str, v: Ref<'_>| {
        let name = cx.str(name);
        cx.set_item(context.r(), name.r(), v)
    };
    for (name, v) in what {
        put(cx, name, *v)?;
    }
    if let Some(source) = this.source_traceback.get(&this.h, cx) {
        put(cx, "source_traceback", source.r())?;
    }
    let event_loop = this.owner(cx)?;
    cx.call_method(event_loop.r(), "call_exception_handler", &[context.r()]).map(drop)
}

fn is_state(cx: &mut Cx, a: Args<'_>, test: impl FnOnce(u8) -> bool) -> R {
    let state = a.this::<PyFuture>().state.get();
    Ok(cx.bool(test(state)))
}

fn get_state(cx: &mut Cx, a: Args<'_>) -> R {
    let text = ["PENDING", "CANCELLED", "FINISHED"][alive(cx, a)?.state.get() as usize % 3];
    Ok(ungil_runtime::objects::str::intern(cx, text).get().own(cx))
}

fn get_callbacks(cx: &mut Cx, a: Args<'_>) -> R {
    let callbacks = alive(cx, a)?.callbacks(cx);
    if callbacks.is_empty() {
        return Ok(cx.none());
    }
    let items = callbacks.into_iter().map(|(f, context)| cx.tuple(vec![f, context])).collect();
    Ok(cx.list(items))
}

/// What a slot holds, or `None`.
fn held(cx: &mut Cx, this: &PyFuture, slot: &Slot) -> R {
    Ok(slot.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

fn get_awaited_by(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyFuture>().awaiting(cx) {
        None => Ok(cx.none()),
        Some(awaiting) => ungil_runtime::objects::set::new_frozenset(cx, awaiting),
    }
}

/// Attributes that can be set cannot be deleted.
fn not_deleted<'a>(cx: &mut Cx, a: Args<'a>, name: &str) -> R<Ref<'a>> {
    a.opt(1).ok_or_else(|| {
        let class = cx.type_name(a.get(0));
        let text = cx.str(name);
        let message = format!("attribute '{name}' of '{class}' objects cannot be deleted");
        cx.attribute_error(a.get(0), text.r(), &message)
    })
}

fn set_blocking(cx: &mut Cx, a: Args<'_>) -> R {
    let v = not_deleted(cx, a, "_asyncio_future_blocking")?;
    let on = cx.truth(v)?;
    alive(cx, a)?.blocking.set(on.into());
    Ok(cx.none())
}

fn set_log_traceback(cx: &mut Cx, a: Args<'_>) -> R {
    let v = not_deleted(cx, a, "_log_traceback")?;
    if cx.truth(v)? {
        return Err(cx.value_error("_log_traceback can only be set to False"));
    }
    a.this::<PyFuture>().unseen.set(0);
    Ok(cx.none())
}

fn set_cancel_message(cx: &mut Cx, a: Args<'_>) -> R {
    let v = not_deleted(cx, a, "_cancel_message")?.own(cx);
    let this: &PyFuture = a.this();
    this.cancel_message.set(&this.h, cx, v);
    Ok(cx.none())
}

/// `future_add_to_awaited_by`.
pub fn add_to_awaited_by(cx: &mut Cx, a: Args<'_>) -> R {
    if let (Some(future), Some(_)) = (as_future(cx, a.get(0)), as_future(cx, a.get(1))) {
        future.add_awaiting(cx, a.get(1))?;
    }
    Ok(cx.none())
}

/// `future_discard_from_awaited_by`.
pub fn discard_from_awaited_by(cx: &mut Cx, a: Args<'_>) -> R {
    if let (Some(future), Some(_)) = (as_future(cx, a.get(0)), as_future(cx, a.get(1))) {
        future.discard_awaiting(cx, a.get(1))?;
    }
    Ok(cx.none())
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("result", "($self, /)", Full(result)),
    ("exception", "($self, /)", Full(exception)),
    ("set_result", "($self, result, /)", Full(set_result)),
    ("set_exception", "($self, exception, /)", Full(set_exception)),
    ("add_done_callback", "($self, fn, /, *, context=<unrepresentable>)", Full(add_done_callback)),
    ("remove_done_callback", "($self, fn, /)", Full(remove_done_callback)),
    ("cancel", "($self, /, msg=None)", Full(cancel)),
    ("cancelled", "($self, /)", Full(|cx, a| is_state(cx, a, |state| state == CANCELLED))),
    ("done", "($self, /)", Full(|cx, a| is_state(cx, a, |state| state != PENDING))),
    ("get_loop", "($self, /)", Full(get_loop)),
    ("_make_cancelled_error", "($self, /)", Full(make_cancelled_error)),
];

fn make_class(cx: &mut Cx) -> &'static PyType {
    let (size, flags) = (
        size_of::<PyFuture>(),
        class_flag::BASETYPE | class_flag::HAS_DICT | class_flag::HAS_WEAKREF | class_flag::IMMUTABLE,
    );
    let mut t = TypeBuilder::native_type(cx, "_asyncio.Future", &FUTURE_OPS, size, true, flags);
    t.doc(cx, "A result that is not there yet, of a loop's thread; like `concurrent.futures.Future`, but not waited for by threads.")
        .make(make)
        .text_signature("(*, loop=None)")
        .constructor(cx, "($type, *args, **kwargs)", Full(construct))
        .methods(cx, METHODS)
        .class_method(cx, "__class_getitem__", "($cls, object, /)", Full(class_getitem))
        .method(cx, "__init__", "($self, /, *, loop=None)", Full(init_object))
        .specials(
            cx,
            &[
                (Special::Repr, Full(repr)),
                (Special::Iter, Full(awaiting::iterator)),
                (Special::Await, Full(awaiting::iterator)),
                (Special::Del, Full(finalize)),
            ],
        )
        .getset(cx, "_state", Full(get_state), None)
        .getset(
            cx,
            "_asyncio_future_blocking",
            Full(|cx, a| Ok(cx.bool(a.this::<PyFuture>().blocking.get() != 0))),
            Some(Full(set_blocking)),
        )
        .getset(
            cx,
            "_log_traceback",
            Full(|cx, a| {
                let unseen = alive(cx, a)?.unseen.get() != 0;
                Ok(cx.bool(unseen))
            }),
            Some(Full(set_log_traceback)),
        )
        .getset(
            cx,
            "_cancel_message",
            Full(|cx, a| held(cx, a.this(), &a.this::<PyFuture>().cancel_message)),
            Some(Full(set_cancel_message)),
        )
        .getset(cx, "_loop", Full(|cx, a| held(cx, a.this(), &a.this::<PyFuture>().event_loop)), None)
        .getset(cx, "_callbacks", Full(get_callbacks), None)
        .getset(cx, "_result", Full(|cx, a| Ok(alive(cx, a)?.shown(cx, false))), None)
        .getset(cx, "_exception", Full(|cx, a| Ok(alive(cx, a)?.shown(cx, true))), None)
        .getset(
            cx,
            "_source_traceback",
            Full(|cx, a| held(cx, a.this(), &a.this::<PyFuture>().source_traceback)),
            None,
        )
        .getset(cx, "_asyncio_awaited_by", Full(get_awaited_by), None);
    t.class()
}

/// The type.
pub fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => {
            let made = make_class(cx);
            CLASS.get_or_init(|| made)
        }
    }
}

/// Whether a class is that of futures itself.
pub fn is_class(class: &PyType) -> bool {
    CLASS.get().is_some_and(|own| std::ptr::eq(*own, class))
}
