//! `_pickle`: objects as bytes and back, what `pickle.py` has in Python.
//!
//! - `save.rs`: what is written for each kind of object; `reduce.rs`: classes, functions, and objects by their
//!   `__reduce_ex__`; `out.rs`: opcodes, the memo, frames
//! - `load.rs`: the machine that reads; `input.rs`: where its bytes come from; `build.rs`: what it does with objects
//! - `pickler.rs`, `unpickler.rs`: the types
//!
//! A run works on values of its own, so nothing is locked while Python runs; a pickler's memo is taken out of it meanwhile,
//! and a flag refuses a second run.

mod build;
mod input;
mod load;
mod out;
mod pickler;
mod reduce;
mod save;
mod unpickler;

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// The newest protocol, and the one that is used without being told.
const HIGHEST: i64 = 5;
const DEFAULT: i64 = 5;

/// The exception classes.
struct Errors {
    pickling: SharedValue,
    unpickling: SharedValue,
}

static ERRORS: OnceLock<Errors> = OnceLock::new();

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    (
        "dump",
        "($module, /, obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)",
        Full(pickler::dump),
    ),
    (
        "dumps",
        "($module, /, obj, protocol=None, *, fix_imports=True, buffer_callback=None)",
        Full(pickler::dumps),
    ),
    (
        "load",
        "($module, /, file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
        Full(unpickler::load),
    ),
    (
        "loads",
        "($module, data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
        Full(unpickler::loads),
    ),
];

#[cold]
fn pickling_error(cx: &mut Cx, message: impl AsRef<str>) -> Err {
    match ERRORS.get() {
        Some(errors) => cx.error_of(errors.pickling.get(), message.as_ref()),
        None => cx.value_error(message),
    }
}

#[cold]
fn unpickling_error(cx: &mut Cx, message: impl AsRef<str>) -> Err {
    match ERRORS.get() {
        Some(errors) => cx.error_of(errors.unpickling.get(), message.as_ref()),
        None => cx.value_error(message),
    }
}

/// A module, imported if it has not been.
fn module(cx: &mut Cx, name: Ref<'_>) -> R {
    if name.downcast::<PyStr>(cx).is_some()
        && let Some(found) = cx.modules().get(cx, name)?
    {
        return Ok(found);
    }
    let import = ungil_runtime::objects::str::intern(cx, "__import__");
    let Some(import) = cx.builtins().get_str(cx, import.get()) else {
        return Err(cx.error(Builtin::ImportError, "__import__ not found"));
    };
    cx.call(import.r(), &[name])?;
    match cx.modules().get(cx, name)? {
        Some(found) => Ok(found),
        None => Err(cx.key_error(name)),
    }
}

/// An attribute of a module that is imported if it has not been.
fn attribute(cx: &mut Cx, module_name: &str, name: &str) -> R {
    let module_name = cx.str(module_name);
    let found = module(cx, module_name.r())?;
    cx.get_attr_str(found.r(), name)
}

/// A class's name, with its module unless that is `builtins` or `__main__`.
fn type_text(cx: &mut Cx, v: Ref<'_>) -> String {
    let class = cx.class_of(v).as_ref();
    let part = |cx: &mut Cx, name: &str| match cx.get_attr_str(class, name) {
        Ok(text) => cx.text_of(text.r()),
        Err(_) => String::new(),
    };
    let (owner, name) = (part(cx, "__module__"), part(cx, "__qualname__"));
    match owner.as_str() {
        "" | "builtins" | "__main__" | "None" => name,
        _ => format!("{owner}.{name}"),
    }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let base = crate::os::new_exception_class(cx, "_pickle.PickleError", cx.builtin(Builtin::Exception))?;
    let base = SharedValue::new(base);
    let own = base.get().own(cx);
    add(cx, module, "PickleError", own);
    let Some(class) = PyType::from_ref(base.get(), cx) else { return Ok(()) };
    let pickling = SharedValue::new(crate::os::new_exception_class(cx, "_pickle.PicklingError", class)?);
    let unpickling = SharedValue::new(crate::os::new_exception_class(cx, "_pickle.UnpicklingError", class)?);
    for (name, class) in [("PicklingError", pickling), ("UnpicklingError", unpickling)] {
        let class = class.get().own(cx);
        add(cx, module, name, class);
    }
    ERRORS.get_or_init(|| Errors { pickling, unpickling });
    let class = pickler::class(cx).as_ref().own(cx);
    add(cx, module, "Pickler", class);
    let class = unpickler::class(cx).as_ref().own(cx);
    add(cx, module, "Unpickler", class);
    Ok(())
}
