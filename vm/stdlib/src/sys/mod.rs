//! `sys`.
//!
//! - `hooks.rs`: what the VM calls to show values and exceptions; `info.rs`: lists and records that are filled at start-up

mod hooks;
mod info;
mod monitoring;
pub mod repl;

use ungil_locks::primitive::Ordering;
use ungil_runtime::interp::frame::{Frame, Frames};
use ungil_runtime::interp::tracing::{self, Hook};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::exception::PyException;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// The Python version that ungil implements.
pub const VERSION: (i64, i64, i64) = (3, 14, 0);

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("exit", "($module, status=None, /)", Full(exit)),
    ("_baserepl", "($module, /)", Full(repl::base)),
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
    ("intern", "($module, string, /)", Full(intern)),
    ("getsizeof", "($module, object, default=<unrepresentable>, /)", Full(getsizeof)),
    ("getdefaultencoding", "($module, /)", Leaf(|cx, _| Ok(cx.str("utf-8")))),
    ("getfilesystemencoding", "($module, /)", Leaf(|cx, _| Ok(cx.str("utf-8")))),
    ("getfilesystemencodeerrors", "($module, /)", Leaf(|cx, _| Ok(cx.str("surrogateescape")))),
    ("is_finalizing", "($module, /)", Full(|cx, _| Ok(cx.bool(cx.world.is_finalizing())))),
    ("audit", "($module, event, /, *args)", Full(|cx, _| Ok(cx.none()))),
    ("_get_cpu_count_config", "($module, /)", Leaf(|cx, _| Ok(cx.int(cpu_count_config(cx).unwrap_or(-1))))),
    ("addaudithook", "($module, hook)", Full(|cx, _| Ok(cx.none()))),
    ("get_int_max_str_digits", "($module, /)", Leaf(get_int_max_str_digits)),
    ("set_int_max_str_digits", "($module, /, maxdigits)", Full(set_int_max_str_digits)),
    ("_is_interned", "($module, string, /)", Full(is_interned)),
    ("_is_immortal", "($module, op, /)", Leaf(is_immortal)),
    ("_clear_type_cache", "($module, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("_clear_internal_caches", "($module, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("getallocatedblocks", "($module, /)", Full(getallocatedblocks)),
    ("_clear_type_descriptors", "($module, type, /)", Full(clear_type_descriptors)),
    ("call_tracing", "($module, func, args, /)", Full(call_tracing)),
    ("is_stack_trampoline_active", "($module, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
    ("is_remote_debug_enabled", "($module, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
    ("_current_frames", "($module, /)", Full(current_frames)),
    ("_current_exceptions", "($module, /)", Full(current_exceptions)),
    ("settrace", "($module, function, /)", Full(|cx, a| set_hook(cx, a, Hook::Trace))),
    ("setprofile", "($module, function, /)", Full(|cx, a| set_hook(cx, a, Hook::Profile))),
    ("_settraceallthreads", "($module, function, /)", Full(|cx, a| set_hook_everywhere(cx, a, Hook::Trace))),
    (
        "_setprofileallthreads",
        "($module, function, /)",
        Full(|cx, a| set_hook_everywhere(cx, a, Hook::Profile)),
    ),
    ("gettrace", "($module, /)", Leaf(|cx, _| Ok(get_hook(cx, Hook::Trace)))),
    ("getprofile", "($module, /)", Leaf(|cx, _| Ok(get_hook(cx, Hook::Profile)))),
];

/// The folder that compiled modules are kept in, if they are not kept beside their sources.
fn pycache_prefix(config: &ungil_runtime::Config) -> Option<String> {
    let given = config.x_options.iter().find(|(name, _)| name == "pycache_prefix");
    let prefix = match given {
        Some((_, value)) => value.clone(),
        None if config.ignore_environment => None,
        None => std::env::var("PYTHONPYCACHEPREFIX").ok(),
    };
    prefix.filter(|prefix| !prefix.is_empty())
}

/// The number of processors that `-X cpu_count` says.
pub fn cpu_count_config(cx: &Cx) -> Option<i64> {
    let given = cx.vm.config.x_options.iter().find(|(name, _)| name == "cpu_count");
    given.and_then(|(_, v)| v.as_ref()?.parse().ok()).filter(|&n: &i64| n > 0)
}

fn exit(cx: &mut Cx, a: Args<'_>) -> R {
    Err(match a.opt_not_none(0) {
        // A tuple is the exception's arguments.
        Some(status) if cx.is_instance_of(status, Builtin::Tuple) => {
            let class = cx.builtin(Builtin::SystemExit).as_ref();
            match ungil_runtime::objects::native::spread(cx, class, status, None) {
                Ok(exception) => ungil_runtime::raise_object(exception),
                Err(err) => err,
            }
        }
        Some(status) => {
            let status = status.own(cx);
            cx.error_with(Builtin::SystemExit, status)
        }
        None => cx.error_bare(Builtin::SystemExit),
    })
}

fn getrefcount(cx: &Cx, a: Args<'_>) -> R {
    Ok(match a.get(0).header() {
        Some(h) => cx.int(cx.mutator().references(h)),
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

fn current_frames(cx: &mut Cx, _: Args<'_>) -> R {
    let dict = PyDict::new(cx);
    let frames: &PyDict = dict.downcast(cx).expect("just made");
    for (ident, frame, _) in cx.all_threads() {
        if let Some(frame) = frame {
            let ident = cx.int(ident as i64);
            frames.set(cx, ident, frame)?;
        }
    }
    Ok(dict)
}

fn current_exceptions(cx: &mut Cx, _: Args<'_>) -> R {
    let dict = PyDict::new(cx);
    let exceptions: &PyDict = dict.downcast(cx).expect("just made");
    for (ident, _, handled) in cx.all_threads() {
        let ident = cx.int(ident as i64);
        exceptions.set(cx, ident, handled)?;
    }
    Ok(dict)
}

fn get_int_max_str_digits(cx: &Cx, _: Args<'_>) -> R {
    // ORD: relaxed; a setting.
    Ok(cx.int(cx.vm.int_max_str_digits.load(Ordering::Relaxed) as i64))
}

fn set_int_max_str_digits(cx: &mut Cx, a: Args<'_>) -> R {
    /// Fewer digits cannot be had: conversions of that size are quick.
    const THRESHOLD: i64 = 640;
    let limit = cx.to_i64(a.get(0))?;
    if limit != 0 && limit < THRESHOLD {
        return Err(cx.value_error(format!("maxdigits must be 0 or larger than {THRESHOLD}")));
    }
    // ORD: relaxed; a setting.
    cx.vm.int_max_str_digits.store(limit as usize, Ordering::Relaxed);
    Ok(cx.none())
}

fn is_interned(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_instance_of(a.get(0), Builtin::Str) {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("_is_interned() argument must be str, not {got}")));
    }
    let interned = a.get(0).header().is_some_and(|h| h.is_immortal());
    Ok(cx.bool(interned))
}

fn is_immortal(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.get(0).header().is_none_or(|h| h.is_immortal())))
}

/// Objects that are alive: what CPython counts are blocks of its allocator.
fn getallocatedblocks(cx: &mut Cx, _: Args<'_>) -> R {
    let objects: usize = ungil_gc::cycle::census(cx).iter().sum();
    Ok(cx.int(objects as i64))
}

fn call_tracing(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_instance_of(a.get(1), Builtin::Tuple) {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("call_tracing() argument 2 must be tuple, not {got}")));
    }
    tracing::call_reporting(cx, |cx| ungil_runtime::objects::native::spread(cx, a.get(0), a.get(1), None))
}

