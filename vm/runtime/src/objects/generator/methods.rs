//! What Python sees of generators and coroutines.

use super::{GENERATOR_OPS, Outcome, PyGenerator, claim, close, send, state, throw};
use crate::interp::frame::{Frame, Frames};
use crate::objects::exception::stop_iteration_with;
use crate::objects::frame;
use crate::objects::str::intern;
use crate::prelude::*;
use ungil_locks::primitive::Ordering;

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Generator, "generator", &GENERATOR_OPS, 0, true);
    TypeBuilder::declare(cx, Builtin::Coroutine, "coroutine", &GENERATOR_OPS, 0, true);
    TypeBuilder::declare(cx, Builtin::AsyncGen, "async_generator", &GENERATOR_OPS, 0, true);
}

/// A result as `send` and `__next__` give it.
fn deliver(cx: &mut Cx, outcome: Outcome) -> R {
    match outcome {
        Outcome::Yielded(v) => Ok(v),
        Outcome::Returned(v) => Err(stop_iteration_with(cx, v)),
    }
}

/// As [`gen_next`], without an exception at the end.
fn next_item(cx: &mut Cx, generator: Ref<'_>) -> R<Option<Obj>> {
    let none = Obj::immediate(Value::NONE);
    match send(cx, generator, none)? {
        Outcome::Yielded(v) => Ok(Some(v)),
        Outcome::Returned(_) => Ok(None),
    }
}

fn gen_next(cx: &mut Cx, a: Args<'_>) -> R {
    let none = cx.none();
    let outcome = send(cx, a.get(0), none)?;
    deliver(cx, outcome)
}

fn gen_send(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(1).own(cx);
    let outcome = send(cx, a.get(0), v)?;
    deliver(cx, outcome)
}

/// A new exception of a class.
fn made(cx: &mut Cx, kind: Ref<'_>, value: Option<Ref<'_>>) -> R {
    let exception = match value {
        None => cx.call(kind, &[])?,
        Some(v) if cx.is_exactly(v, Builtin::Tuple) => {
            let items = cx.collect(v)?;
            let items: Vec<Ref<'_>> = items.iter().map(|i| i.r()).collect();
            cx.call(kind, &items)?
        }
        Some(v) => cx.call(kind, &[v])?,
    };
    if cx.is_instance_of(exception.r(), Builtin::BaseException) {
        return Ok(exception);
    }
    let (class, got) = (cx.repr_string(kind)?, cx.type_name(exception.r()));
    Err(cx
        .type_error(format!("calling {class} should have returned an instance of BaseException, not {got}")))
}

/// The exception that `throw(type, value, traceback)` means.
pub fn thrown(cx: &mut Cx, kind: Ref<'_>, value: Option<Ref<'_>>, traceback: Option<Ref<'_>>) -> R<Err> {
    if let Some(t) = traceback
        && !cx.is_instance_of(t, Builtin::Traceback)
    {
        return Err(cx.type_error("throw() third argument must be a traceback object"));
    }
    let exception = if cx.is_instance_of(kind, Builtin::BaseException) {
        if value.is_some() {
            return Err(cx.type_error("instance exception may not have a separate value"));
        }
        kind.own(cx)
    } else {
        let base = cx.builtin(Builtin::BaseException);
        if !PyType::from_ref(kind, cx).is_some_and(|c| c.is_subclass(base, cx)) {
            let name = cx.type_name(kind);
            return Err(cx.type_error(format!(
                "exceptions must be classes or instances deriving from BaseException, not {name}"
            )));
        }
        match value {
            Some(v) if cx.is_instance(v, kind)? => v.own(cx),
            // What goes wrong while the exception is made is thrown in its place.
            value => match made(cx, kind, value) {
                Ok(exception) => exception,
                Err(err) => err.0,
            },
        }
    };
    if let (Some(t), Some(e)) = (traceback, exception.downcast::<crate::objects::exception::PyException>(cx))
    {
        e.traceback.set(&e.h, cx, t.own(cx));
    }
    Ok(crate::err::Raised(exception))
}

/// The `DeprecationWarning` for `throw(type, value, traceback)`.
///
/// # Errors
/// The warning, where warnings are errors.
pub fn warn_of_three_arguments(cx: &mut Cx, method: &str, a: Args<'_>) -> R<()> {
    if a.opt(2).is_none() && a.opt(3).is_none() {
        return Ok(());
    }
    let message = format!(
        "the (type, exc, tb) signature of {method}() is deprecated, use the single-arg signature instead."
    );
    crate::traceback::warn(cx, Builtin::DeprecationWarning, &message)
}

