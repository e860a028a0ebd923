//! Modules.

use crate::import::{self, Shadowing};
use crate::objects::dict::PyDict;
use crate::objects::str::PyStr;
use crate::prelude::*;

/// A module.
#[repr(C)]
pub struct PyModule {
    pub h: Header,
    pub dict: Slot,
}

unsafe fn module_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a module.
    visit(unsafe { (*h.cast::<PyModule>()).dict.peek() });
}

unsafe fn module_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a module that nobody else reaches.
    unsafe { (*h.cast::<PyModule>()).dict.clear(m) };
}

pub static MODULE_OPS: TypeOps = TypeOps {
    name: "module",
    size: |_| size_of::<PyModule>(),
    trace: Some(module_trace),
    drop_fields: Some(module_drop),
    needs_finalizer: crate::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyModule {
    const OPS: &'static TypeOps = &MODULE_OPS;
}

impl PyModule {
    /// The namespace: set when the module is made, never replaced.
    pub fn dict_ref(&self, cx: &Cx) -> Option<&PyDict> {
        // SAFETY: the module keeps its dict alive.
        unsafe { Ref::from_value(self.dict.peek()) }.downcast::<PyDict>(cx)
    }
}

/// A module with its name and the usual attributes.
pub fn new_module(cx: &mut Cx, name: &str) -> Obj {
    let dict = PyDict::new(cx);
    let made = cx.alloc(Builtin::Module, |h| PyModule { h, dict: Slot::new(dict.clone()) });
    let text = cx.str(name);
    fill(cx, &dict, text, None);
    made
}

fn fill(cx: &Cx, dict: &Obj, name: Obj, doc: Option<Obj>) {
    let Some(dict) = dict.downcast::<PyDict>(cx) else { return };
    let names = &cx.vm.names;
    dict.set_str(cx, names.name.get(), name);
    dict.set_str(cx, names.doc.get(), doc.unwrap_or_else(|| cx.none()));
    for key in [names.package, names.loader, names.spec] {
        dict.set_str(cx, key.get(), cx.none());
    }
}

/// Takes `__spec__` and `__loader__` from a new module: they are made when they are asked for.
pub fn leave_spec_open(cx: &Cx, module: &Obj) {
    let dict = module.downcast::<PyModule>(cx).and_then(|m| m.dict_ref(cx));
    for key in [cx.vm.names.loader, cx.vm.names.spec] {
        drop(dict.and_then(|dict| dict.remove_str(cx, key.get())));
    }
}

/// Adds native functions: name, signature, body.
pub fn add_functions(cx: &mut Cx, module: &Obj, table: &[(&'static str, &'static str, NativeFn)]) {
    let name = cx.get_attr_opt(module.r(), cx.vm.names.name.get()).ok().flatten();
    for &(function, signature, f) in table {
        let def = NativeDef::leak(function, signature, f);
        let made = crate::objects::native::new_function(cx, def, name.clone());
        add(cx, module, function, made);
    }
}

/// Adds a value.
pub fn add(cx: &mut Cx, module: &Obj, name: &str, value: Obj) {
    let key = crate::objects::str::intern(cx, name);
    let payload: Option<&PyModule> = module.downcast(cx);
    if let Some(dict) = payload.and_then(|m| m.dict_ref(cx)) {
        dict.set_str(cx, key.get(), value);
    }
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Module, "module", &MODULE_OPS, size_of::<PyModule>(), true);
}

fn module_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let dict = PyDict::new(cx);
    cx.alloc_for(class, |h| PyModule { h, dict: Slot::new(dict) })
}

fn module_init(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_instance_of(a.get(1), Builtin::Str) {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("module() argument 'name' must be str, not {got}")));
    }
    let m = a.this::<PyModule>();
    let dict = m.dict.get(&m.h, cx).unwrap_or_else(|| cx.none());
    let doc = a.opt(2).map(|d| d.own(cx));
    fill(cx, &dict, a.get(1).own(cx), doc);
    Ok(cx.none())
}

fn module_name(cx: &Cx, m: &PyModule) -> Option<String> {
    let name = m.dict_ref(cx)?.get_str(cx, cx.vm.names.name.get())?;
    cx.is_instance_of(name.r(), Builtin::Str).then(|| cx.text_of(name.r()))
}

/// An attribute, or what the module's own `__getattr__` gives.
fn module_getattribute(cx: &mut Cx, a: Args<'_>) -> R {
    let (module, name) = (a.get(0), a.get(1));
    if let Some(v) = crate::ops::generic_get_attr_opt(cx, module, name)? {
        return Ok(v);
    }
    let m = module.downcast::<PyModule>(cx);
    let hook = m.and_then(|m| m.dict_ref(cx)).and_then(|dict| dict.get_str(cx, cx.vm.names.getattr.get()));
    if let Some(hook) = hook {
        return cx.call(hook.r(), &[name]);
    }
    match late_attr(cx, module, name)? {
        Some(v) => Ok(v),
        None => Err(missing(cx, module, name)),
    }
}

