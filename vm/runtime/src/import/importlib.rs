//! How the VM's own import and `importlib` work together.
//!
//! `importlib` is loaded when a program asks for it (or fills `sys.meta_path`); until then modules have no specs. From then
//! on each module that is loaded here gets one, and if the program has changed `sys.meta_path`, or a module is not found
//! here, `importlib` looks for it.

use super::load::import_module;
use crate::SharedValue;
use crate::objects::exception::PyException;
use crate::objects::list::PyList;
use crate::objects::traceback::{self, PyTraceback};
use crate::prelude::*;
use std::sync::OnceLock;

/// What `importlib` gives the VM.
#[derive(Debug)]
pub struct Importlib {
    /// `_bootstrap._find_and_load(name, import_)`.
    pub find_and_load: SharedValue,
    /// `_bootstrap._gcd_import(name)`.
    pub gcd_import: SharedValue,
    /// `(name, filename, search locations)` to the spec.
    pub spec_of: SharedValue,
    /// Takes a module that has no spec and gives it one.
    pub give_spec: SharedValue,
    /// The importers that `sys.meta_path` consists of unless it is changed.
    pub standard: Vec<SharedValue>,
}

static IMPORTLIB: OnceLock<Importlib> = OnceLock::new();

/// Tells the VM that `importlib` is there.
pub fn installed(importlib: Importlib) {
    // It is loaded once.
    let _ = IMPORTLIB.set(importlib);
}

fn meta_path(cx: &Cx) -> Vec<Obj> {
    let list = cx.sys_dict().get_str(cx, cx.vm.names.meta_path.get());
    list.and_then(|l| l.downcast::<PyList>(cx).map(|l| l.snapshot(cx))).unwrap_or_default()
}

/// Loads `importlib`, also for a program that has blocked it in `sys.modules`. `None` while it is being loaded.
fn load_importlib(cx: &mut Cx) -> R<Option<&'static Importlib>> {
    if IMPORTLIB.get().is_some() {
        return Ok(IMPORTLIB.get());
    }
    let names = ["_frozen_importlib", "_frozen_importlib_external"].map(|name| cx.str(name));
    let blocked =
        |cx: &Cx, name: &Obj| cx.modules().get_str(cx, name.r()).is_some_and(|m| m.value().is_none());
    let blocked: Vec<&Obj> = names.iter().filter(|name| blocked(cx, name)).collect();
    for name in &blocked {
        drop(cx.modules().remove_str(cx, name.r()));
    }
    let loaded = import_module(cx, "_frozen_importlib");
    for name in blocked {
        let none = cx.none();
        cx.modules().set(cx, name.clone(), none)?;
    }
    loaded.map(|_| IMPORTLIB.get())
}

/// Loads the module through `importlib` if the program has changed `sys.meta_path`.
///
/// # Errors
/// What finding and loading raises.
pub fn load_through_meta_path(cx: &mut Cx, name: &str) -> R<Option<Obj>> {
    let finders = meta_path(cx);
    let Some(importlib) = IMPORTLIB.get() else {
        if finders.is_empty() || name.starts_with("_frozen_importlib") {
            return Ok(None);
        }
        load_importlib(cx)?;
        return load_through_meta_path(cx, name);
    };
    let same = finders.len() == importlib.standard.len()
        && finders.iter().zip(&importlib.standard).all(|(a, b)| a.r().is(b.get()));
    if same { Ok(None) } else { delegate(cx, importlib, name).map(Some) }
}

/// Looks for a module that is in no folder of `sys.path`, or behind an entry that is none: path hooks may know it. `None` if
/// nobody does. Without `needed`, only if `importlib` is there.
///
/// # Errors
/// What finding and loading raises but `ModuleNotFoundError` about this module.
pub fn load_through_hooks(cx: &mut Cx, name: &str, needed: bool) -> R<Option<Obj>> {
    if needed && !name.starts_with("_frozen_importlib") {
        load_importlib(cx)?;
    }
    let Some(importlib) = IMPORTLIB.get() else { return Ok(None) };
    match delegate(cx, importlib, name) {
        Err(err)
            if cx.is_error(&err, Builtin::ModuleNotFoundError)
                && super::names::missing_name(cx, &err) == name =>
        {
            Ok(None)
        }
        result => result.map(Some),
    }
}

fn delegate(cx: &mut Cx, importlib: &Importlib, name: &str) -> R {
    let name = cx.str(name);
    let result = cx.call(importlib.find_and_load.get(), &[name.r(), importlib.gcd_import.get()]);
    result.inspect_err(|err| hide_importlib(cx, err))
}

/// Takes `importlib`'s own entries out of the traceback of an exception that came through it: all of them if a module was not
/// found, else those that end in `_call_with_frames_removed`, which runs the module's code (CPython's `import.c`).
fn hide_importlib(cx: &Cx, err: &Err) {
    let Some(e) = err.exception().downcast::<PyException>(cx).filter(|_| cx.vm.config.verbose == 0) else {
        return;
    };
    let always = cx.is_error(err, Builtin::ImportError);
    let all = traceback::entries(cx, e.traceback.get(&e.h, cx));
    let mut kept: Vec<&Obj> = Vec::new();
    let mut hidden = 0;
    for entry in &all {
        let Some(t) = entry.downcast::<PyTraceback>(cx) else { return };
        let code = t.frame().code();
        let own =
            matches!(code.file(), "<frozen importlib._bootstrap>" | "<frozen importlib._bootstrap_external>");
        if !own {
            hidden = 0;
        } else if always || code.head.name == "_call_with_frames_removed" {
            kept.truncate(kept.len() - hidden);
            hidden = 0;
            continue;
        } else {
            hidden += 1;
        }
        kept.push(entry);
    }
    traceback::relink(cx, e, &kept);
}

/// Gives a new module its `__spec__` and `__loader__`, if `importlib` is there.
///
/// # Errors
/// What making the spec raises.
pub fn add_spec(
    cx: &mut Cx,
    module: &Obj,
    name: &str,
    filename: &str,
    search: Option<&[String]>,
) -> R<Option<Obj>> {
    let Some(importlib) = IMPORTLIB.get() else { return Ok(None) };
    let (name, filename) = (cx.str(name), cx.str(filename));
    let search = match search {
        Some(search) => {
            let items = search.iter().map(|s| cx.str(s)).collect();
            cx.list(items)
        }
        None => cx.none(),
    };
    let spec = cx.call(importlib.spec_of.get(), &[name.r(), filename.r(), search.r()])?;
    let loader = cx.get_attr_str(spec.r(), "loader")?;
    cx.set_attr(module.r(), cx.vm.names.loader.get(), loader)?;
    cx.set_attr(module.r(), cx.vm.names.spec.get(), spec.clone())?;
    set_initializing(cx, &spec, true)?;
    Ok(Some(spec))
}

/// Gives a module its `__spec__` and `__loader__` late: most are never asked for them, nor need `importlib`.
///
/// # Errors
/// What loading `importlib` or making the spec raises.
pub fn give_spec(cx: &mut Cx, module: Ref<'_>) -> R<()> {
    match load_importlib(cx)? {
        Some(importlib) => cx.call(importlib.give_spec.get(), &[module]).map(drop),
        None => Ok(()),
    }
}

/// Notes in a spec whether its module is being loaded.
///
/// # Errors
/// What setting the attribute raises.
pub fn set_initializing(cx: &mut Cx, spec: &Obj, on: bool) -> R<()> {
    let key = crate::objects::str::intern(cx, "_initializing");
    let value = cx.bool(on);
    cx.set_attr(spec.r(), key.get(), value)
}
