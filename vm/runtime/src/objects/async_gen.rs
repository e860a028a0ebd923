//! The awaitables of asynchronous generators (`asend`, `athrow`, `aclose`), values in transit, and the wrapper of
//! `coroutine.__await__()` (CPython's `Objects/genobject.c`).

use crate::objects::exception::{new_exception, stop_iteration_with};
use crate::objects::generator::{self, Outcome, PyGenerator};
use crate::prelude::*;
use std::cell::Cell;

/// A value yielded by an asynchronous generator, on its way through `await`; or the coroutine of a wrapper.
#[repr(C)]
pub struct PyWrapped {
    pub h: Header,
    pub inner: Slot,
}

/// `asend()`, `__anext__()`, `athrow()` or `aclose()` under way.
#[repr(C)]
pub struct PyAsyncStep {
    pub h: Header,
    generator: Slot,
    /// What to send, or the tuple of what was given to `athrow` (empty: `aclose`).
    argument: Slot,
    state: Cell<u8>,
    kind: u8,
}

const SEND: u8 = 0;
const THROW: u8 = 1;
const CLOSE: u8 = 2;
const INIT: u8 = 0;
const ITERATING: u8 = 1;
const CLOSED: u8 = 2;

unsafe fn wrapped_size(_: *mut Header) -> usize {
    size_of::<PyWrapped>()
}

unsafe fn wrapped_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a wrapper.
    visit(unsafe { (*h.cast::<PyWrapped>()).inner.peek() });
}

unsafe fn wrapped_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a wrapper that nobody else reaches.
    unsafe { (*h.cast::<PyWrapped>()).inner.clear(m) };
}

pub static WRAPPED_OPS: TypeOps = TypeOps {
    name: "async_generator_wrapped_value",
    size: wrapped_size,
    trace: Some(wrapped_trace),
    drop_fields: Some(wrapped_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyWrapped {
    const OPS: &'static TypeOps = &WRAPPED_OPS;
}

unsafe fn step_size(_: *mut Header) -> usize {
    size_of::<PyAsyncStep>()
}

unsafe fn step_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a step.
    unsafe {
        let s = &*h.cast::<PyAsyncStep>();
        visit(s.generator.peek());
        visit(s.argument.peek());
    }
}

unsafe fn step_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a step that nobody else reaches.
    unsafe {
        let s = &*h.cast::<PyAsyncStep>();
        s.generator.clear(m);
        s.argument.clear(m);
    }
}

pub static STEP_OPS: TypeOps = TypeOps {
    name: "async_generator_asend",
    size: step_size,
    trace: Some(step_trace),
    drop_fields: Some(step_drop),
    needs_finalizer: step_needs_finalizer,
};

/// A step that was never awaited must be reported.
unsafe fn step_needs_finalizer(h: *mut Header) -> bool {
    // SAFETY: called with a step.
    unsafe { (*h.cast::<PyAsyncStep>()).state.get() == INIT }
}

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyAsyncStep {
    const OPS: &'static TypeOps = &STEP_OPS;
}

/// Wraps a value that an asynchronous generator yields, to tell it from what its awaits yield.
pub fn wrap(cx: &Cx, v: Obj) -> Obj {
    cx.alloc(Builtin::AsyncGenWrapped, |h| PyWrapped { h, inner: Slot::new(v) })
}

/// The iterator that `coroutine.__await__()` gives.
pub fn coroutine_wrapper(cx: &Cx, coroutine: Ref<'_>) -> Obj {
    let inner = Slot::new(coroutine.own(cx));
    cx.alloc(Builtin::CoroutineWrapper, |h| PyWrapped { h, inner })
}

fn new_step(cx: &Cx, generator: Ref<'_>, kind: u8, argument: Option<Obj>) -> Obj {
    let which = if kind == SEND { Builtin::AsyncGenSend } else { Builtin::AsyncGenThrow };
    cx.alloc(which, |h| PyAsyncStep {
        h,
        generator: Slot::new(generator.own(cx)),
        argument: argument.map_or_else(Slot::empty, Slot::new),
        state: Cell::new(INIT),
        kind,
    })
}