fn gen_throw(cx: &mut Cx, a: Args<'_>) -> R {
    warn_of_three_arguments(cx, "throw", a)?;
    let err = thrown(cx, a.get(1), a.opt_not_none(2), a.opt_not_none(3))?;
    let outcome = throw(cx, a.get(0), err)?;
    deliver(cx, outcome)
}

fn gen_close(cx: &mut Cx, a: Args<'_>) -> R {
    close(cx, a.get(0))
}

fn gen_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let g = a.this::<PyGenerator>();
    let kind = match cx.class_of(a.get(0)).name() {
        name if name == "async_generator" => "async_generator".to_string(),
        name => name,
    };
    let name = cx.text_of(g.qualname(cx).r());
    Ok(cx.str(&format!("<{kind} object {name} at {:#x}>", a.get(0).value().0)))
}

fn get_name(cx: &mut Cx, a: Args<'_>) -> R {
    let g = a.this::<PyGenerator>();
    Ok(g.name(cx))
}

fn get_qualname(cx: &mut Cx, a: Args<'_>) -> R {
    let g = a.this::<PyGenerator>();
    Ok(g.qualname(cx))
}

fn set_text(cx: &mut Cx, a: Args<'_>, slot: &Slot, what: &str) -> R {
    let g = a.this::<PyGenerator>();
    match a.opt(1).filter(|v| cx.is_instance_of(*v, Builtin::Str)) {
        Some(v) => slot.set(&g.h, cx, v.own(cx)),
        None => return Err(cx.type_error(format!("{what} must be set to a string object"))),
    }
    Ok(cx.none())
}

fn set_name(cx: &mut Cx, a: Args<'_>) -> R {
    set_text(cx, a, &a.this::<PyGenerator>().name, "__name__")
}

fn set_qualname(cx: &mut Cx, a: Args<'_>) -> R {
    set_text(cx, a, &a.this::<PyGenerator>().qualname, "__qualname__")
}

fn get_running(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.this::<PyGenerator>().is_running()))
}

fn get_suspended(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.this::<PyGenerator>().state() == state::SUSPENDED))
}

fn get_yield_from(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(a.this::<PyGenerator>().delegating_to(cx).unwrap_or_else(|| cx.none()))
}

fn get_code(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(ref_of(a.this::<PyGenerator>().code()).own(cx))
}

fn get_frame(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyGenerator>().state() {
        state::FINISHED => Ok(cx.none()),
        _ => frame_object(cx, a.get(0)),
    }
}

/// The frame object of a generator.
///
/// # Errors
/// None at present; making one may come to need memory that there is not.
pub fn frame_object(cx: &mut Cx, generator: Ref<'_>) -> R {
    let Some(g) = generator.downcast::<PyGenerator>(cx) else { return Ok(cx.none()) };
    if let Some(known) = g.frame.get(&g.h, cx) {
        return Ok(known);
    }
    if g.is_running() {
        for (frame, _) in crate::interp::frame::Frames::from(cx.regs.get(), cx.ip.get()) {
            // SAFETY: a generator's frame has its generator below its header.
            let owner = unsafe { *frame.0.sub(5) };
            if frame.kind() & crate::interp::frame::GENERATOR != 0 && owner == generator.value() {
                return Ok(frame::of(cx, frame));
            }
        }
    }
    // Nobody may resume it while its locals move.
    let before = claim(cx, g).ok();
    let made = frame::for_generator(cx, g, before);
    g.frame.set(&g.h, cx, made.clone());
    if let Some(before) = before {
        // ORD: release: the next to resume sees where the locals are.
        g.state.store(before, Ordering::Release);
    }
    Ok(made)
}

/// Calls the finalizer hook of an asynchronous generator; false if it has none.
pub fn call_finalizer_hook(cx: &mut Cx, generator: Ref<'_>) -> bool {
    let Some(g) = generator.downcast::<PyGenerator>(cx) else { return false };
    let Some(hook) = g.extra.take(&g.h, cx).filter(|hook| !hook.value().is_none()) else { return false };
    if let Err(err) = cx.call(hook.r(), &[generator]) {
        crate::traceback::unraisable(
            cx,
            err,
            "Exception ignored while finalizing asynchronous generator",
            generator,
        );
    }
    true
}

/// The `RuntimeWarning` for a coroutine that was dropped without having run.
pub fn warn_never_awaited(cx: &mut Cx, coroutine: Ref<'_>) {
    let Some(g) = coroutine.downcast::<PyGenerator>(cx) else { return };
    let complain = |cx: &mut Cx, err| {
        crate::traceback::unraisable(cx, err, "Exception ignored while finalizing coroutine", coroutine);
    };
    match warn_by_module(cx, g, coroutine) {
        Ok(true) => return,
        Ok(false) => {}
        Err(err) => {
            let was_warning = cx.is_error(&err, Builtin::RuntimeWarning);
            complain(cx, err);
            if was_warning {
                return;
            }
        }
    }
    let name = cx.text_of(g.qualname(cx).r());
    let message = format!("coroutine '{name}' was never awaited");
    if let Err(err) = crate::traceback::warn(cx, Builtin::RuntimeWarning, &message) {
        complain(cx, err);
    }
}

