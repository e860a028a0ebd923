//! How a task goes on: its coroutine is resumed, and what it gives decides when it is resumed again.
//!
//! A loop calls a step (`PyStep`) or, when the future that the task waits for is done, a native bound to the task
//! (`task_wakeup`).

use super::future::{PENDING, PyFuture, as_future};
use super::python::{
    ADD_DONE_CALLBACK, BLOCKING, CANCELLED_ERROR, CONTEXT, INVALID_STATE, RESULT, SEND, THROW, call_method,
    call_soon,
};
use super::registry;
use super::task::{PyTask, as_task, cancel_any};
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::exception::{chain_context, stop_value};
use ungil_runtime::objects::generator::{self, Outcome};
use ungil_runtime::objects::native::{bind_plain, new_method_descriptor};
use ungil_runtime::objects::sync::{locked, slot_ops};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::raise_object;

/// What a loop calls to make a task go on, perhaps with an exception.
#[repr(C)]
struct PyStep {
    h: Header,
    task: Slot,
    exception: Slot,
}

slot_ops!(STEP_OPS, PyStep, "_asyncio.TaskStepMethWrapper", task, exception);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();
/// The method that wakes tasks up; the class does not have it.
static WAKEUP: OnceLock<SharedValue> = OnceLock::new();

fn call_step(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    if names.is_some_and(|names| !names.items().is_empty()) {
        return Err(cx.type_error("function takes no keyword arguments"));
    }
    if !args.is_empty() {
        return Err(cx.type_error("function takes no positional arguments"));
    }
    // SAFETY: called with instances of the class, which has no subclasses.
    let this = unsafe { this.cast_unchecked::<PyStep>() };
    let Some(task) = this.task.get(&this.h, cx) else { return Ok(cx.none()) };
    let exception = this.exception.get(&this.h, cx);
    match as_task(cx, task.r()) {
        Some(task) => step(cx, task, exception),
        None => Ok(cx.none()),
    }
}

fn class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = CLASS.get() {
        return class;
    }
    let (size, flags) = (size_of::<PyStep>(), class_flag::DISALLOW_INSTANTIATION);
    let mut t = TypeBuilder::native_type(cx, "_asyncio.TaskStepMethWrapper", &STEP_OPS, size, true, flags);
    t.callable(cx, call_step).getset(
        cx,
        "__self__",
        Full(|cx, a| {
            let this = a.this::<PyStep>();
            Ok(this.task.get(&this.h, cx).unwrap_or_else(|| cx.none()))
        }),
        None,
    );
    CLASS.get_or_init(|| t.class())
}

/// Tells the loop to make a task go on.
///
/// # Errors
/// What the loop raises.
pub fn step_soon(cx: &mut Cx, task: &PyTask, exception: Option<Obj>) -> R<()> {
    let class = class(cx);
    let owner = Slot::new(task.me().own(cx));
    let exception = exception.map_or_else(Slot::empty, Slot::new);
    let callback = cx.alloc_for::<PyStep>(class, |h| PyStep { h, task: owner, exception })?;
    let event_loop = task.future.owner(cx)?;
    let context = task.held(cx, &task.context);
    call_soon(cx, event_loop.r(), callback.r(), None, context.as_ref().map(|context| context.r()))
}

/// Makes the task go on with a `RuntimeError` soon.
#[cold]
fn fail_soon(cx: &mut Cx, task: &PyTask, message: &str) -> R<()> {
    let err = cx.runtime_error(message);
    step_soon(cx, task, Some(err.0))
}

/// The native that wakes the task up when what it waits for is done.
fn wakeup_of(cx: &mut Cx, task: &PyTask) -> Obj {
    let method = WAKEUP.get_or_init(|| {
        let class = super::task_type::class(cx);
        let def = NativeDef::leak("task_wakeup", "($self, object, /)", Full(wakeup));
        SharedValue::new(new_method_descriptor(cx, class, def))
    });
    bind_plain(cx, method.get().own(cx), task.me())
}

/// What the task waited for is done.
fn wakeup(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(task) = as_task(cx, a.get(0)) else { return Ok(cx.none()) };
    let done = match as_future(cx, a.get(1)) {
        Some(future) => {
            future.discard_awaiting(cx, a.get(0))?;
            future.take_result(cx)
        }
        None => call_method(cx, a.get(1), &RESULT, &[], None),
    };
    match done {
        Ok(_) => step(cx, task, None),
        Err(err) => step(cx, task, Some(err.0)),
    }
}

/// One step of the task, which is the running one meanwhile.
fn step(cx: &mut Cx, task: &PyTask, exception: Option<Obj>) -> R {
    let event_loop = task.future.owner(cx)?;
    registry::enter(cx, event_loop.r(), task.me())?;
    let result = run(cx, task, exception);
    if task.future.state.get() != PENDING {
        registry::unlist(task);
    }
    let left = registry::leave(cx, event_loop.r(), task.me());
    match (result, left) {
        (Ok(()), Ok(())) => Ok(cx.none()),
        (Err(err), _) | (_, Err(err)) => Err(err),
    }
}