pub fn declare(cx: &Cx) {
    let wrapped = size_of::<PyWrapped>();
    let step = size_of::<PyAsyncStep>();
    for (which, name) in [
        (Builtin::AsyncGenWrapped, "async_generator_wrapped_value"),
        (Builtin::CoroutineWrapper, "coroutine_wrapper"),
    ] {
        TypeBuilder::declare(cx, which, name, &WRAPPED_OPS, wrapped, true);
    }
    for (which, name) in
        [(Builtin::AsyncGenSend, "async_generator_asend"), (Builtin::AsyncGenThrow, "async_generator_athrow")]
    {
        TypeBuilder::declare(cx, which, name, &STEP_OPS, step, true);
    }
}

/// Calls the first-iteration hook of `sys.set_asyncgen_hooks`, once, and keeps the finalizer hook.
fn call_hooks(cx: &mut Cx, generator: Ref<'_>) -> R<()> {
    let Some(g) = generator.downcast::<PyGenerator>(cx) else { return Ok(()) };
    if g.hooks_inited.replace(true) {
        return Ok(());
    }
    let [first, finalizer] = cx.thread_state.asyncgen_hooks.borrow().clone();
    if let Some(finalizer) = finalizer {
        g.extra.set(&g.h, cx, finalizer);
    }
    if let Some(first) = first {
        cx.call(first.r(), &[generator])?;
    }
    Ok(())
}

fn asend(cx: &mut Cx, a: Args<'_>) -> R {
    call_hooks(cx, a.get(0))?;
    let v = a.get(1).own(cx);
    Ok(new_step(cx, a.get(0), SEND, Some(v)))
}

fn anext(cx: &mut Cx, a: Args<'_>) -> R {
    next_step(cx, a.get(0))
}

/// `__anext__` of an asynchronous generator, which is its own iterator.
///
/// # Errors
/// What the hook of `sys.set_asyncgen_hooks` raises.
pub fn next_step(cx: &mut Cx, generator: Ref<'_>) -> R {
    call_hooks(cx, generator)?;
    let none = cx.none();
    Ok(new_step(cx, generator, SEND, Some(none)))
}

fn athrow(cx: &mut Cx, a: Args<'_>) -> R {
    generator::warn_of_three_arguments(cx, "athrow", a)?;
    call_hooks(cx, a.get(0))?;
    let given = [a.opt(1), a.opt(2), a.opt(3)];
    let given = given.into_iter().flatten().map(|v| v.own(cx)).collect();
    let given = cx.tuple(given);
    Ok(new_step(cx, a.get(0), THROW, Some(given)))
}

/// The exception that a step of `athrow` throws.
fn to_throw(cx: &mut Cx, step: &PyAsyncStep) -> R<Err> {
    let given = step.argument.take(&step.h, cx).unwrap_or_else(|| cx.none());
    let given = cx.collect(given.r())?;
    let optional = |i: usize| given.get(i).map(|v: &Obj| v.r()).filter(|v| !v.value().is_none());
    let kind = given.first().map_or(Ref::immediate(Value::NONE), |v| v.r());
    generator::thrown(cx, kind, optional(1), optional(2))
}

fn aclose(cx: &mut Cx, a: Args<'_>) -> R {
    call_hooks(cx, a.get(0))?;
    Ok(new_step(cx, a.get(0), CLOSE, None))
}

/// Adds the asynchronous protocol to the type of asynchronous generators.
pub fn add_methods(t: &mut TypeBuilder, cx: &mut Cx) {
    t.special(cx, Special::AIter, Full(|cx, a| Ok(a.get(0).own(cx))))
        .special(cx, Special::ANext, Full(anext))
        .method(cx, "asend", "($self, value, /)", Full(asend))
        .method(cx, "athrow", "($self, type, value=None, traceback=None, /)", Full(athrow))
        .method(cx, "aclose", "($self, /)", Full(aclose))
        .class_method(
            cx,
            "__class_getitem__",
            "($cls, object, /)",
            Full(crate::objects::generic_alias::class_getitem),
        );
}

/// What a step came to, as `__next__`, `send` and `throw` say it.
fn told(cx: &mut Cx, result: R<Outcome>) -> R {
    match result? {
        Outcome::Yielded(v) => Ok(v),
        Outcome::Returned(v) if v.value().is_none() => Err(cx.stop_iteration()),
        Outcome::Returned(v) => Err(stop_iteration_with(cx, v)),
    }
}

