//! The type `_asyncio.Task`: what Python sees of tasks.

use super::future::PENDING;
use super::future_type::{finalize, report};
use super::python::{EAGER_START, NAME, NEW_CONTEXT, NEW_LOOP, PRINT_STACK, TASK_REPR, TASK_STACK};
use super::task::{PyTask, TASK_OPS};
use std::sync::OnceLock;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// As `future_type::may_have_del`, for tasks.
pub fn may_have_del(h: &Header) -> bool {
    CLASS.get().is_none_or(|class| class.root_shape().head.id != h.shape_id())
}

/// Whether a class is that of tasks itself.
pub fn is_class(class: &PyType) -> bool {
    CLASS.get().is_some_and(|own| std::ptr::eq(*own, class))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = ungil_runtime::objects::construct::class_argument(cx, a);
    cx.alloc_for::<PyTask>(class, PyTask::new)
}

/// `Task(coroutine, ...)`, without a tuple and a dict of the arguments.
fn make(cx: &mut Cx, class: &'static PyType, args: Args<'_>, names: Option<&PyTuple>) -> Option<R> {
    let names = names.map_or(&[][..], |names| names.items());
    if args.len() != names.len() + 1 {
        return None;
    }
    let known = [&NEW_LOOP, &NAME, &NEW_CONTEXT, &EAGER_START];
    let mut window = [Value::UNDEF; 6];
    window[1] = args.values()[0];
    for (name, &v) in names.iter().zip(&args.values()[1..]) {
        let i = known.iter().position(|known| known.get(cx).is(*name))?;
        window[2 + i] = v;
    }
    let made = match cx.alloc_for::<PyTask>(class, PyTask::new) {
        Ok(made) => made,
        Err(err) => return Some(Err(err)),
    };
    // SAFETY: made as a task just now.
    let result = unsafe { made.cast_unchecked::<PyTask>() }.init(cx, Args::new(&window));
    Some(result.map(|()| made))
}

fn init_object(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyTask>().init(cx, a)?;
    Ok(cx.none())
}

fn alive(cx: &mut Cx, a: Args<'_>) -> R<()> {
    match a.this::<PyTask>().future.event_loop.is_empty() {
        false => Ok(()),
        true => Err(cx.runtime_error("Future object is not initialized.")),
    }
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    alive(cx, a)?;
    TASK_REPR.call(cx, &[a.get(0)])
}

fn cancel(cx: &mut Cx, a: Args<'_>) -> R {
    let cancelled = a.this::<PyTask>().cancel(cx, a.opt(1))?;
    Ok(cx.bool(cancelled))
}

fn get_stack(cx: &mut Cx, a: Args<'_>) -> R {
    let limit = a.opt(1).map_or_else(|| cx.none(), |limit| limit.own(cx));
    TASK_STACK.call(cx, &[a.get(0), limit.r()])
}

fn print_stack(cx: &mut Cx, a: Args<'_>) -> R {
    let limit = a.opt(1).map_or_else(|| cx.none(), |limit| limit.own(cx));
    let file = a.opt(2).map_or_else(|| cx.none(), |file| file.own(cx));
    PRINT_STACK.call(cx, &[a.get(0), limit.r(), file.r()])
}

fn held(cx: &mut Cx, a: Args<'_>, slot: fn(&PyTask) -> &Slot) -> R {
    let this: &PyTask = a.this();
    Ok(this.held(cx, slot(this)).unwrap_or_else(|| cx.none()))
}

fn set_name(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyTask>().set_name(cx, a.get(1))?;
    Ok(cx.none())
}

fn set_reports_end(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt(1) else {
        let (class, name) = (cx.type_name(a.get(0)), cx.str("_log_destroy_pending"));
        let message = format!("attribute '_log_destroy_pending' of '{class}' objects cannot be deleted");
        return Err(cx.attribute_error(a.get(0), name.r(), &message));
    };
    let on = cx.truth(v)?;
    a.this::<PyTask>().reports_end.set(on.into());
    Ok(cx.none())
}

/// Reports a task that ends while it is pending, and an exception that nobody has looked at.
fn finalize_task(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyTask = a.this();
    if this.future.state.get() == PENDING && this.reports_end.get() != 0 {
        let message = cx.str("Task was destroyed but it is pending!");
        let what = [("task", a.get(0)), ("message", message.r())];
        if let Err(err) = report(cx, &this.future, &what) {
            ungil_runtime::traceback::unraisable(
                cx,
                err,
                "Exception ignored while finalizing task",
                a.get(0),
            );
        }
    }
    finalize(cx, a)
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    (
        "__init__",
        "($self, /, coro, *, loop=None, name=None, context=None, eager_start=False)",
        Full(init_object),
    ),
    ("cancel", "($self, /, msg=None)", Full(cancel)),
    (
        "set_result",
        "($self, result, /)",
        Full(|cx, _| Err(cx.runtime_error("Task does not support set_result operation"))),
    ),
    (
        "set_exception",
        "($self, exception, /)",
        Full(|cx, _| Err(cx.runtime_error("Task does not support set_exception operation"))),
    ),
    ("cancelling", "($self, /)", Full(|cx, a| Ok(cx.int(a.this::<PyTask>().cancels.get())))),
    (
        "uncancel",
        "($self, /)",
        Full(|cx, a| {
            let left = a.this::<PyTask>().uncancel(cx);
            Ok(cx.int(left))
        }),
    ),
    ("get_stack", "($self, /, *, limit=None)", Full(get_stack)),
    ("print_stack", "($self, /, *, limit=None, file=None)", Full(print_stack)),
    ("get_coro", "($self, /)", Full(|cx, a| held(cx, a, |task| &task.coroutine))),
    ("get_context", "($self, /)", Full(|cx, a| held(cx, a, |task| &task.context))),
    ("get_name", "($self, /)", Full(|cx, a| Ok(a.this::<PyTask>().name(cx)))),
    ("set_name", "($self, value, /)", Full(set_name)),
];

fn make_class(cx: &mut Cx) -> &'static PyType {
    let base = super::future_type::class(cx);
    let flags = class_flag::BASETYPE | class_flag::HAS_DICT | class_flag::HAS_WEAKREF | class_flag::IMMUTABLE;
    let size = size_of::<PyTask>();
    let mut t = TypeBuilder::native_derived(cx, "_asyncio.Task", base, &TASK_OPS, size, flags);
    t.doc(cx, "A coroutine that a loop runs; a future of its result.")
        .make(make)
        .text_signature("(coro, *, loop=None, name=None, context=None, eager_start=False)")
        .constructor(cx, "($type, *args, **kwargs)", Full(construct))
        .methods(cx, METHODS)
        .special(cx, Special::Repr, Full(repr))
        .special(cx, Special::Del, Full(finalize_task))
        .getset(
            cx,
            "_log_destroy_pending",
            Full(|cx, a| Ok(cx.bool(a.this::<PyTask>().reports_end.get() != 0))),
            Some(Full(set_reports_end)),
        )
        .getset(
            cx,
            "_must_cancel",
            Full(|cx, a| Ok(cx.bool(a.this::<PyTask>().must_cancel.get() != 0))),
            None,
        )
        .getset(cx, "_coro", Full(|cx, a| held(cx, a, |task| &task.coroutine)), None)
        .getset(cx, "_fut_waiter", Full(|cx, a| held(cx, a, |task| &task.waits_for)), None);
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
