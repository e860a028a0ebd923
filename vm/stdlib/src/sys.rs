//! `sys`.

use crate::library;
use std::sync::atomic::Ordering;
use ungil_runtime::interp::frame::{Frame, Frames};
use ungil_runtime::objects::exception::PyException;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::{namespace, simple_namespace, traceback};
use ungil_runtime::prelude::*;

/// The Python version that ungil implements.
pub const VERSION: (i64, i64, i64) = (3, 14, 0);

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("exit", "($module, status=None, /)", Full(exit)),
    ("getrefcount", "($module, object, /)", Leaf(getrefcount)),
    ("getrecursionlimit", "($module, /)", Full(getrecursionlimit)),
    ("setrecursionlimit", "($module, limit, /)", Full(setrecursionlimit)),
    ("getswitchinterval", "($module, /)", Full(getswitchinterval)),
    ("setswitchinterval", "($module, interval, /)", Full(setswitchinterval)),
    ("_is_gil_enabled", "($module, /)", Leaf(|cx, _| Ok(cx.bool(ungil_locks::model::GIL_ENABLED)))),
    ("_getframe", "($module, depth=0, /)", Full(getframe)),
    ("_getframemodulename", "($module, depth=0)", Full(getframemodulename)),
    ("exc_info", "($module, /)", Full(exc_info)),
    ("exception", "($module, /)", Full(|cx, _| Ok(cx.handled_exception()))),
    ("excepthook", "($module, exctype, value, traceback, /)", Full(excepthook)),
    ("displayhook", "($module, object, /)", Full(displayhook)),
    ("unraisablehook", "($module, unraisable, /)", Full(ungil_runtime::traceback::unraisable_hook)),
    ("intern", "($module, string, /)", Full(intern)),
    ("getsizeof", "($module, object, default=<unrepresentable>, /)", Full(getsizeof)),
    ("getdefaultencoding", "($module, /)", Leaf(|cx, _| Ok(cx.str("utf-8")))),
    ("getfilesystemencoding", "($module, /)", Leaf(|cx, _| Ok(cx.str("utf-8")))),
    ("getfilesystemencodeerrors", "($module, /)", Leaf(|cx, _| Ok(cx.str("surrogateescape")))),
    ("is_finalizing", "($module, /)", Full(|cx, _| Ok(cx.bool(cx.world.is_finalizing())))),
    ("audit", "($module, event, /, *args)", Full(|cx, _| Ok(cx.none()))),
    ("_get_cpu_count_config", "($module, /)", Leaf(|cx, _| Ok(cx.int(cpu_count_config(cx).unwrap_or(-1))))),
    ("addaudithook", "($module, hook)", Full(|cx, _| Ok(cx.none()))),
    ("gettrace", "($module, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("getprofile", "($module, /)", Leaf(|cx, _| Ok(cx.none()))),
];

/// The number of processors that `-X cpu_count` says.
pub fn cpu_count_config(cx: &Cx) -> Option<i64> {
    let given = cx.vm.config.x_options.iter().find(|(name, _)| name == "cpu_count");
    given.and_then(|(_, v)| v.as_ref()?.parse().ok()).filter(|&n: &i64| n > 0)
}

fn exit(cx: &mut Cx, a: Args<'_>) -> R {
    Err(match a.opt_not_none(0) {
        Some(status) => {
            let status = status.own(cx);
            cx.error_with(Builtin::SystemExit, status)
        }
        None => cx.error_bare(Builtin::SystemExit),
    })
}

fn getrefcount(cx: &Cx, a: Args<'_>) -> R {
    Ok(match a.get(0).header() {
        Some(h) => cx.int(h.ref_count()),
        None => cx.int(u32::MAX as i64),
    })
}

fn getrecursionlimit(cx: &mut Cx, _: Args<'_>) -> R {
    // ORD: relaxed; a setting.
    Ok(cx.int(cx.vm.recursion_limit.load(Ordering::Relaxed) as i64))
}

fn setrecursionlimit(cx: &mut Cx, a: Args<'_>) -> R {
    let limit = cx.to_i64(a.get(0))?;
    if limit < 1 {
        return Err(cx.value_error("recursion limit must be greater or equal than 1"));
    }
    cx.set_recursion_limit(limit.min(1 << 22) as usize)?;
    Ok(cx.none())
}

fn getswitchinterval(cx: &mut Cx, _: Args<'_>) -> R {
    Ok(cx.float(cx.world.switch_interval().as_secs_f64()))
}

fn setswitchinterval(cx: &mut Cx, a: Args<'_>) -> R {
    let seconds = cx.to_f64(a.get(0))?;
    if seconds.is_nan() || seconds <= 0.0 {
        return Err(cx.value_error("switch interval must be strictly positive"));
    }
    cx.world.set_switch_interval(std::time::Duration::from_secs_f64(seconds.min(1e6)));
    Ok(cx.none())
}

/// The frame `depth` levels above the caller of the native.
fn frame_at(cx: &mut Cx, depth: i64) -> R<Frame> {
    let (regs, ip) = cx.position();
    match Frames::from(regs, ip).nth(depth.max(0) as usize) {
        Some((frame, _)) => Ok(frame),
        None => Err(cx.value_error("call stack is not deep enough")),
    }
}

fn depth_arg(cx: &mut Cx, a: Args<'_>) -> R<i64> {
    match a.opt(0) {
        Some(depth) => cx.to_i64(depth),
        None => Ok(0),
    }
}

fn getframe(cx: &mut Cx, a: Args<'_>) -> R {
    let depth = depth_arg(cx, a)?;
    let frame = frame_at(cx, depth)?;
    Ok(ungil_runtime::objects::frame::of(cx, frame))
}