/// Ends a step: a wrapped value is the result of the await, anything else is passed on to the event loop.
fn unwrap(cx: &mut Cx, g: &PyGenerator, step: &PyAsyncStep, result: R<Outcome>) -> R<Outcome> {
    match result {
        Ok(Outcome::Yielded(v)) => match v.downcast::<PyWrapped>(cx) {
            Some(wrapped) if cx.is_exactly(v.r(), Builtin::AsyncGenWrapped) => {
                step.state.set(CLOSED);
                g.running_async.set(false);
                if step.kind == CLOSE {
                    return Err(cx.runtime_error("async generator ignored GeneratorExit"));
                }
                let inner = wrapped.inner.get(&wrapped.h, cx).unwrap_or_else(|| cx.none());
                Ok(Outcome::Returned(inner))
            }
            _ => Ok(Outcome::Yielded(v)),
        },
        Ok(Outcome::Returned(_)) => {
            step.state.set(CLOSED);
            g.running_async.set(false);
            g.closed.set(true);
            if step.kind == CLOSE {
                return Ok(Outcome::Returned(cx.none()));
            }
            Err(crate::err::Raised(new_exception(cx, Builtin::StopAsyncIteration, [])))
        }
        Err(err) => {
            step.state.set(CLOSED);
            g.running_async.set(false);
            let ended =
                cx.is_error(&err, Builtin::StopAsyncIteration) || cx.is_error(&err, Builtin::GeneratorExit);
            if step.kind == CLOSE && ended {
                return Ok(Outcome::Returned(cx.none()));
            }
            if ended {
                g.closed.set(true);
            }
            Err(err)
        }
    }
}

fn reuse_error(cx: &mut Cx, step: &PyAsyncStep) -> Err {
    let what = if step.kind == SEND { "__anext__()/asend()" } else { "aclose()/athrow()" };
    cx.runtime_error(format!("cannot reuse already awaited {what}"))
}

/// Makes a step the one that is under way, if there is no other.
fn begin(cx: &mut Cx, g: &PyGenerator, step: &PyAsyncStep) -> R<()> {
    if g.running_async.get() {
        step.state.set(CLOSED);
        let what = match step.kind {
            SEND => "anext()",
            THROW => "athrow()",
            _ => "aclose()",
        };
        return Err(cx.runtime_error(format!("{what}: asynchronous generator is already running")));
    }
    step.state.set(ITERATING);
    g.running_async.set(true);
    Ok(())
}

/// One step of a step: sends `v` to its generator, or what it was made with.
fn step_send(cx: &mut Cx, this: Ref<'_>, v: Obj) -> R<Outcome> {
    let gone = |cx: &Cx| Ok(Outcome::Returned(cx.none()));
    let Some(step) = this.downcast::<PyAsyncStep>(cx) else { return gone(cx) };
    let Some(owner) = step.generator.get(&step.h, cx) else { return gone(cx) };
    let Some(g) = owner.downcast::<PyGenerator>(cx) else { return gone(cx) };
    match step.state.get() {
        CLOSED => return Err(reuse_error(cx, step)),
        ITERATING => {
            let result = generator::send(cx, owner.r(), v);
            return unwrap(cx, g, step, result);
        }
        _ => {}
    }
    begin(cx, g, step)?;
    if step.kind != SEND && (g.closed.get() || g.state() == generator::state::FINISHED) {
        step.state.set(CLOSED);
        g.running_async.set(false);
        return match step.kind {
            CLOSE => gone(cx),
            _ => Err(cx.error_bare(Builtin::StopAsyncIteration)),
        };
    }
    let result = match step.kind {
        SEND => {
            let first = if v.value().is_none() { step.argument.take(&step.h, cx).unwrap_or(v) } else { v };
            generator::send(cx, owner.r(), first)
        }
        THROW => match to_throw(cx, step) {
            Ok(err) => generator::throw(cx, owner.r(), err),
            Err(err) => Err(err),
        },
        _ => {
            g.closed.set(true);
            let exit = cx.error_bare(Builtin::GeneratorExit);
            generator::throw(cx, owner.r(), exit)
        }
    };
    unwrap(cx, g, step, result)
}

fn step_throw(cx: &mut Cx, a: Args<'_>) -> R {
    let step = a.this::<PyAsyncStep>();
    if step.state.get() == CLOSED {
        return Err(reuse_error(cx, step));
    }
    let Some(owner) = step.generator.get(&step.h, cx) else { return Ok(cx.none()) };
    let Some(g) = owner.downcast::<PyGenerator>(cx) else { return Ok(cx.none()) };
    generator::warn_of_three_arguments(cx, "throw", a)?;
    if step.state.get() == INIT {
        begin(cx, g, step)?;
    }
    let result = match generator::thrown(cx, a.get(1), a.opt_not_none(2), a.opt_not_none(3)) {
        Ok(err) => generator::throw(cx, owner.r(), err),
        Err(err) => Err(err),
    };
    let result = unwrap(cx, g, step, result);
    told(cx, result)
}

