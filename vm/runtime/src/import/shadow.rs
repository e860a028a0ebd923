//! Modules of the program that hide others of the same name: what error messages say of them (CPython's `moduleobject.c`).

use crate::objects::module::PyModule;
use crate::prelude::*;

/// What a module may be mistaken for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shadowing {
    /// It has the name of a module of the standard library.
    Standard,
    /// It is in the program's folder, and may have the name of a library.
    Perhaps,
    Nothing,
}

/// Whether a module is being loaded just now, here or by `importlib`.
pub fn is_partial(cx: &mut Cx, module: Ref<'_>, name: &str) -> bool {
    let Some(m) = module.downcast::<PyModule>(cx) else { return false };
    if super::load::is_initializing(cx, name) {
        return true;
    }
    let spec = m.dict_ref(cx).and_then(|dict| dict.get_str(cx, cx.vm.names.spec.get()));
    let Some(spec) = spec.filter(|spec| !spec.value().is_none()) else { return false };
    let flag = cx.get_attr_str(spec.r(), "_initializing");
    flag.and_then(|flag| cx.truth(flag.r())).unwrap_or(false)
}

/// The file that a module is from, as its spec says, or its `__file__` while there are no specs.
pub fn origin(cx: &mut Cx, module: Ref<'_>) -> Option<String> {
    let dict = module.downcast::<PyModule>(cx)?.dict_ref(cx)?;
    let spec = dict.get_str(cx, cx.vm.names.spec.get()).filter(|spec| !spec.value().is_none());
    let origin = match spec {
        Some(spec) => {
            let place = cx.get_attr_str(spec.r(), "has_location").ok()?;
            if !cx.truth(place.r()).ok()? {
                return None;
            }
            cx.get_attr_str(spec.r(), "origin").ok()?
        }
        None => dict.get_str(cx, cx.vm.names.file.get())?,
    };
    cx.is_instance_of(origin.r(), Builtin::Str).then(|| cx.text_of(origin.r()))
}

/// What a module with this name and origin may be mistaken for.
pub fn shadowing(cx: &mut Cx, name: &str, origin: &str) -> Shadowing {
    let config = &cx.vm.config;
    let Some(first) = config.path.first().filter(|_| !config.safe_path) else { return Shadowing::Nothing };
    let first = match first.is_empty() {
        true => std::env::current_dir().map(|d| d.to_string_lossy().into_owned()).unwrap_or_default(),
        false => first.clone(),
    };
    let folder =
        origin.strip_suffix("/__init__.py").unwrap_or(origin).rsplit_once('/').map(|(folder, _)| folder);
    if folder != Some(&first) {
        return Shadowing::Nothing;
    }
    let key = cx.str("stdlib_module_names");
    let name = cx.str(name);
    let names = cx.sys_dict().get_str(cx, key.r());
    match names.is_some_and(|names| cx.contains(names.r(), name.r()).unwrap_or(false)) {
        true => Shadowing::Standard,
        false => Shadowing::Perhaps,
    }
}