/// `warnings._warn_unawaited_coroutine`, which also tells where the coroutine was made; false if there is none.
fn warn_by_module(cx: &mut Cx, g: &PyGenerator, coroutine: Ref<'_>) -> R<bool> {
    let module = match cx.modules().get_str(cx, intern(cx, "warnings").get()) {
        Some(module) => module,
        // Only where there is something to tell that this VM's own warning does not.
        None if !g.extra.is_empty() => crate::import::import_module(cx, "warnings")?,
        None => return Ok(false),
    };
    let name = intern(cx, "_warn_unawaited_coroutine");
    let Some(warn) = cx.get_attr_opt(module.r(), name.get())? else { return Ok(false) };
    cx.call(warn.r(), &[coroutine]).map(|_| true)
}

/// Where a coroutine is made: file, line and function of the frames around it, `sys.set_coroutine_origin_tracking_depth`
/// at most, innermost first.
pub(super) fn origin(cx: &Cx, own: Frame) -> Obj {
    let frames = Frames::from(own.caller(), own.call_ip()).take(cx.thread_state.origin_depth.get());
    let entries = frames
        .map(|(frame, ip)| {
            let code = frame.code();
            let line = code.position(code.offset_of(ip)).line;
            cx.tuple(vec![cx.str(code.file()), cx.int(i64::from(line)), cx.str(code.head.name)])
        })
        .collect();
    cx.tuple(entries)
}

fn get_origin(cx: &mut Cx, a: Args<'_>) -> R {
    let g = a.this::<PyGenerator>();
    Ok(g.extra.get(&g.h, cx).unwrap_or_else(|| cx.none()))
}

fn add_common(t: &mut TypeBuilder, cx: &mut Cx, names: [&'static str; 5]) {
    let [running, suspended, delegating, code, frame] = names;
    t.getset(cx, "__name__", Full(get_name), Some(Full(set_name)))
        .getset(cx, "__qualname__", Full(get_qualname), Some(Full(set_qualname)))
        .getset(cx, running, Full(get_running), None)
        .getset(cx, suspended, Full(get_suspended), None)
        .getset(cx, delegating, Full(get_yield_from), None)
        .getset(cx, code, Full(get_code), None)
        .getset(cx, frame, Full(get_frame), None)
        .special(cx, Special::Repr, Full(gen_repr));
}

fn add_protocol(t: &mut TypeBuilder, cx: &mut Cx) {
    t.method(cx, "send", "($self, value, /)", Full(gen_send))
        .method(cx, "throw", "($self, type, value=None, traceback=None, /)", Full(gen_throw))
        .method(cx, "close", "($self, /)", Full(gen_close));
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION | class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::new(cx, Builtin::Generator, Some(Builtin::Object), flags);
    add_common(&mut t, cx, ["gi_running", "gi_suspended", "gi_yieldfrom", "gi_code", "gi_frame"]);
    add_protocol(&mut t, cx);
    t.special(cx, Special::Iter, Full(|cx, a| Ok(a.get(0).own(cx))))
        .special(cx, Special::Next, Full(gen_next))
        .next_hook(next_item)
        .class_method(
            cx,
            "__class_getitem__",
            "($cls, object, /)",
            Full(crate::objects::generic_alias::class_getitem),
        );
    let mut t = TypeBuilder::new(cx, Builtin::Coroutine, Some(Builtin::Object), flags);
    add_common(&mut t, cx, ["cr_running", "cr_suspended", "cr_await", "cr_code", "cr_frame"]);
    add_protocol(&mut t, cx);
    t.getset(cx, "cr_origin", Full(get_origin), None)
        .special(
            cx,
            Special::Await,
            Full(|cx, a| Ok(crate::objects::async_gen::coroutine_wrapper(cx, a.get(0)))),
        )
        .class_method(
            cx,
            "__class_getitem__",
            "($cls, object, /)",
            Full(crate::objects::generic_alias::class_getitem),
        );
    let mut t = TypeBuilder::new(cx, Builtin::AsyncGen, Some(Builtin::Object), flags);
    add_common(&mut t, cx, ["ag_running", "ag_suspended", "ag_await", "ag_code", "ag_frame"]);
    crate::objects::async_gen::add_methods(&mut t, cx);
}