/// `__spec__` or `__loader__` of a module that was loaded without them.
fn late_attr(cx: &mut Cx, module: Ref<'_>, name: Ref<'_>) -> R<Option<Obj>> {
    let text = name.downcast::<PyStr>(cx).map(PyStr::as_bytes);
    if !matches!(text, Some(b"__spec__" | b"__loader__")) {
        return Ok(None);
    }
    import::give_spec(cx, module)?;
    crate::ops::generic_get_attr_opt(cx, module, name)
}

/// The `AttributeError` for an attribute that is not there.
pub fn missing(cx: &mut Cx, module: Ref<'_>, name: Ref<'_>) -> Err {
    let own = module.downcast::<PyModule>(cx).and_then(|m| module_name(cx, m));
    let text = cx.text_of(name);
    let message = match own {
        Some(own) => missing_message(cx, module, &own, &text),
        None => format!("module has no attribute '{text}'"),
    };
    cx.attribute_error(module, name, &message)
}

fn missing_message(cx: &mut Cx, module: Ref<'_>, own: &str, wanted: &str) -> String {
    let is_initializing = import::is_partial(cx, module, own);
    let plain = format!("module '{own}' has no attribute '{wanted}'");
    let origin = import::origin(cx, module);
    let shadowing = origin.as_ref().map_or(Shadowing::Nothing, |origin| import::shadowing(cx, own, origin));
    match (origin, shadowing) {
        (Some(origin), Shadowing::Standard) => format!(
            "{plain} (consider renaming '{origin}' since it has the same name as the standard library module named '{own}' and prevents importing that standard library module)"
        ),
        (Some(origin), Shadowing::Perhaps) if is_initializing => format!(
            "{plain} (consider renaming '{origin}' if it has the same name as a library you intended to import)"
        ),
        (Some(origin), _) if is_initializing => format!(
            "partially initialized module '{own}' from '{origin}' has no attribute '{wanted}' (most likely due to a circular import)"
        ),
        (None, _) if is_initializing => {
            format!("partially initialized {plain} (most likely due to a circular import)")
        }
        _ if import::is_initializing(cx, &format!("{own}.{wanted}")) => format!(
            "cannot access submodule '{wanted}' of module '{own}' (most likely due to a circular import)"
        ),
        _ => plain,
    }
}

/// What is shown of a module without a file: where its spec says it is from, or its loader.
fn loader_text(cx: &mut Cx, m: &PyModule) -> R<Option<String>> {
    let names = &cx.vm.names;
    let (spec, loader) = (names.spec.get(), names.loader.get());
    let held = |cx: &Cx, key: Ref<'_>| {
        m.dict_ref(cx).and_then(|d| d.get_str(cx, key)).filter(|v| !v.value().is_none())
    };
    if let Some(spec) = held(cx, spec) {
        let origin = crate::objects::str::intern(cx, "origin");
        if let Some(origin) = cx.get_attr_opt(spec.r(), origin.get())?.filter(|o| !o.value().is_none()) {
            return Ok(Some(format!("({})", cx.str_string(origin.r())?)));
        }
    }
    let Some(loader) = held(cx, loader) else { return Ok(None) };
    if cx.type_name(loader.r()) == "NamespaceLoader" {
        let path = cx.get_attr_str(loader.r(), "_path")?;
        let folders = cx.collect(path.r())?;
        let folders = cx.list(folders);
        return Ok(Some(format!("(namespace) from {}", cx.repr_string(folders.r())?)));
    }
    Ok(Some(format!("({})", cx.repr_string(loader.r())?)))
}

fn module_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let m = a.this::<PyModule>();
    let name = module_name(cx, m).unwrap_or_else(|| "?".into());
    let file = m.dict_ref(cx).and_then(|d| d.get_str(cx, cx.vm.names.file.get()));
    Ok(match file.filter(|f| cx.is_instance_of(f.r(), Builtin::Str)) {
        Some(file) => {
            let file = cx.repr_string(file.r())?;
            cx.str(&format!("<module '{name}' from {file}>"))
        }
        None => {
            let natives = cx.vm.native_modules.lock().unwrap_or_else(|p| p.into_inner());
            let is_native =
                ["builtins", "sys"].contains(&name.as_str()) || natives.iter().any(|m| m.0 == name);
            drop(natives);
            match (is_native, loader_text(cx, m)?) {
                (true, _) => cx.str(&format!("<module '{name}' (built-in)>")),
                (false, Some(loader)) => cx.str(&format!("<module '{name}' {loader}>")),
                (false, None) => cx.str(&format!("<module '{name}'>")),
            }
        }
    })
}

