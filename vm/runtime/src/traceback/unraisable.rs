//! Exceptions that nobody can catch: those of finalizers, callbacks and the like. `sys.unraisablehook` is told of them;
//! by default they are printed.

use super::print::{class_text, format_entries};
use super::write_stderr;
use crate::interp::frame::Frame;
use crate::objects::exception::PyException;
use crate::objects::native::PyNative;
use crate::objects::tuple::PyTuple;
use crate::objects::{namespace, traceback};
use crate::prelude::*;
use crate::{Obj, SharedValue};

/// Reports an exception raised by something about `object` ("Exception ignored while finalizing file", ...).
pub fn unraisable(cx: &mut Cx, err: Err, what: &str, object: Ref<'_>) {
    let shown = cx.repr_string(object).unwrap_or_else(|_| "<object repr() failed>".into());
    unraisable_without_object(cx, err, &format!("{what} {shown}"));
}

/// Reports an exception with a text that says where it comes from.
pub fn unraisable_without_object(cx: &mut Cx, err: Err, what: &str) {
    add_place(cx, &err);
    let hook = cx.sys_dict().get_str(cx, cx.vm.names.unraisablehook.get());
    let Some(hook) = hook.filter(|hook| !is_default(cx, hook)) else {
        return write_default(cx, &err.0, Some(what), None);
    };
    let result = hook_args(cx, &err, what).and_then(|args| cx.call(hook.r(), &[args.r()]));
    if let Err(second) = result {
        write_default(cx, &second.0, Some("Exception ignored in sys.unraisablehook"), Some(hook.r()));
    }
}

/// An exception that has not come through any frame is shown at the one that runs.
fn add_place(cx: &mut Cx, err: &Err) {
    let known = err.exception().downcast::<PyException>(cx).and_then(|e| e.traceback.get(&e.h, cx));
    let (regs, ip) = cx.position();
    if known.is_none() && !regs.is_null() && !ip.is_null() {
        let frame = Frame(regs);
        let at = frame.code().offset_of(ip);
        // A frame that has just been returned to may not have said yet where it is.
        if frame.code().position(at).line > 0 {
            traceback::add_entry(cx, err, frame, at);
        }
    }
}

fn is_default(cx: &Cx, hook: &Obj) -> bool {
    hook.value().is_none() || hook.downcast::<PyNative>(cx).is_some_and(|n| n.def.name == "unraisablehook")
}

/// `sys.UnraisableHookArgs`, made when it is first asked for.
///
/// # Errors
/// What making a class raises.
pub fn unraisable_args_class(cx: &mut Cx) -> R {
    const KEY: &str = "sys.UnraisableHookArgs";
    let known = cx.vm.module_state.lock().unwrap_or_else(|p| p.into_inner()).get(KEY).copied();
    if let Some(known) = known {
        return Ok(known.get().own(cx));
    }
    let names = ["exc_type", "exc_value", "exc_traceback", "err_msg", "object"];
    let made = SharedValue::new(namespace::new_record_class(cx, "UnraisableHookArgs", &names)?);
    let mut state = cx.vm.module_state.lock().unwrap_or_else(|p| p.into_inner());
    Ok(state.entry(KEY).or_insert(made).get().own(cx))
}

fn hook_args(cx: &mut Cx, err: &Err, what: &str) -> R {
    let class = unraisable_args_class(cx)?;
    let exception = err.exception();
    let traceback = exception.downcast::<PyException>(cx).and_then(|e| e.traceback.get(&e.h, cx));
    let values = vec![
        cx.class_of(exception).as_ref().own(cx),
        exception.own(cx),
        traceback.unwrap_or_else(|| cx.none()),
        cx.str(what),
        cx.none(),
    ];
    namespace::record_of(cx, &class, values)
}

/// `sys.unraisablehook(unraisable)`.
///
/// # Errors
/// `TypeError` if the argument is none that the VM has made.
pub fn unraisable_hook(cx: &mut Cx, a: Args<'_>) -> R {
    let class = unraisable_args_class(cx)?;
    let is_args = cx.class_of(a.get(0)).as_ref().is(class.r());
    let items = a.get(0).downcast::<PyTuple>(cx).filter(|_| is_args).map(PyTuple::items);
    let Some(&[_, value, _, what, object]) = items else {
        return Err(cx.type_error("sys.unraisablehook argument type must be UnraisableHookArgs"));
    };
    let what = if what.value().is_none() { None } else { Some(cx.str_string(what)?) };
    let object = if object.value().is_none() { None } else { Some(object) };
    write_default(cx, &value.own(cx), what.as_deref(), object);
    Ok(cx.none())
}

/// Writes what happened, the traceback and the exception, without what it was chained to.
fn write_default(cx: &mut Cx, exception: &Obj, what: Option<&str>, object: Option<Ref<'_>>) {
    let mut text = match (what, object) {
        (what, Some(object)) => {
            let shown = cx.repr_string(object).unwrap_or_else(|_| "<object repr() failed>".into());
            format!("{}: {shown}\n", what.unwrap_or("Exception ignored in"))
        }
        (Some(what), None) => format!("{what}:\n"),
        (None, None) => String::new(),
    };
    if let Some(e) = exception.downcast::<PyException>(cx) {
        let traceback = e.traceback.get(&e.h, cx);
        text += &format_entries(cx, traceback);
    }
    let class = class_text(cx, exception.r());
    let own = cx.str_string(exception.r()).unwrap_or_else(|_| "<exception str() failed>".into());
    text += &if own.is_empty() { format!("{class}\n") } else { format!("{class}: {own}\n") };
    write_stderr(cx, &text);
}
