//! What the `import` statements do with modules.

use super::load::import_module;
use super::shadow::Shadowing;
use crate::objects::dict::PyDict;
use crate::objects::exception::PyException;
use crate::objects::module::PyModule;
use crate::objects::str::PyStr;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// Whether `__import__` is the one that the VM provides: then statements need not call it.
pub fn is_standard(cx: &Cx, import: Ref<'_>) -> bool {
    cx.vm.standard_import.get().is_some_and(|own| own.get().is(import))
}

/// The absolute name that a relative import means.
fn absolute_name(cx: &mut Cx, name: &str, globals: Ref<'_>, level: usize) -> R<String> {
    if level == 0 {
        return Ok(name.to_string());
    }
    let text = |cx: &Cx, key: Ref<'_>| -> Option<Obj> { globals.downcast::<PyDict>(cx)?.get_str(cx, key) };
    let package = match text(cx, cx.vm.names.package.get()).filter(|p| !p.value().is_none()) {
        Some(package) => cx.text_of(package.r()),
        None => {
            let spec = text(cx, cx.vm.names.spec.get()).filter(|spec| !spec.value().is_none());
            if let Some(spec) = spec {
                let parent = cx.get_attr_str(spec.r(), "parent")?;
                return relative_to(cx, &cx.text_of(parent.r()), name, level);
            }
            let doubt =
                "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__";
            crate::traceback::warn(cx, Builtin::ImportWarning, doubt)?;
            let module = text(cx, cx.vm.names.name.get()).map(|n| cx.text_of(n.r())).unwrap_or_default();
            match text(cx, cx.vm.names.path.get()) {
                Some(_) => module,
                None => module.rsplit_once('.').map(|(p, _)| p.to_string()).unwrap_or_default(),
            }
        }
    };
    relative_to(cx, &package, name, level)
}

/// The absolute name of a module that is `level` packages up from the inside of a package.
fn relative_to(cx: &mut Cx, package: &str, name: &str, level: usize) -> R<String> {
    if package.is_empty() {
        return Err(cx.error(Builtin::ImportError, "attempted relative import with no known parent package"));
    }
    let mut base = package;
    for _ in 1..level {
        match base.rsplit_once('.') {
            Some((parent, _)) => base = parent,
            None => {
                return Err(
                    cx.error(Builtin::ImportError, "attempted relative import beyond top-level package")
                );
            }
        }
    }
    Ok(if name.is_empty() { base.to_string() } else { format!("{base}.{name}") })
}

/// `__import__(name, globals, locals, fromlist, level)`.
///
/// # Errors
/// `ImportError`, or what the module's code raises.
pub fn import_name(cx: &mut Cx, name: Ref<'_>, globals: Ref<'_>, from_list: Ref<'_>, level: Ref<'_>) -> R {
    if let Some(module) = known_module(cx, name, from_list, level) {
        if !from_list.value().is_none() && !is_plain_module(cx, &module) {
            let text = cx.text_of(name);
            import_submodules(cx, &module, &text, from_list)?;
        }
        return Ok(module);
    }
    if !cx.is_instance_of(name, Builtin::Str) {
        let got = cx.type_name(name);
        return Err(cx.type_error(format!("module name must be str, not {got}")));
    }
    let text = cx.text_of(name);
    let level = cx.to_i64(level)?;
    if level < 0 {
        return Err(cx.value_error("level must be >= 0"));
    }
    if text.is_empty() && level == 0 {
        return Err(cx.value_error("Empty module name"));
    }
    let absolute = absolute_name(cx, &text, globals, level as usize)?;
    let module = import_module(cx, &absolute)?;
    if cx.truth(from_list)? {
        import_submodules(cx, &module, &absolute, from_list)?;
        return Ok(module);
    }
    if level == 0 {
        let first = absolute.split('.').next().unwrap_or_default();
        return import_module(cx, first);
    }
    match text.split_once('.') {
        None => Ok(module),
        Some((first, _)) => {
            let cut = absolute.len() - text.len() + first.len();
            import_module(cx, &absolute[..cut])
        }
    }
}

/// The module that is asked for, if it is the one with exactly this name and has been loaded.
fn known_module(cx: &Cx, name: Ref<'_>, from_list: Ref<'_>, level: Ref<'_>) -> Option<Obj> {
    if level.value().as_int() != Some(0) || !cx.is_exactly(name, Builtin::Str) {
        return None;
    }
    let from = from_list.downcast::<PyTuple>(cx).is_some_and(|names| !names.is_empty());
    let text = std::str::from_utf8(name.downcast::<PyStr>(cx)?.as_bytes()).ok()?;
    if !from && (!from_list.value().is_none() || text.contains('.')) {
        return None;
    }
    let found = cx.modules().get_str(cx, name)?;
    (!found.value().is_none() && !super::load::is_initializing(cx, text)).then_some(found)
}

/// Whether an object is a module that is no package and does not make attributes when they are asked for.
fn is_plain_module(cx: &Cx, module: &Obj) -> bool {
    let dict = module.downcast::<PyModule>(cx).filter(|_| cx.is_exactly(module.r(), Builtin::Module));
    dict.and_then(|m| m.dict_ref(cx)).is_some_and(|dict| {
        dict.get_str(cx, cx.vm.names.path.get()).is_none()
            && dict.get_str(cx, cx.vm.names.getattr.get()).is_none()
    })
}

