//! `sys`: lists, dicts and records that are filled at start-up.

use super::VERSION;
use crate::library;
use ungil_locks::primitive::Ordering;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::str::intern;
use ungil_runtime::objects::{namespace, simple_namespace};
use ungil_runtime::prelude::*;

fn text_list(cx: &Cx, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Obj {
    let items = texts.into_iter().map(|t| cx.str(t.as_ref())).collect();
    cx.list(items)
}

/// Adds the lists, dicts and sets.
pub(super) fn add_lists(cx: &mut Cx, module: &Obj, config: &ungil_runtime::Config) {
    for (name, texts) in [
        ("argv", &config.argv),
        ("orig_argv", &config.orig_argv),
        ("path", &config.path),
        ("warnoptions", &config.warn_options),
    ] {
        let list = text_list(cx, texts);
        add(cx, module, name, list);
    }
    for name in ["meta_path", "path_hooks"] {
        let list = cx.list(Vec::new());
        add(cx, module, name, list);
    }
    let (importers, options) = (PyDict::new(cx), PyDict::new(cx));
    if let Some(dict) = options.downcast::<PyDict>(cx) {
        for (name, value) in &config.x_options {
            let value = value.as_ref().map_or_else(|| cx.bool(true), |value| cx.str(value));
            dict.set_str(cx, intern(cx, name).get(), value);
        }
    }
    add(cx, module, "path_importer_cache", importers);
    add(cx, module, "_xoptions", options);
    let modules = cx.modules();
    let modules = ref_of(modules).own(cx);
    add(cx, module, "modules", modules);
    let mut names: Vec<&str> =
        cx.vm.native_modules.lock().unwrap_or_else(|p| p.into_inner()).iter().map(|m| m.0).collect();
    names.extend(["builtins", "sys"]);
    names.sort_unstable();
    let items = names.iter().map(|n| cx.str(n)).collect();
    let builtin_names = cx.tuple(items);
    add(cx, module, "builtin_module_names", builtin_names);
    names.extend(library::module_names());
    let items: Vec<Obj> = names.iter().map(|n| cx.str(n)).collect();
    if let Ok(all) = ungil_runtime::objects::set::new_frozenset(cx, items) {
        add(cx, module, "stdlib_module_names", all);
    }
}

/// Adds the records: versions, flags, limits of the number types.
///
/// # Errors
/// What making a class raises.
pub(super) fn add_records(cx: &mut Cx, module: &Obj, config: &ungil_runtime::Config) -> R<()> {
    let int = |cx: &Cx, n: i64| cx.int(n);
    let (major, minor, micro) = VERSION;
    let version = vec![int(cx, major), int(cx, minor), int(cx, micro), cx.str("final"), int(cx, 0)];
    let version_names = ["major", "minor", "micro", "releaselevel", "serial"];
    let version_info = namespace::new_record(cx, "sys.version_info", &version_names, version)?;
    add(cx, module, "version_info", version_info.clone());
    let flag_names = [
        "debug",
        "inspect",
        "interactive",
        "optimize",
        "dont_write_bytecode",
        "no_user_site",
        "no_site",
        "ignore_environment",
        "verbose",
        "bytes_warning",
        "quiet",
        "hash_randomization",
        "isolated",
        "dev_mode",
        "utf8_mode",
        "warn_default_encoding",
        "safe_path",
        "int_max_str_digits",
        "gil",
        "thread_inherit_context",
        "context_aware_warnings",
    ];
    let flags = [
        config.debug.min(1) as i64,
        config.inspect as i64,
        config.interactive as i64,
        config.optimize as i64,
        config.dont_write_bytecode as i64,
        config.no_user_site as i64,
        config.no_site as i64,
        config.ignore_environment as i64,
        config.verbose as i64,
        config.bytes_warning as i64,
        config.quiet as i64,
        (config.hash_seed != Some(0)) as i64,
        config.isolated as i64,
        config.dev_mode as i64,
        config.utf8_mode as i64,
        0,
        config.safe_path as i64,
        cx.vm.int_max_str_digits.load(Ordering::Relaxed) as i64,
        ungil_locks::model::GIL_ENABLED as i64,
        0,
        0,
    ];
    let is_bool = |name: &str| matches!(name, "dev_mode" | "safe_path");
    let values = flags.iter().zip(flag_names);
    let values = values.map(|(&n, name)| if is_bool(name) { cx.bool(n != 0) } else { int(cx, n) }).collect();
    let flags = namespace::new_record(cx, "sys.flags", &flag_names, values)?;
    add(cx, module, "flags", flags);
    let float_names = [
        "max",
        "max_exp",
        "max_10_exp",
        "min",
        "min_exp",
        "min_10_exp",
        "dig",
        "mant_dig",
        "epsilon",
        "radix",
        "rounds",
    ];
    let values = vec![
        cx.float(f64::MAX),
        int(cx, 1024),
        int(cx, 308),
        cx.float(f64::MIN_POSITIVE),
        int(cx, -1021),
        int(cx, -307),
        int(cx, 15),
        int(cx, 53),
        cx.float(f64::EPSILON),
        int(cx, 2),
        int(cx, 1),
    ];
    let info = namespace::new_record(cx, "sys.float_info", &float_names, values)?;
    add(cx, module, "float_info", info);
    let values = vec![int(cx, 30), int(cx, 4), int(cx, 4300), int(cx, 640)];
    let names = ["bits_per_digit", "sizeof_digit", "default_max_str_digits", "str_digits_check_threshold"];
    let info = namespace::new_record(cx, "sys.int_info", &names, values)?;
    add(cx, module, "int_info", info);
    let names = ["width", "modulus", "inf", "nan", "imag", "algorithm", "hash_bits", "seed_bits", "cutoff"];
    let values = vec![
        int(cx, 64),
        int(cx, (1 << 61) - 1),
        int(cx, 314159),
        int(cx, 0),
        int(cx, 1000003),
        cx.str("siphash13"),
        int(cx, 64),
        int(cx, 128),
        int(cx, 0),
    ];
    let info = namespace::new_record(cx, "sys.hash_info", &names, values)?;
    add(cx, module, "hash_info", info);
    let values = vec![cx.str("pthread"), cx.str("semaphore"), cx.none()];
    let info = namespace::new_record(cx, "sys.thread_info", &["name", "lock", "version"], values)?;
    add(cx, module, "thread_info", info);
    let attributes = vec![
        ("name", cx.str("ungil")),
        ("cache_tag", cx.str("ungil-314")),
        ("version", version_info),
        ("hexversion", int(cx, 0x030e00f0)),
        ("_multiarch", cx.str(crate::sysconfigdata::MULTIARCH)),
        ("supports_isolated_interpreters", cx.bool(false)),
    ];
    let info = simple_namespace::new_namespace(cx, attributes)?;
    add(cx, module, "implementation", info);
    Ok(())
}
