//! `_imp`, and `_frozen_importlib` with its external part: what `importlib` stands on.
//!
//! The two frozen modules are made from the library's `importlib/_bootstrap.py` and `_bootstrap_external.py` when
//! `importlib` is first imported; `finder.py` then installs the importers and tells the VM.

use ungil_runtime::SharedValue;
use ungil_runtime::import::{self, Importlib};
use ungil_runtime::objects::code;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, add_functions, new_module};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// `finder.py` in the embedded library.
const FINDER: &str = "importlib/<finder>";
/// In front of the compiled files of `importlib`'s own loaders: another number for each version of the compiler.
const MAGIC: i64 = 0x0a0d_0000 | (ungil_compiler::ID % 0xffff) as i64;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("acquire_lock", "($module, /)", Full(|cx, _| lock_method(cx, "acquire"))),
    ("release_lock", "($module, /)", Full(|cx, _| lock_method(cx, "release"))),
    ("lock_held", "($module, /)", Full(|cx, _| lock_method(cx, "_is_owned"))),
    ("is_builtin", "($module, name, /)", Full(is_builtin)),
    ("create_builtin", "($module, spec, /)", Full(create_builtin)),
    ("exec_builtin", "($module, mod, /)", Leaf(|cx, _| Ok(cx.int(0)))),
    ("is_frozen", "($module, name, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
    ("is_frozen_package", "($module, name, /)", Full(no_frozen)),
    ("find_frozen", "($module, name, /, *, withdata=False)", Leaf(|cx, _| Ok(cx.none()))),
    ("get_frozen_object", "($module, name, data=None, /)", Full(no_frozen)),
    ("init_frozen", "($module, name, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("_frozen_module_names", "($module, /)", Leaf(|cx, _| Ok(cx.list(Vec::new())))),
    ("_override_frozen_modules_for_tests", "($module, override, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("_override_multi_interp_extensions_check", "($module, override, /)", Leaf(|cx, _| Ok(cx.int(0)))),
    ("_fix_co_filename", "($module, code, path, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("extension_suffixes", "($module, /)", Leaf(|cx, _| Ok(cx.list(Vec::new())))),
    ("source_hash", "($module, /, key, source)", Full(source_hash)),
    ("_embedded", "($module, path, /)", Full(embedded)),
    ("_is_embedded", "($module, path, /)", Leaf(is_embedded)),
    (
        "_is_before_path",
        "($module, name, /)",
        Leaf(|cx, a| Ok(cx.bool(import::is_before_path(&cx.text_of(a.get(0)))))),
    ),
    ("_find_embedded", "($module, entry, name, /)", Full(find_embedded)),
    ("_is_embedded_directory", "($module, entry, /)", Leaf(is_embedded_directory)),
    ("_list_embedded", "($module, entry, /)", Full(list_embedded)),
];

/// The import lock is an `RLock` that the VM keeps.
fn lock_method(cx: &mut Cx, name: &str) -> R {
    const KEY: &str = "_imp.lock";
    let known = cx.vm.module_state.lock().unwrap_or_else(|p| p.into_inner()).get(KEY).copied();
    let lock = match known {
        Some(lock) => lock,
        None => {
            let module = import::import_module(cx, "_thread")?;
            let made = SharedValue::new(cx.call_method(module.r(), "RLock", &[])?);
            let mut state = cx.vm.module_state.lock().unwrap_or_else(|p| p.into_inner());
            *state.entry(KEY).or_insert(made)
        }
    };
    let result = cx.call_method(lock.get(), name, &[]);
    if name == "release" && result.is_err() {
        return Err(cx.runtime_error("not holding the import lock"));
    }
    Ok(if name == "acquire" { cx.none() } else { result? })
}

fn text(cx: &mut Cx, v: Ref<'_>) -> R<String> {
    if cx.is_instance_of(v, Builtin::Str) {
        return Ok(cx.text_of(v));
    }
    let got = cx.type_name(v);
    Err(cx.type_error(format!("expected str, not {got}")))
}

fn is_builtin(cx: &mut Cx, a: Args<'_>) -> R {
    let name = text(cx, a.get(0))?;
    let modules = cx.vm.native_modules.lock().unwrap_or_else(|p| p.into_inner());
    let known = modules.iter().any(|m| m.0 == name);
    drop(modules);
    // Those that cannot be made anew are marked.
    let answer = if name == "sys" || name == "builtins" { -1 } else { known as i64 };
    Ok(cx.int(answer))
}

fn create_builtin(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.get_attr_str(a.get(0), "name")?;
    let name = text(cx, name.r())?;
    let key = cx.str(&name);
    if let Some(known) = cx.modules().get_str(cx, key.r()) {
        return Ok(known);
    }
    let modules = cx.vm.native_modules.lock().unwrap_or_else(|p| p.into_inner());
    let init = modules.iter().find(|m| m.0 == name).map(|m| m.1);
    drop(modules);
    let Some(init) = init else { return Ok(cx.none()) };
    let module = new_module(cx, &name);
    init(cx, &module)?;
    Ok(module)
}

fn no_frozen(cx: &mut Cx, a: Args<'_>) -> R {
    let name = text(cx, a.get(0))?;
    let message = format!("No such frozen object named {name}");
    Err(cx.error(Builtin::ImportError, &message))
}

fn source_hash(cx: &mut Cx, a: Args<'_>) -> R {
    let key = cx.to_i64(a.get(0))? as u64;
    let source = ungil_runtime::objects::buffer::bytes_of(cx, a.get(1))?.into_owned();
    // FNV-1a: files with such hashes are not exchanged with other interpreters.
    let hash = source.iter().fold(0xcbf2_9ce4_8422_2325 ^ key, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    Ok(ungil_runtime::objects::bytes::new_bytes(cx, &hash.to_le_bytes()))
}

fn embedded(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(0).value().is_none() {
        return Ok(cx.none());
    }
    let path = text(cx, a.get(0))?;
    let found = import::in_embedded(&path).and_then(crate::library::embedded);
    Ok(match found {
        Some(bytes) => ungil_runtime::objects::bytes::new_bytes(cx, &bytes),
        None => cx.none(),
    })
}

fn is_embedded(cx: &Cx, a: Args<'_>) -> R {
    let path = a.get(0).downcast::<PyStr>(cx).map(|path| path.to_string_lossy());
    let found = path.is_some_and(|path| import::in_embedded(&path).is_some_and(import::has_embedded));
    Ok(cx.bool(found))
}

fn find_embedded(cx: &mut Cx, a: Args<'_>) -> R {
    let (entry, name) = (text(cx, a.get(0))?, text(cx, a.get(1))?);
    let Some(source) = import::find_library(cx, &entry, &name) else { return Ok(cx.none()) };
    let search = match source.search {
        Some(search) => {
            let items = search.iter().map(|s| cx.str(s)).collect();
            cx.list(items)
        }
        None => cx.none(),
    };
    let filename = cx.str(&source.filename);
    Ok(cx.tuple(vec![filename, search]))
}

fn is_embedded_directory(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(import::in_embedded(&cx.text_of(a.get(0))).is_some()))
}

/// Names of the modules in a directory of the embedded library, and whether they are packages.
fn list_embedded(cx: &mut Cx, a: Args<'_>) -> R {
    let entry = text(cx, a.get(0))?;
    let directory = import::in_embedded(&entry).unwrap_or_default();
    let items = crate::library::modules_in(directory).into_iter().map(|(name, is_package)| {
        let (name, is_package) = (cx.str(name), cx.bool(is_package));
        cx.tuple(vec![name, is_package])
    });
    let items = items.collect();
    Ok(cx.list(items))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let values = [
        ("check_hash_based_pycs", cx.str("default")),
        ("pyc_magic_number_token", cx.int(MAGIC)),
        ("_embedded_root", cx.str(import::EMBEDDED_ROOT)),
        ("_library_entry", cx.str(&import::library_entry(&cx.vm.config.stdlib_dir))),
    ];
    for (name, value) in values {
        add(cx, module, name, value);
    }
    Ok(())
}

/// Runs a file of the library, embedded or in the folder that replaces it.
fn run_library(cx: &mut Cx, module: &Obj, path: &str, shown: &str) -> R<()> {
    let dict = cx.get_attr(module.r(), cx.vm.names.dict.get())?;
    if cx.vm.config.stdlib_dir.is_empty() {
        return run_embedded(cx, path, shown, dict);
    }
    match std::fs::read(format!("{}/{path}", cx.vm.config.stdlib_dir)) {
        Ok(source) => import::run_source(cx, &source, shown, dict).map(drop),
        Err(_) => Err(missing(cx, path)),
    }
}

/// Runs an embedded file, as it was compiled if nothing asks for another way.
fn run_embedded(cx: &mut Cx, path: &str, shown: &str, namespace: Obj) -> R<()> {
    let packed = crate::library::embedded_code(path).filter(|_| cx.vm.config.optimize == 0);
    if let Some(code) = packed.and_then(|packed| code::of_packed(cx, packed, shown)) {
        return import::run_code(cx, code, namespace, None).map(drop);
    }
    match crate::library::embedded(path) {
        Some(source) => import::run_source(cx, &source, shown, namespace).map(drop),
        None => Err(missing(cx, path)),
    }
}

fn missing(cx: &mut Cx, path: &str) -> Err {
    cx.error(Builtin::ImportError, &format!("the library has no {path}"))
}

/// `_frozen_importlib`; brings the external part with it.
pub fn init_bootstrap(cx: &mut Cx, module: &Obj) -> R<()> {
    import::import_module(cx, "_warnings")?;
    let imp = import::import_module(cx, "_imp")?;
    run_library(cx, module, "importlib/_bootstrap.py", "<frozen importlib._bootstrap>")?;
    let external = import::import_module(cx, "_frozen_importlib_external")?;
    add(cx, module, "_bootstrap_external", external.clone());
    let namespace = PyDict::new(cx);
    run_embedded(cx, FINDER, "<frozen importlib._finder>", namespace.clone())?;
    let key = cx.str("install");
    let install = cx.get_item(namespace.r(), key.r())?;
    let made = cx.call(install.r(), &[module.r(), external.r(), imp.r()])?;
    let parts = made.downcast::<PyTuple>(cx).map(|t| t.snapshot(cx)).unwrap_or_default();
    let [spec_of, give_spec, standard] = parts.as_slice() else {
        return Err(cx.system_error("importlib could not be installed"));
    };
    let standard = cx.collect(standard.r())?.into_iter().map(SharedValue::new).collect();
    let find_and_load = SharedValue::new(cx.get_attr_str(module.r(), "_find_and_load")?);
    let gcd_import = SharedValue::new(cx.get_attr_str(module.r(), "_gcd_import")?);
    let (spec_of, give_spec) = (SharedValue::new(spec_of.clone()), SharedValue::new(give_spec.clone()));
    import::installed(Importlib { find_and_load, gcd_import, spec_of, give_spec, standard });
    Ok(())
}

/// `_frozen_importlib_external`.
pub fn init_external(cx: &mut Cx, module: &Obj) -> R<()> {
    run_library(cx, module, "importlib/_bootstrap_external.py", "<frozen importlib._bootstrap_external>")
}