/// Imports submodules that `from package import a, b` names and the package does not have as attributes.
fn import_submodules(cx: &mut Cx, module: &Obj, name: &str, from_list: Ref<'_>) -> R<()> {
    if cx.get_attr_opt(module.r(), cx.vm.names.path.get())?.is_none() {
        return Ok(());
    }
    for item in cx.collect(from_list)? {
        let text = cx.text_of(item.r());
        if text == "*" {
            if let Some(all) = cx.get_attr_opt(module.r(), cx.vm.names.all.get())? {
                import_submodules(cx, module, name, all.r())?;
            }
            continue;
        }
        if cx.get_attr_opt(module.r(), item.r())?.is_some() {
            continue;
        }
        let full = format!("{name}.{text}");
        match import_module(cx, &full) {
            Err(err) if cx.is_error(&err, Builtin::ModuleNotFoundError) && missing_name(cx, &err) == full => {
            }
            other => drop(other?),
        }
    }
    Ok(())
}

/// The name that a `ModuleNotFoundError` says is missing.
pub(super) fn missing_name(cx: &Cx, err: &Err) -> String {
    let e = err.exception().downcast::<PyException>(cx);
    let name = e.and_then(|e| e.fields[0].get(&e.h, cx));
    name.map(|n| cx.text_of(n.r())).unwrap_or_default()
}

/// `from module import name`.
///
/// # Errors
/// `ImportError` if there is no such attribute and no such submodule.
pub fn import_from(cx: &mut Cx, module: Ref<'_>, name: Ref<'_>) -> R {
    if let Some(v) = cx.get_attr_opt(module, name)? {
        return Ok(v);
    }
    let own_name = cx.get_attr_opt(module, cx.vm.names.name.get())?;
    let own_name = own_name.map(|n| cx.text_of(n.r()));
    let wanted = cx.text_of(name);
    if let Some(own) = &own_name {
        let full = cx.str(&format!("{own}.{wanted}"));
        if let Some(v) = cx.modules().get_str(cx, full.r()) {
            return Ok(v);
        }
    }
    let shown = own_name.unwrap_or_else(|| "<unknown module name>".into());
    let file = cx.get_attr_opt(module, cx.vm.names.file.get())?;
    let location = match &file {
        Some(file) => cx.text_of(file.r()),
        None => "unknown location".to_string(),
    };
    let partial = super::shadow::is_partial(cx, module, &shown);
    let origin = super::shadow::origin(cx, module);
    let plain = format!("cannot import name '{wanted}' from '{shown}'");
    let message = match origin.map(|origin| (super::shadow::shadowing(cx, &shown, &origin), origin)) {
        Some((Shadowing::Standard, origin)) => format!(
            "{plain} (consider renaming '{origin}' since it has the same name as the standard library module named '{shown}' and prevents importing that standard library module)"
        ),
        Some((Shadowing::Perhaps, origin)) if partial => format!(
            "{plain} (consider renaming '{origin}' if it has the same name as a library you intended to import)"
        ),
        _ if partial => format!(
            "cannot import name '{wanted}' from partially initialized module '{shown}' (most likely due to a circular import) ({location})"
        ),
        _ => format!("{plain} ({location})"),
    };
    let err = cx.error(Builtin::ImportError, &message);
    if let Some(e) = err.exception().downcast::<PyException>(cx) {
        let module_name = cx.str(&shown);
        e.fields[0].set(&e.h, cx, module_name);
        if let Some(file) = file {
            e.fields[1].set(&e.h, cx, file);
        }
        e.fields[3].set(&e.h, cx, name.own(cx));
    }
    Err(err)
}

/// `from module import *`.
///
/// # Errors
/// `AttributeError` for a name in `__all__` that is not there, or what the namespace raises.
pub fn import_star(cx: &mut Cx, module: Ref<'_>, namespace: Ref<'_>) -> R<()> {
    let all = cx.get_attr_opt(module, cx.vm.names.all.get())?;
    let names = match &all {
        Some(all) => cx.collect(all.r())?,
        None => {
            let dict = cx.get_attr(module, cx.vm.names.dict.get())?;
            cx.collect(dict.r())?
        }
    };
    for name in names {
        if !cx.is_instance_of(name.r(), Builtin::Str) {
            let got = cx.type_name(name.r());
            let module = cx.get_attr(module, cx.vm.names.name.get())?;
            let module = cx.text_of(module.r());
            let what = if all.is_some() { "Item in" } else { "Key in" };
            let place = if all.is_some() { "__all__" } else { "__dict__" };
            return Err(cx.type_error(format!("{what} {module}.{place} must be str, not {got}")));
        }
        if all.is_none() && cx.text_of(name.r()).starts_with('_') {
            continue;
        }
        let v = cx.get_attr(module, name.r())?;
        cx.set_item(namespace, name.r(), v.r())?;
    }
    Ok(())
}