/// The first step at once, in the task's context, while another task may be running.
///
/// # Errors
/// What cannot be given to the task: `KeyboardInterrupt`, errors of the loop.
pub fn start_eagerly(cx: &mut Cx, task: &PyTask) -> R<()> {
    let event_loop = task.future.owner(cx)?;
    let outer = registry::swap(cx, event_loop.r(), Some(task.me().own(cx)))?;
    registry::list(task);
    let context = task.held(cx, &task.context).unwrap_or_else(|| cx.none());
    let result = crate::contextvars::run_in(cx, context.r(), |cx| run(cx, task, None));
    let back = registry::swap(cx, event_loop.r(), outer);
    if task.future.state.get() != PENDING {
        registry::unlist(task);
        drop(task.coroutine.take(task.h(), cx));
    }
    result.and(back.map(drop))
}

/// Resumes the coroutine and handles what it gives.
fn run(cx: &mut Cx, task: &PyTask, exception: Option<Obj>) -> R<()> {
    if task.future.state.get() != PENDING {
        return Err(already_done(cx, task, exception));
    }
    let exception = match task.must_cancel.get() != 0 {
        true => Some(cancelling(cx, task, exception)?),
        false => exception,
    };
    drop(task.waits_for.take(task.h(), cx));
    let Some(coroutine) = task.held(cx, &task.coroutine) else {
        return Err(cx.runtime_error("uninitialized Task object"));
    };
    let outcome = match exception {
        None => send(cx, coroutine.r()),
        Some(exception) => throw(cx, coroutine.r(), exception),
    };
    match outcome {
        Ok(Outcome::Yielded(v)) => suspended(cx, task, v.r()),
        Ok(Outcome::Returned(v)) => match task.must_cancel.get() != 0 {
            // It was cancelled right before it ended.
            true => {
                task.must_cancel.set(0);
                let message = task.held(cx, &task.future.cancel_message);
                task.future.cancel(cx, message).map(drop)
            }
            false => task.future.set_result(cx, v),
        },
        Err(err) => raised(cx, task, err),
    }
}

#[cold]
fn already_done(cx: &mut Cx, task: &PyTask, exception: Option<Obj>) -> Err {
    let texts = cx.repr_string(task.me()).and_then(|text| {
        let exception = exception.unwrap_or_else(|| cx.none());
        Ok((text, cx.repr_string(exception.r())?))
    });
    match texts {
        Ok((text, exception)) => {
            INVALID_STATE.error(cx, &format!("__step(): already done: {text}, {exception}"))
        }
        Err(err) => err,
    }
}

/// The exception with which a task that is to be cancelled goes on.
#[cold]
fn cancelling(cx: &mut Cx, task: &PyTask, exception: Option<Obj>) -> R {
    let class = CANCELLED_ERROR.get(cx)?;
    let exception = match exception {
        Some(exception) if cx.is_instance(exception.r(), class)? => exception,
        _ => task.future.cancelled_error(cx)?,
    };
    task.must_cancel.set(0);
    Ok(exception)
}

fn is_native(cx: &Cx, coroutine: Ref<'_>) -> bool {
    cx.is_exactly(coroutine, Builtin::Coroutine) || cx.is_exactly(coroutine, Builtin::Generator)
}

/// `coroutine.send(None)`.
#[inline]
fn send(cx: &mut Cx, coroutine: Ref<'_>) -> R<Outcome> {
    let none = cx.none();
    if is_native(cx, coroutine) {
        return generator::send(cx, coroutine, none);
    }
    let sent = match cx.class_of(coroutine).special(cx, Special::Next) {
        Some(method) => cx.call_special(method, coroutine, &[]),
        None => call_method(cx, coroutine, &SEND, &[none.r()], None),
    };
    as_outcome(cx, sent)
}

/// `coroutine.throw(exception)`.
fn throw(cx: &mut Cx, coroutine: Ref<'_>, exception: Obj) -> R<Outcome> {
    if is_native(cx, coroutine) && cx.is_instance_of(exception.r(), Builtin::BaseException) {
        return generator::throw(cx, coroutine, raise_object(exception));
    }
    let thrown = call_method(cx, coroutine, &THROW, &[exception.r()], None);
    as_outcome(cx, thrown)
}

/// `StopIteration` says that a coroutine has returned.
fn as_outcome(cx: &mut Cx, result: R) -> R<Outcome> {
    match result {
        Ok(v) => Ok(Outcome::Yielded(v)),
        Err(err) if cx.is_error(&err, Builtin::StopIteration) => {
            Ok(Outcome::Returned(stop_value(cx, err.exception())))
        }
        Err(err) => Err(err),
    }
}

