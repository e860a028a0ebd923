//! `sys`: the hooks that the VM calls to show values, exceptions and exceptions that cannot be raised, those of
//! asynchronous generators, and `breakpoint()`'s.

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::exception::PyException;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::{namespace, traceback};
use ungil_runtime::prelude::*;

const HOOKS: &[(&str, &str, NativeFn)] = &[
    ("excepthook", "($module, exctype, value, traceback, /)", Full(excepthook)),
    ("displayhook", "($module, object, /)", Full(displayhook)),
    ("unraisablehook", "($module, unraisable, /)", Full(ungil_runtime::traceback::unraisable_hook)),
    ("breakpointhook", "($module, /, *args, **kwargs)", Full(breakpointhook)),
];

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("get_asyncgen_hooks", "($module, /)", Full(get_asyncgen_hooks)),
    (
        "set_asyncgen_hooks",
        "($module, /, firstiter=<unrepresentable>, finalizer=<unrepresentable>)",
        Full(set_asyncgen_hooks),
    ),
    (
        "get_coroutine_origin_tracking_depth",
        "($module, /)",
        Full(|cx, _| Ok(cx.int(cx.thread_state.origin_depth.get() as i64))),
    ),
    ("set_coroutine_origin_tracking_depth", "($module, /, depth)", Full(set_origin_depth)),
];

/// Adds the hooks, each also under its name with two underscores around it.
///
/// # Errors
/// What making the class of records raises.
pub(super) fn add_to(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, HOOKS);
    add_functions(cx, module, FUNCTIONS);
    for (name, ..) in HOOKS {
        let hook = cx.get_attr_str(module.r(), name)?;
        add(cx, module, &format!("__{name}__"), hook);
    }
    Ok(())
}

fn excepthook(cx: &mut Cx, a: Args<'_>) -> R {
    let exception = a.get(1).own(cx);
    if let (Some(e), Some(t)) = (exception.downcast::<PyException>(cx), a.opt_not_none(2))
        && t.downcast::<traceback::PyTraceback>(cx).is_some()
    {
        e.traceback.set(&e.h, cx, t.own(cx));
    }
    ungil_runtime::traceback::display(cx, exception.r());
    Ok(cx.none())
}

fn displayhook(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(0).value().is_none() {
        return Ok(cx.none());
    }
    let text = cx.repr_string(a.get(0))? + "\n";
    let text = cx.str(&text);
    if let Some(stdout) = cx.sys_dict().get_str(cx, cx.vm.names.stdout.get()) {
        cx.call_method(stdout.r(), "write", &[text.r()])?;
    }
    let name = cx.vm.names.underscore.get();
    let value = a.get(0).own(cx);
    cx.builtins().set_str(cx, name, value);
    Ok(cx.none())
}

/// `breakpoint()`: calls what `PYTHONBREAKPOINT` names, `pdb.set_trace` by default.
fn breakpointhook(cx: &mut Cx, a: Args<'_>) -> R {
    let named = match cx.vm.config.ignore_environment {
        true => String::new(),
        false => std::env::var("PYTHONBREAKPOINT").unwrap_or_default(),
    };
    let target = match named.as_str() {
        "0" => return Ok(cx.none()),
        "" => "pdb.set_trace",
        name => name,
    };
    let (module, function) = target.rsplit_once('.').unwrap_or(("builtins", target));
    let found = import(cx, module).and_then(|module| cx.get_attr_str(module.r(), function));
    let Ok(hook) = found else {
        let message = format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{target}\"");
        ungil_runtime::traceback::warn(cx, Builtin::RuntimeWarning, &message)?;
        return Ok(cx.none());
    };
    ungil_runtime::objects::native::spread(cx, hook.r(), a.get(0), a.opt(1))
}

/// The module with a dotted name.
fn import(cx: &mut Cx, name: &str) -> R {
    let (builtins, text) = (cx.str("builtins"), cx.str(name));
    let builtins = cx.modules().get_str(cx, builtins.r()).unwrap_or_else(|| cx.none());
    cx.call_method(builtins.r(), "__import__", &[text.r()])?;
    match cx.modules().get(cx, text.r())? {
        Some(module) => Ok(module),
        None => Err(cx.error(Builtin::ModuleNotFoundError, &format!("No module named '{name}'"))),
    }
}

fn get_asyncgen_hooks(cx: &mut Cx, _: Args<'_>) -> R {
    let hooks = cx.thread_state.asyncgen_hooks.borrow().clone();
    let values = hooks.into_iter().map(|hook| hook.unwrap_or_else(|| cx.none())).collect();
    static CLASS: OnceLock<SharedValue> = OnceLock::new();
    let class = match CLASS.get() {
        Some(class) => class.get().own(cx),
        None => {
            let class = namespace::new_record_class(cx, "sys.asyncgen_hooks", &["firstiter", "finalizer"])?;
            CLASS.get_or_init(|| SharedValue::new(class.clone())).get().own(cx)
        }
    };
    namespace::record_of(cx, &class, values)
}

/// How many frames a new coroutine of this thread keeps as its `cr_origin`.
fn set_origin_depth(cx: &mut Cx, a: Args<'_>) -> R {
    let depth = crate::os::c_int(cx, a.get(0))?;
    let depth = usize::try_from(depth).map_err(|_| cx.value_error("depth must be >= 0"))?;
    cx.thread_state.origin_depth.set(depth);
    Ok(cx.none())
}

fn set_asyncgen_hooks(cx: &mut Cx, a: Args<'_>) -> R {
    for (i, what) in ["firstiter", "finalizer"].iter().enumerate() {
        if let Some(hook) = a.opt_not_none(i)
            && cx.class_of(hook).special(cx, Special::Call).is_none()
        {
            let got = cx.type_name(hook);
            return Err(cx.type_error(format!("callable {what} expected, got {got}")));
        }
    }
    for i in 0..2 {
        let Some(hook) = a.opt(i) else { continue };
        let hook = (!hook.value().is_none()).then(|| hook.own(cx));
        let old = std::mem::replace(&mut cx.thread_state.asyncgen_hooks.borrow_mut()[i], hook);
        drop(old);
    }
    Ok(cx.none())
}