fn module_dir(cx: &mut Cx, a: Args<'_>) -> R {
    let namespace = cx.get_attr(a.get(0), cx.vm.names.dict.get())?;
    let Some(dict) = namespace.downcast::<PyDict>(cx) else {
        return Err(cx.type_error("<module>.__dict__ is not a dictionary"));
    };
    let hook = dict.get_str(cx, cx.special_name(Special::Dir));
    if let Some(hook) = hook {
        return cx.call(hook.r(), &[]);
    }
    Ok(cx.list(dict.keys(cx)))
}

/// The namespace of a module that has one.
fn namespace<'a>(cx: &mut Cx, a: Args<'a>) -> R<&'a PyDict> {
    match a.this::<PyModule>().dict_ref(cx) {
        Some(dict) => Ok(dict),
        None => Err(cx.type_error("<module>.__dict__ is not a dictionary")),
    }
}

/// `__annotations__`, computed by `__annotate__` when first asked for (PEP 649).
fn get_annotations(cx: &mut Cx, a: Args<'_>) -> R {
    let dict = namespace(cx, a)?;
    let names = &cx.vm.names;
    let (key, annotate) = (names.annotations.get(), names.annotate.get());
    if let Some(known) = dict.get_str(cx, key) {
        return Ok(known);
    }
    let made = match dict.get_str(cx, annotate).filter(|f| !f.value().is_none()) {
        Some(annotate) => {
            let made = cx.call(annotate.r(), &[Ref::immediate(Value::from_int_unchecked(1))])?;
            if made.downcast::<PyDict>(cx).is_none() {
                let got = cx.type_name(made.r());
                return Err(cx.type_error(format!("__annotate__() must return a dict, not {got}")));
            }
            made
        }
        None => PyDict::new(cx),
    };
    dict.set_str(cx, key, made.clone());
    Ok(made)
}

fn set_annotations(cx: &mut Cx, a: Args<'_>) -> R {
    let dict = namespace(cx, a)?;
    let names = &cx.vm.names;
    let (key, annotate) = (names.annotations.get(), names.annotate.get());
    match a.opt(1) {
        Some(v) => dict.set_str(cx, key, v.own(cx)),
        None => {
            if dict.remove_str(cx, key).is_none() {
                return Err(cx.attribute_error(a.get(0), key, "__annotations__"));
            }
        }
    }
    drop(dict.remove_str(cx, annotate));
    Ok(cx.none())
}

fn get_annotate(cx: &mut Cx, a: Args<'_>) -> R {
    let dict = namespace(cx, a)?;
    Ok(dict.get_str(cx, cx.vm.names.annotate.get()).unwrap_or_else(|| cx.none()))
}

fn set_annotate(cx: &mut Cx, a: Args<'_>) -> R {
    let dict = namespace(cx, a)?;
    let Some(v) = a.opt(1) else { return Err(cx.type_error("cannot delete __annotate__ attribute")) };
    if !v.value().is_none() && cx.class_of(v).special(cx, Special::Call).is_none() {
        return Err(cx.type_error("__annotate__ must be callable or None"));
    }
    let names = &cx.vm.names;
    let (key, annotate) = (names.annotations.get(), names.annotate.get());
    dict.set_str(cx, annotate, v.own(cx));
    if !v.value().is_none() {
        drop(dict.remove_str(cx, key));
    }
    Ok(cx.none())
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::HAS_WEAKREF | class_flag::HAS_DICT;
    let mut t = TypeBuilder::new(cx, Builtin::Module, Some(Builtin::Object), flags);
    t.doc(
        cx,
        "Create a module object.\n\nThe name must be a string; the optional docstring argument can have any type.",
    )
        .constructor(cx, "($cls, /, *args, **kwargs)", Full(module_new))
        .method(cx, "__init__", "($self, name, doc=None)", Full(module_init))
        .special(cx, Special::GetAttribute, Full(module_getattribute))
        .special(cx, Special::Repr, Full(module_repr))
        .special(cx, Special::Dir, Full(module_dir))
        .getset(
            cx,
            "__dict__",
            Full(|cx, a| {
                let m = a.this::<PyModule>();
                Ok(m.dict.get(&m.h, cx).unwrap_or_else(|| cx.none()))
            }),
            None,
        )
        .getset(cx, "__annotations__", Full(get_annotations), Some(Full(set_annotations)))
        .getset(cx, "__annotate__", Full(get_annotate), Some(Full(set_annotate)));
}