/// Takes `__dict__` and `__weakref__` out of a class that another one is to replace.
fn clear_type_descriptors(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("_clear_type_descriptors() argument must be type, not {got}")));
    };
    if !class.is_heap() || class.has_flag(class_flag::IMMUTABLE) {
        return Err(cx.type_error("argument is immutable"));
    }
    for name in [cx.vm.names.dict, cx.vm.names.weakref] {
        class.delete_attr(cx, name.get())?;
    }
    Ok(cx.none())
}

fn get_hook(cx: &Cx, which: Hook) -> Obj {
    tracing::hook(cx, which).unwrap_or_else(|| cx.none())
}

/// The function that a hook is to be; `None` ends it.
fn hook_function(cx: &Cx, a: Args<'_>) -> Option<Obj> {
    a.opt_not_none(0).map(|f| f.own(cx))
}

fn set_hook(cx: &mut Cx, a: Args<'_>, which: Hook) -> R {
    let function = hook_function(cx, a);
    tracing::set_hook(cx, which, function);
    Ok(cx.none())
}

fn set_hook_everywhere(cx: &mut Cx, a: Args<'_>, which: Hook) -> R {
    let function = hook_function(cx, a);
    tracing::set_hook_everywhere(cx, which, function);
    Ok(cx.none())
}

/// Fills the module, which exists from start-up on.
///
/// # Errors
/// What making its values raises.
pub fn fill(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    hooks::add_to(cx, module)?;
    monitoring::add_to(cx, module)?;
    let config = cx.vm.config.clone();
    let (major, minor, micro) = VERSION;
    let model = ungil_locks::model::NAME;
    let version = format!("{major}.{minor}.{micro} (ungil {}, {model}) [Rust]", env!("CARGO_PKG_VERSION"));
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
        ("_framework", ""),
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
    info::add_lists(cx, module, &config);
    let dont_write = cx.bool(config.dont_write_bytecode);
    add(cx, module, "dont_write_bytecode", dont_write);
    let prefix = pycache_prefix(&config).map_or_else(|| cx.none(), |prefix| cx.str(&prefix));
    add(cx, module, "pycache_prefix", prefix);
    let none = cx.none();
    add(cx, module, "_home", none);
    add_jit(cx, module);
    info::add_records(cx, module, &config)
}

/// `sys._jit`, which tells whether code is compiled to machine code: it is not.
fn add_jit(cx: &mut Cx, module: &Obj) {
    const QUESTIONS: &[(&str, &str, NativeFn)] = &[
        ("is_available", "($module, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
        ("is_enabled", "($module, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
        ("is_active", "($module, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
    ];
    let jit = ungil_runtime::objects::module::new_module(cx, "sys._jit");
    add_functions(cx, &jit, QUESTIONS);
    add(cx, module, "_jit", jit);
}
