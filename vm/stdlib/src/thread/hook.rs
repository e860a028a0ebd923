//! `_thread._excepthook`: what `threading` does with an exception that ends a thread.

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::namespace;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// The class of the argument.
static ARGS: OnceLock<SharedValue> = OnceLock::new();

/// `_excepthook(args)`: prints the exception to `sys.stderr`, or to the thread's own idea of it.
pub(super) fn excepthook(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0)).as_ref();
    let fields = match ARGS.get() {
        Some(want) if want.get().is(class) => a.get(0).downcast::<PyTuple>(cx).map(|t| t.items()),
        _ => None,
    };
    let Some(&[exc_type, exc_value, _traceback, thread]) = fields else {
        return Err(cx.type_error("_thread.excepthook argument type must be ExceptHookArgs"));
    };
    if exc_type.is(cx.builtin(Builtin::SystemExit).as_ref()) {
        return Ok(cx.none());
    }
    let key = cx.str("stderr");
    let mut file = cx.sys_dict().get_str(cx, key.r()).filter(|f| !f.value().is_none());
    if file.is_none() && !thread.value().is_none() {
        let name = cx.str("_stderr");
        file = cx.get_attr_opt(thread, name.r())?.filter(|f| !f.value().is_none());
    }
    let Some(file) = file else { return Ok(cx.none()) };
    let name = cx.str("_name");
    let name = if thread.value().is_none() { None } else { cx.get_attr_opt(thread, name.r())? };
    let name = match name {
        Some(name) => cx.str_string(name.r())?,
        None => super::ident().to_string(),
    };
    let mut text = format!("Exception in thread {name}:\n");
    if !exc_value.value().is_none() {
        let value = exc_value.own(cx);
        text.push_str(&ungil_runtime::traceback::format_value(cx, value));
    }
    let text = cx.str(&text);
    cx.call_method(file.r(), "write", &[text.r()])?;
    cx.call_method(file.r(), "flush", &[])?;
    Ok(cx.none())
}

/// Makes the class of the argument.
///
/// # Errors
/// What making a class raises.
pub(super) fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let fields = [
        ("exc_type", "Exception type"),
        ("exc_value", "Exception value"),
        ("exc_traceback", "Exception traceback"),
        ("thread", "Thread"),
    ];
    let doc = "What threading.excepthook() is called with.";
    let class = namespace::new_class(cx, namespace::Record::new("_thread._ExceptHookArgs", doc, &fields))?;
    ARGS.get_or_init(|| SharedValue::new(class.clone()));
    add(cx, module, "_ExceptHookArgs", class);
    Ok(())
}
