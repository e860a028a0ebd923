//! Interactive use: `sys._baserepl`, and the choice between it and the library's `_pyrepl`.

use ungil_runtime::import;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::prelude::*;

const SOURCE: &str = include_str!("repl.py");

fn main_module(cx: &mut Cx) -> Obj {
    let key = cx.str("__main__");
    cx.modules().get_str(cx, key.r()).unwrap_or_else(|| cx.none())
}

/// `sys._baserepl()`: runs what is read from standard input in `__main__`, statement by statement.
///
/// # Errors
/// `SystemExit`, and what reading and writing raises.
pub fn base(cx: &mut Cx, _: Args<'_>) -> R {
    let namespace = PyDict::new(cx);
    let name = cx.str("__name__");
    let text = cx.str("_baserepl");
    cx.set_item(namespace.r(), name.r(), text.r())?;
    import::run_source(cx, SOURCE.as_bytes(), "<frozen sys._baserepl>", namespace.clone())?;
    let key = cx.str("run");
    let run = cx.get_item(namespace.r(), key.r())?;
    let main = main_module(cx);
    let globals = cx.get_attr_str(main.r(), "__dict__")?;
    cx.call(run.r(), &[globals.r()])
}

/// Interactive use of `__main__`: with editing of lines if standard input is a terminal, unless `plain`.
///
/// # Errors
/// `SystemExit`, and what reading and writing raises.
pub fn interact(cx: &mut Cx, plain: bool) -> R<()> {
    if plain {
        let method = cx.str("_baserepl");
        let repl = cx.sys_dict().get_str(cx, method.r()).unwrap_or_else(|| cx.none());
        return cx.call(repl.r(), &[]).map(drop);
    }
    let module = import::import_module(cx, "_pyrepl.main")?;
    let main = main_module(cx);
    cx.call_method(module.r(), "interactive_console", &[main.r()]).map(drop)
}
