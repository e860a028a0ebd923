//! The current context: the value of a context variable, which each thread remembers until one of its variables changes.

use super::context::{self, NAMES, PyContext, set_attributes};
use super::state;
use crate::contextvars;
use std::sync::OnceLock;
use ungil_runtime::objects::sync::slot_ops;
use ungil_runtime::prelude::*;

/// The payload of an object that is known to be a context.
#[inline(always)]
pub fn view(context: &Obj) -> &PyContext {
    // SAFETY: callers have contexts only: `current` and `context_argument` check what they give.
    unsafe { context.cast_unchecked() }
}

/// The thread's current context, made if there is none yet.
#[inline(always)]
pub fn current(cx: &mut Cx) -> R {
    let version = cx.thread_state.context_version.get();
    if let Some((known, context)) = &*cx.thread_state.decimal_context.borrow()
        && *known == version
    {
        return Ok(context.r().own(cx));
    }
    find(cx)
}

#[cold]
#[inline(never)]
fn find(cx: &mut Cx) -> R {
    let variable = state().variable.get();
    let found = match contextvars::value(cx, variable)? {
        Some(found) => found,
        None => {
            let settings = view_of(cx, state().templates[0].get())?.all();
            let made = context::new_context(cx, &context::Settings { flags: 0, ..settings })?;
            contextvars::set_value(cx, variable, made.clone())?;
            made
        }
    };
    view_of(cx, found.r())?;
    let version = cx.thread_state.context_version.get();
    let old = cx.thread_state.decimal_context.replace(Some((version, found.clone())));
    drop(old);
    Ok(found)
}

fn view_of<'a>(cx: &mut Cx, v: Ref<'a>) -> R<&'a PyContext> {
    match v.downcast::<PyContext>(cx) {
        Some(context) => Ok(context),
        None => Err(cx.type_error("argument must be a context")),
    }
}

/// Makes a context current; of the module's own contexts a copy.
fn set_current(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    let given = view_of(cx, v)?;
    let context = match state().templates.iter().any(|template| template.get().is(v)) {
        true => context::new_context(cx, &context::Settings { flags: 0, ..given.all() })?,
        false => v.own(cx),
    };
    contextvars::set_value(cx, state().variable.get(), context)?;
    // The one before may end.
    let known = cx.thread_state.decimal_context.take();
    drop(known);
    Ok(())
}

/// What `localcontext` gives.
#[repr(C)]
struct PyManager {
    h: Header,
    /// The context of the `with` block.
    local: Slot,
    /// The one before.
    outer: Slot,
}

slot_ops!(MANAGER_OPS, PyManager, "decimal.ContextManager", local, outer);

static MANAGER: OnceLock<&'static PyType> = OnceLock::new();

fn manager_class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = MANAGER.get() {
        return class;
    }
    let (name, size, flags) =
        ("decimal.ContextManager", size_of::<PyManager>(), class_flag::DISALLOW_INSTANTIATION);
    let mut t = TypeBuilder::native_type(cx, name, &MANAGER_OPS, size, true, flags);
    t.method(
        cx,
        "__enter__",
        "($self, /)",
        Full(|cx, a| {
            let this = a.this::<PyManager>();
            let local = this.local.get(&this.h, cx).unwrap_or_else(|| cx.none());
            set_current(cx, local.r())?;
            Ok(local)
        }),
    );
    t.method(
        cx,
        "__exit__",
        "($self, /, *args)",
        Full(|cx, a| {
            let this = a.this::<PyManager>();
            let outer = this.outer.get(&this.h, cx).unwrap_or_else(|| cx.none());
            set_current(cx, outer.r())?;
            Ok(cx.none())
        }),
    );
    MANAGER.get_or_init(|| t.class())
}

/// `localcontext(ctx, **settings)`.
fn local_context(cx: &mut Cx, a: Args<'_>) -> R {
    let outer = current(cx)?;
    let given = match a.opt_not_none(0) {
        None => outer.clone(),
        Some(v) if v.downcast::<PyContext>(cx).is_some() => v.own(cx),
        Some(_) => return Err(cx.type_error("optional argument must be a context")),
    };
    let settings = view(&given).all();
    let local = context::new_context(cx, &settings)?;
    let given = a.varkw(cx, 1).map(|given| given.items(cx)).unwrap_or_default();
    let mut values = [None; NAMES.len()];
    for (name, value) in &given {
        let name = cx.text_of(name.r());
        match NAMES.iter().position(|known| *known == name) {
            Some(i) => values[i] = Some(value.r()).filter(|v| !v.value().is_none()),
            None => {
                let message = format!("this function got an unexpected keyword argument '{name}'");
                return Err(cx.type_error(message));
            }
        }
    }
    set_attributes(cx, view(&local), &values)?;
    let class = manager_class(cx);
    cx.alloc_for(class, |h| PyManager { h, local: Slot::new(local), outer: Slot::new(outer) })
}

pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("getcontext", "($module, /)", Full(|cx, _| current(cx))),
    (
        "setcontext",
        "($module, context, /)",
        Full(|cx, a| {
            set_current(cx, a.get(0))?;
            Ok(cx.none())
        }),
    ),
    ("localcontext", "($module, /, ctx=None, **kwargs)", Full(local_context)),
];