/// The `RuntimeWarning` for a step that was dropped without having been awaited.
fn warn_never_awaited(cx: &mut Cx, a: Args<'_>) -> R {
    let step = a.this::<PyAsyncStep>();
    if step.state.get() != INIT {
        return Ok(cx.none());
    }
    let owner = step.generator.get(&step.h, cx).unwrap_or_else(|| cx.none());
    let Some(g) = owner.downcast::<PyGenerator>(cx) else { return Ok(cx.none()) };
    let method = match step.kind {
        SEND => "asend",
        THROW => "athrow",
        _ => "aclose",
    };
    let name = g.qualname(cx);
    let name = cx.repr_string(name.r())?;
    let message = format!("coroutine method '{method}' of {name} was never awaited");
    if let Err(err) = crate::traceback::warn(cx, Builtin::RuntimeWarning, &message) {
        crate::traceback::unraisable(cx, err, "Exception ignored while finalizing coroutine", a.get(0));
    }
    Ok(cx.none())
}

fn step_close(cx: &mut Cx, a: Args<'_>) -> R {
    let step = a.this::<PyAsyncStep>();
    if step.state.get() == CLOSED {
        return Ok(cx.none());
    }
    let exit = cx.error_bare(Builtin::GeneratorExit);
    let result = step_throw(cx, Args::of(&[a.get(0).own(cx), exit.0]));
    match result {
        Ok(_) => Err(cx.runtime_error("coroutine ignored GeneratorExit")),
        Err(err)
            if [Builtin::StopIteration, Builtin::StopAsyncIteration, Builtin::GeneratorExit]
                .iter()
                .any(|&c| cx.is_error(&err, c)) =>
        {
            Ok(cx.none())
        }
        Err(err) => Err(err),
    }
}

fn wrapper_step(cx: &mut Cx, a: Args<'_>, name: &str, args: &[Ref<'_>]) -> R {
    let w = a.this::<PyWrapped>();
    let inner = w.inner.get(&w.h, cx).unwrap_or_else(|| cx.none());
    cx.call_method(inner.r(), name, args)
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    TypeBuilder::new(cx, Builtin::AsyncGenWrapped, Some(Builtin::Object), flags);
    for which in [Builtin::AsyncGenSend, Builtin::AsyncGenThrow] {
        let mut t = TypeBuilder::new(cx, which, Some(Builtin::Object), flags);
        t.special(cx, Special::Await, Full(|cx, a| Ok(a.get(0).own(cx))))
            .special(cx, Special::Iter, Full(|cx, a| Ok(a.get(0).own(cx))))
            .special(
                cx,
                Special::Next,
                Full(|cx, a| {
                    let none = cx.none();
                    let result = step_send(cx, a.get(0), none);
                    told(cx, result)
                }),
            )
            .send_hook(step_send)
            .method(
                cx,
                "send",
                "($self, value, /)",
                Full(|cx, a| {
                    let v = a.get(1).own(cx);
                    let result = step_send(cx, a.get(0), v);
                    told(cx, result)
                }),
            )
            .method(cx, "throw", "($self, type, value=None, traceback=None, /)", Full(step_throw))
            .method(cx, "close", "($self, /)", Full(step_close))
            .special(cx, Special::Del, Full(warn_never_awaited));
    }
    let mut t = TypeBuilder::new(cx, Builtin::CoroutineWrapper, Some(Builtin::Object), flags);
    t.special(cx, Special::Iter, Full(|cx, a| Ok(a.get(0).own(cx))))
        .special(cx, Special::Next, Full(|cx, a| wrapper_step(cx, a, "send", &[Ref::immediate(Value::NONE)])))
        .method(cx, "send", "($self, value, /)", Full(|cx, a| wrapper_step(cx, a, "send", &[a.get(1)])))
        .method(
            cx,
            "throw",
            "($self, type, value=None, traceback=None, /)",
            Full(|cx, a| {
                let given: Vec<Ref<'_>> = [a.opt(1), a.opt(2), a.opt(3)].into_iter().flatten().collect();
                wrapper_step(cx, a, "throw", &given)
            }),
        )
        .method(cx, "close", "($self, /)", Full(|cx, a| wrapper_step(cx, a, "close", &[])));
}