/// The coroutine has raised.
#[cold]
fn raised(cx: &mut Cx, task: &PyTask, err: Err) -> R<()> {
    let class = CANCELLED_ERROR.get(cx)?;
    if cx.is_instance(err.exception(), class)? {
        task.future.keep_cancelled(cx, err.0);
        return task.future.cancel(cx, None).map(drop);
    }
    if let Err(other) = task.future.set_exception(cx, err.exception()) {
        chain_context(cx, other.exception());
        return Err(other);
    }
    if cx.is_error(&err, Builtin::KeyboardInterrupt) || cx.is_error(&err, Builtin::SystemExit) {
        return Err(err);
    }
    Ok(())
}

/// The coroutine has been suspended and gave `v`.
fn suspended(cx: &mut Cx, task: &PyTask, v: Ref<'_>) -> R<()> {
    if v.is(task.me()) {
        let text = cx.repr_string(task.me())?;
        return fail_soon(cx, task, &format!("Task cannot await on itself: {text}"));
    }
    if v.value().is_none() {
        // It lets others run, once.
        return step_soon(cx, task, None);
    }
    if let Some(future) = exact_future(cx, v) {
        return wait_for(cx, task, future, v);
    }
    let blocking = cx.get_attr_opt(v, BLOCKING.get(cx))?;
    if let Some(blocking) = blocking.filter(|blocking| !blocking.value().is_none()) {
        let blocking = cx.truth(blocking.r())?;
        return wait_for_like(cx, task, v, blocking);
    }
    let (text, shown) = (cx.repr_string(task.me())?, cx.repr_string(v)?);
    let message = match cx.is_exactly(v, Builtin::Generator) {
        true => format!("yield was used instead of yield from for generator in task {text} with {shown}"),
        false => format!("Task got bad yield: {shown}"),
    };
    fail_soon(cx, task, &message)
}

/// The future that an object is, if it is of one of the module's own classes.
fn exact_future<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PyFuture> {
    let future = as_future(cx, v)?;
    let class = cx.class_of(v);
    (super::future_type::is_class(class) || super::task_type::is_class(class)).then_some(future)
}

#[cold]
fn wrong_loop(cx: &mut Cx, task: &PyTask, v: Ref<'_>) -> R<()> {
    let (text, shown) = (cx.repr_string(task.me())?, cx.repr_string(v)?);
    fail_soon(cx, task, &format!("Task {text} got Future {shown} attached to a different loop"))
}

#[cold]
fn no_await(cx: &mut Cx, task: &PyTask, v: Ref<'_>) -> R<()> {
    let (text, shown) = (cx.repr_string(task.me())?, cx.repr_string(v)?);
    fail_soon(cx, task, &format!("yield was used instead of yield from in task {text} with {shown}"))
}

/// Goes on when a future of this module is done.
fn wait_for(cx: &mut Cx, task: &PyTask, future: &PyFuture, v: Ref<'_>) -> R<()> {
    if !same_loop(cx, task, future) {
        return wrong_loop(cx, task, v);
    }
    if future.blocking.get() == 0 {
        return no_await(cx, task, v);
    }
    future.blocking.set(0);
    future.add_awaiting(cx, task.me())?;
    let wakeup = wakeup_of(cx, task);
    let context = task.held(cx, &task.context).unwrap_or_else(|| cx.none());
    future.add_callback(cx, wakeup.r(), context.r())?;
    waits(cx, task, v)
}

fn same_loop(cx: &Cx, task: &PyTask, future: &PyFuture) -> bool {
    let own = locked(cx, task.h(), || task.future.event_loop.peek());
    own == locked(cx, &future.h, || future.event_loop.peek())
}

/// As [`wait_for`], for anything that is like a future.
fn wait_for_like(cx: &mut Cx, task: &PyTask, v: Ref<'_>, blocking: bool) -> R<()> {
    let (own, other) = (task.future.owner(cx)?, registry::loop_of(cx, v)?);
    if !own.r().is(other.r()) {
        return wrong_loop(cx, task, v);
    }
    if !blocking {
        return no_await(cx, task, v);
    }
    if let Some(future) = as_future(cx, v) {
        future.add_awaiting(cx, task.me())?;
    }
    let off = cx.bool(false);
    cx.set_attr(v, BLOCKING.get(cx), off)?;
    let wakeup = wakeup_of(cx, task);
    let context = task.held(cx, &task.context).unwrap_or_else(|| cx.none());
    call_method(cx, v, &ADD_DONE_CALLBACK, &[wakeup.r(), context.r()], Some(&CONTEXT))?;
    waits(cx, task, v)
}

/// Remembers what the task waits for, and cancels it if the task is to be cancelled.
fn waits(cx: &mut Cx, task: &PyTask, v: Ref<'_>) -> R<()> {
    task.waits_for.set(task.h(), cx, v.own(cx));
    if task.must_cancel.get() != 0 {
        let message = task.held(cx, &task.future.cancel_message);
        if cancel_any(cx, v, message.as_ref().map(|message| message.r()))? {
            task.must_cancel.set(0);
        }
    }
    Ok(())
}