fn getframemodulename(cx: &mut Cx, a: Args<'_>) -> R {
    let depth = depth_arg(cx, a)?;
    let Ok(frame) = frame_at(cx, depth) else { return Ok(cx.none()) };
    let f = frame.function();
    Ok(f.module.get(&f.h, cx).unwrap_or_else(|| cx.none()))
}

fn exc_info(cx: &mut Cx, _: Args<'_>) -> R {
    let handled = cx.handled_exception();
    if handled.value().is_none() {
        let nones = vec![cx.none(), cx.none(), cx.none()];
        return Ok(cx.tuple(nones));
    }
    let class = cx.class_of(handled.r()).as_ref().own(cx);
    let traceback = handled.downcast::<PyException>(cx).and_then(|e| e.traceback.get(&e.h, cx));
    let traceback = traceback.unwrap_or_else(|| cx.none());
    Ok(cx.tuple(vec![class, handled, traceback]))
}

fn excepthook(cx: &mut Cx, a: Args<'_>) -> R {
    let exception = a.get(1).own(cx);
    if let (Some(e), Some(t)) = (exception.downcast::<PyException>(cx), a.opt_not_none(2))
        && t.downcast::<traceback::PyTraceback>(cx).is_some()
    {
        e.traceback.set(&e.h, cx, t.own(cx));
    }
    let text = ungil_runtime::traceback::format_value(cx, exception);
    ungil_runtime::traceback::write_stderr(cx, &text);
    Ok(cx.none())
}

fn displayhook(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(0).value().is_none() {
        return Ok(cx.none());
    }
    let text = cx.repr_string(a.get(0))? + "\n";
    let text = cx.str(&text);
    if let Some(stdout) = cx.sys_dict().get_str(cx, cx.vm.names.stdout.get()) {
        cx.call_method(stdout.r(), "write", &[text.r()])?;
    }
    let name = cx.vm.names.underscore.get();
    let value = a.get(0).own(cx);
    cx.builtins().set_str(cx, name, value);
    Ok(cx.none())
}

fn intern(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_exactly(a.get(0), Builtin::Str) {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("intern() argument must be str, not {got}")));
    }
    let s = a.get(0).own(cx);
    Ok(ungil_runtime::objects::str::intern_obj(cx, s))
}

fn getsizeof(cx: &mut Cx, a: Args<'_>) -> R {
    match cx.try_special(Special::Sizeof, a.get(0), &[])? {
        Some(size) => Ok(size),
        None => match a.opt(1) {
            Some(default) => Ok(default.own(cx)),
            None => Ok(cx.int(16)),
        },
    }
}

/// Fills the module, which exists from start-up on.
///
/// # Errors
/// What making its values raises.
pub fn fill(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for hook in ["excepthook", "displayhook", "unraisablehook"] {
        let key = cx.str(hook);
        if let Some(function) = cx.sys_dict().get_str(cx, key.r()) {
            add(cx, module, &format!("__{hook}__"), function);
        }
    }
    let config = cx.vm.config.clone();
    let (major, minor, micro) = VERSION;
    let model = ungil_locks::model::NAME;
    let version = format!("{major}.{minor}.{micro} (ungil {}, {model})", env!("CARGO_PKG_VERSION"));
    for (name, text) in [
        ("version", version.as_str()),
        ("platform", "linux"),
        ("byteorder", "little"),
        ("executable", config.executable.as_str()),
        ("_base_executable", config.executable.as_str()),
        ("prefix", "/usr"),
        ("base_prefix", "/usr"),
        ("exec_prefix", "/usr"),
        ("base_exec_prefix", "/usr"),
        ("platlibdir", "lib"),
        ("abiflags", ""),
        ("copyright", "Copyright (c) the ungil authors"),
        ("float_repr_style", "short"),
    ] {
        let text = cx.str(text);
        add(cx, module, name, text);
    }
    let hex = (major << 24) | (minor << 16) | (micro << 8) | 0xf0;
    for (name, n) in
        [("maxsize", i64::MAX), ("maxunicode", 0x10ffff), ("hexversion", hex), ("api_version", 1013)]
    {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    let hook_args = ungil_runtime::traceback::unraisable_args_class(cx)?;
    add(cx, module, "UnraisableHookArgs", hook_args);
    add_lists(cx, module, &config);
    let dont_write = cx.bool(config.dont_write_bytecode);
    add(cx, module, "dont_write_bytecode", dont_write);
    let none = cx.none();
    add(cx, module, "pycache_prefix", none);
    add_records(cx, module, &config)
}

fn text_list(cx: &Cx, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Obj {
    let items = texts.into_iter().map(|t| cx.str(t.as_ref())).collect();
    cx.list(items)
}

fn add_lists(cx: &mut Cx, module: &Obj, config: &ungil_runtime::Config) {
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
    for name in ["path_importer_cache", "_xoptions"] {
        let dict = ungil_runtime::objects::dict::PyDict::new(cx);
        add(cx, module, name, dict);
    }
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

fn add_records(cx: &mut Cx, module: &Obj, config: &ungil_runtime::Config) -> R<()> {
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
        0,
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
        0,
        config.utf8_mode as i64,
        0,
        config.safe_path as i64,
        4300,
        ungil_locks::model::GIL_ENABLED as i64,
        0,
        0,
    ];
    let values = flags.iter().map(|&n| int(cx, n)).collect();
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
        ("supports_isolated_interpreters", cx.bool(false)),
    ];
    let info = simple_namespace::new_namespace(cx, attributes)?;
    add(cx, module, "implementation", info);
    Ok(())
}
