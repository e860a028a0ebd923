//! Running what the command line names.

use crate::options::{self, Action};
use std::io::{IsTerminal, Read, Write};
use std::path::{Component, Path};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::exception::PyException;
use ungil_runtime::prelude::*;
use ungil_runtime::{Config, bootstrap, import, objects, traceback};

/// The exit code of a program that an uncaught `KeyboardInterrupt` has ended, as shells show it.
const INTERRUPTED: i32 = 130;

/// What the program ends with.
pub fn main() -> i32 {
    let args: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let (mut config, action) = match options::parse(&args) {
        Ok(parsed) => parsed,
        Err(message) => {
            to_stderr(&message);
            return 2;
        }
    };
    match &action {
        Action::Help => {
            to_stdout(options::HELP);
            return 0;
        }
        Action::Version(times) => {
            print_version(*times);
            return 0;
        }
        Action::Disassemble(file) => return disassemble(file),
        _ => {}
    }
    read_environment(&mut config);
    for choose in [choose_gil, choose_digits, choose_timeline] {
        if let Err(message) = choose(&mut config) {
            to_stderr(&message);
            return 1;
        }
    }
    ungil_stdlib::io::settle_encodings(&mut config);
    config.executable = std::env::current_exe().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let source = match read_source(&args, &config, &action) {
        Ok(source) => source,
        Err(code) => return code,
    };
    let action = into_main(&mut config, action, &source.0);
    set_path(&mut config, &action);
    // Never dropped: the process ends while the thread is attached, so that none of the others runs on meanwhile.
    let mut cx = std::mem::ManuallyDrop::new(bootstrap::boot(config));
    run(&mut cx, &action, source)
}

/// Writes to standard output, before there is `sys.stdout`. A reader that has gone away is no error of the program.
fn to_stdout(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
fn to_stderr(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn print_version(times: u8) {
    let (major, minor, micro) = ungil_stdlib::sys::VERSION;
    to_stdout(&format!("Python {major}.{minor}.{micro}\n"));
    if times > 1 {
        let (own, model) = (env!("CARGO_PKG_VERSION"), ungil_stdlib::model_name());
        to_stdout(&format!("[ungil {own}, model {model}]\n"));
    }
}

fn disassemble(file: &str) -> i32 {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            to_stderr(&format!("ungil: can't open file '{file}': {error}\n"));
            return 2;
        }
    };
    match ungil_compiler::compile_bytes(&bytes, file, ungil_compiler::Mode::Exec, &Default::default()) {
        Ok(unit) => {
            to_stdout(&ungil_bytecode::disassemble(&unit).to_string());
            0
        }
        Err(error) => {
            to_stderr(&format!("  File \"{file}\", line {}\nSyntaxError: {}\n", error.line, error.message));
            1
        }
    }
}

/// Ticks after which the GIL is given up with `-X gil=ticks`: CPython's `sys.getcheckinterval()` before 3.2.
const GIL_TICKS: u32 = 100;

/// Reads `-X gil` and `PYTHON_GIL`. Whether there is a GIL is decided when the program is built.
fn choose_gil(config: &mut Config) -> Result<(), String> {
    let enabled = ungil_stdlib::gil_enabled();
    let option = config.x_options.iter().rev().find(|(name, _)| name == "gil");
    let variable = std::env::var("PYTHON_GIL").ok().filter(|v| !v.is_empty() && !config.ignore_environment);
    let value = match (option, variable) {
        (Some((_, value)), _) => value.clone().unwrap_or_default(),
        (None, Some(value)) => value,
        (None, None) => return Ok(()),
    };
    let problem = match value.as_str() {
        "0" if !enabled => return Ok(()),
        "1" if enabled => return Ok(()),
        "ticks" if enabled => {
            config.gil_ticks = Some(GIL_TICKS);
            return Ok(());
        }
        "0" => "Disabling the GIL is not supported by this build",
        "1" | "ticks" => "Enabling the GIL is not supported by this build",
        _ => "PYTHON_GIL / -X gil must be \"0\" or \"1\"",
    };
    Err(format!("Fatal Python error: config_read_gil: {problem}\nPython runtime state: preinitialized\n\n"))
}

/// Reads `-X int_max_str_digits` and `PYTHONINTMAXSTRDIGITS`.
fn choose_digits(config: &mut Config) -> Result<(), String> {
    const LEAST: usize = 640;
    let option = config.x_options.iter().rev().find(|(name, _)| name == "int_max_str_digits");
    let variable = std::env::var("PYTHONINTMAXSTRDIGITS").ok();
    let variable = variable.filter(|value| !value.is_empty() && !config.ignore_environment);
    let (value, what) = match (option, variable) {
        (Some((_, value)), _) => (value.clone().unwrap_or_default(), "-X int_max_str_digits"),
        (None, Some(value)) => (value, "PYTHONINTMAXSTRDIGITS"),
        (None, None) => return Ok(()),
    };
    match value.parse() {
        Ok(digits) if digits == 0 || digits >= LEAST => {
            config.int_max_str_digits = Some(digits);
            Ok(())
        }
        _ => Err(format!(
            "Fatal Python error: config_init_int_max_str_digits: {what}: invalid limit; must be >= {LEAST} or 0 for unlimited.\nPython runtime state: preinitialized\n\n"
        )),
    }
}

/// Reads `-X timeline=FILE`. A file that cannot be written is told now, not after the program's run.
fn choose_timeline(config: &mut Config) -> Result<(), String> {
    let Some((_, value)) = config.x_options.iter().rev().find(|(name, _)| name == "timeline") else {
        return Ok(());
    };
    let file =
        value.clone().filter(|file| !file.is_empty()).ok_or("ungil: -X timeline=FILE needs a file\n")?;
    // Absolute: the program may change its directory.
    let path = std::fs::write(&file, "").and_then(|()| std::path::absolute(&file));
    let path = path.map_err(|error| format!("ungil: -X timeline: {file}: {error}\n"))?;
    config.timeline = Some(path.to_string_lossy().into_owned());
    Ok(())
}

fn read_environment(config: &mut Config) {
    config.stdlib_dir = std::env::var("UNGIL_STDLIB").unwrap_or_default();
    config.dev_mode = config.x_options.iter().any(|(name, _)| name == "dev");
    config.no_debug_ranges = config.x_options.iter().any(|(name, _)| name == "no_debug_ranges");
    if !config.ignore_environment {
        read_python_variables(config);
    }
    if config.dev_mode {
        config.warn_options.insert(0, "default".to_string());
    }
}

/// A path from the root, without its detours (`os.path.abspath`).
fn absolute(path: &str) -> String {
    let mut whole = std::env::current_dir().unwrap_or_else(|_| "/".into());
    for part in Path::new(path).components() {
        match part {
            Component::RootDir => whole = "/".into(),
            Component::ParentDir => drop(whole.pop()),
            Component::Normal(part) => whole.push(part),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    whole.to_string_lossy().into_owned()
}

fn read_python_variables(config: &mut Config) {
    let set = |name: &str| std::env::var(name).is_ok_and(|v| !v.is_empty());
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse().ok());
    if let Some(path) = std::env::var("PYTHONPATH").ok().filter(|path| !path.is_empty()) {
        for entry in path.split(':').map(absolute) {
            if !config.path.contains(&entry) {
                config.path.push(entry);
            }
        }
    }
    let seed = std::env::var("PYTHONHASHSEED").ok().filter(|_| !config.random_hashes);
    config.hash_seed = seed.and_then(|seed| seed.parse().ok());
    config.unbuffered |= set("PYTHONUNBUFFERED");
    config.dont_write_bytecode |= set("PYTHONDONTWRITEBYTECODE");
    config.dev_mode |= set("PYTHONDEVMODE");
    config.no_debug_ranges |= set("PYTHONNODEBUGRANGES");
    config.safe_path |= set("PYTHONSAFEPATH");
    config.no_user_site |= set("PYTHONNOUSERSITE");
    config.inspect |= set("PYTHONINSPECT");
    // A variable without a number counts as one.
    for (name, level) in [
        ("PYTHONDEBUG", &mut config.debug),
        ("PYTHONOPTIMIZE", &mut config.optimize),
        ("PYTHONVERBOSE", &mut config.verbose),
    ] {
        if set(name) {
            *level = (*level).max(number(name).unwrap_or(1));
        }
    }
    if let Ok(filters) = std::env::var("PYTHONWARNINGS") {
        let filters = filters.split(',').filter(|filter| !filter.is_empty()).map(str::to_string);
        config.warn_options.splice(0..0, filters);
    }
}

/// Whether a file is an archive that `zipimport` can read: its directory ends the file, but for a comment.
fn is_archive(source: &[u8]) -> bool {
    const END_OF_DIRECTORY: &[u8] = b"PK\x05\x06";
    const MAX_DISTANCE: usize = 22 + 0xffff;
    let tail = &source[source.len().saturating_sub(MAX_DISTANCE)..];
    tail.windows(END_OF_DIRECTORY.len()).any(|bytes| bytes == END_OF_DIRECTORY)
}

/// A folder or an archive as the program: its `__main__` is run, and its other modules are found in it first.
fn into_main(config: &mut Config, action: Action, source: &[u8]) -> Action {
    match action {
        Action::File(file) if Path::new(&file).is_dir() || is_archive(source) => {
            config.path.insert(0, absolute(&file));
            Action::Main
        }
        other => other,
    }
}

/// The library's place on the path, and `sys.path[0]`: the script's folder, or the working directory.
fn set_path(config: &mut Config, action: &Action) {
    config.path.push(import::library_entry(&config.stdlib_dir));
    if config.safe_path || matches!(action, Action::Main) {
        return;
    }
    let first = match action {
        Action::File(file) => {
            let real = std::fs::canonicalize(file).unwrap_or_else(|_| Path::new(file).to_path_buf());
            real.parent().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default()
        }
        Action::Module(_) => {
            std::env::current_dir().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default()
        }
        _ => String::new(),
    };
    config.path.insert(0, first);
}

/// The source text and the file name that tracebacks show; nothing for a module.
fn read_source(args: &[String], config: &Config, action: &Action) -> Result<(Vec<u8>, String), i32> {
    let program = args.first().map_or("ungil", String::as_str);
    match action {
        Action::Code(code) => Ok((dedent(code).into_bytes(), "<string>".into())),
        Action::File(file) => read_file(program, file),
        Action::Stdin if is_interactive(config) => Ok((Vec::new(), "<stdin>".into())),
        Action::Stdin => {
            let mut source = Vec::new();
            match std::io::stdin().lock().read_to_end(&mut source) {
                Ok(_) => Ok((source, "<stdin>".into())),
                Err(error) => {
                    to_stderr(&format!("{program}: can't read standard input: {error}\n"));
                    Err(1)
                }
            }
        }
        _ => Ok((Vec::new(), String::new())),
    }
}

/// Takes the indentation that all lines have in common, blank ones excepted, from each.
fn dedent(code: &str) -> String {
    let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_blank = |line: &str| line.trim().is_empty();
    let mut lines = code.lines().filter(|line| !is_blank(line));
    let Some(first) = lines.next() else { return code.to_owned() };
    let common = lines.fold(&first[..indentation(first)], |common, line| {
        let shared = common.bytes().zip(line.bytes()).take_while(|(a, b)| a == b).count();
        &common[..shared]
    });
    if common.is_empty() {
        return code.to_owned();
    }
    let lines = code.split_inclusive('\n');
    lines
        .map(|line| if is_blank(line) { line.trim_start_matches([' ', '\t']) } else { &line[common.len()..] })
        .collect()
}

fn read_file(program: &str, file: &str) -> Result<(Vec<u8>, String), i32> {
    let path = std::path::absolute(file).unwrap_or_else(|_| file.into());
    if path.is_dir() {
        return Ok((Vec::new(), String::new()));
    }
    match std::fs::read(&path) {
        Ok(source) => Ok((source, path.to_string_lossy().into_owned())),
        Err(error) => {
            let number = error.raw_os_error().unwrap_or(2);
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            to_stderr(&format!("{program}: can't open file '{}': [Errno {number}] {text}\n", path.display()));
            Err(2)
        }
    }
}

fn run(cx: &mut Cx, action: &Action, source: (Vec<u8>, String)) -> i32 {
    ungil_stdlib::register(cx.vm);
    ungil_stdlib::signal::start(cx);
    ungil_stdlib::faulthandler::start(cx);
    let mut result = prepare(cx).and_then(|main| execute(cx, action, source, main));
    if wants_more(cx, action) {
        if let Err(err) = result {
            flush(cx, "stdout");
            report(cx, &err);
        }
        result = interact(cx);
    }
    let code = match result {
        Ok(()) => 0,
        Err(err) => end_with(cx, err),
    };
    finish(cx, code)
}

/// Whether somebody types what standard input gives, or is to be treated so.
fn is_interactive(config: &Config) -> bool {
    config.interactive || std::io::stdin().is_terminal()
}

/// Whether the program is to be inspected after it has ended (`-i`, `PYTHONINSPECT`, which the program may set).
fn wants_more(cx: &Cx, action: &Action) -> bool {
    let config = &cx.vm.config;
    let wanted = config.inspect
        || !config.ignore_environment && std::env::var("PYTHONINSPECT").is_ok_and(|v| !v.is_empty());
    wanted && !matches!(action, Action::Stdin) && is_interactive(config)
}

/// Lets the user type statements.
fn interact(cx: &mut Cx) -> R<()> {
    let config = &cx.vm.config;
    let plain = !std::io::stdin().is_terminal()
        || !config.ignore_environment && std::env::var("PYTHON_BASIC_REPL").is_ok_and(|v| !v.is_empty());
    ungil_stdlib::sys::repl::interact(cx, plain)
}

/// Runs the file that `PYTHONSTARTUP` names. What goes wrong in it is told.
fn run_startup(cx: &mut Cx, globals: Obj) {
    let file = std::env::var("PYTHONSTARTUP").ok().filter(|file| !file.is_empty());
    let Some(file) = file.filter(|_| !cx.vm.config.ignore_environment) else { return };
    match std::fs::read(&file) {
        Ok(source) => {
            if let Err(err) = import::run_source(cx, &source, &file, globals) {
                report(cx, &err);
            }
        }
        Err(error) => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            let number = error.raw_os_error().unwrap_or(0);
            to_stderr(&format!(
                "Could not open PYTHONSTARTUP\nFileNotFoundError: [Errno {number}] {text}: '{file}'\n"
            ));
        }
    }
}

/// Greets, runs the user's own file, and lets the user type statements.
fn start_interactive(cx: &mut Cx, globals: Obj) -> R<()> {
    if !cx.vm.config.quiet {
        let key = cx.str("version");
        let version = cx.sys_dict().get_str(cx, key.r()).map(|v| cx.text_of(v.r())).unwrap_or_default();
        let version = version.replace('\n', " ");
        let help = "Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.";
        to_stderr(&format!("Python {version} on {}\n{help}\n", std::env::consts::OS));
    }
    run_startup(cx, globals);
    interact(cx)
}

/// Fills `sys` and makes `__main__`.
fn prepare(cx: &mut Cx) -> R {
    let key = cx.str("sys");
    let sys = cx.modules().get_str(cx, key.r()).unwrap_or_else(|| cx.none());
    ungil_stdlib::sys::fill(cx, &sys)?;
    ungil_stdlib::io::install(cx, &sys)?;
    let main = objects::module::new_module(cx, "__main__");
    let name = objects::str::intern(cx, "__main__");
    cx.modules().set_str(cx, name.get(), main.clone());
    if !cx.vm.config.no_site {
        ungil_stdlib::site::add_builtins(cx)?;
    }
    Ok(main)
}

fn execute(cx: &mut Cx, action: &Action, source: (Vec<u8>, String), main: Obj) -> R<()> {
    let dict = cx.get_attr_str(main.r(), "__dict__")?;
    let builtins = cx.str("builtins");
    if let Some(builtins) = cx.modules().get_str(cx, builtins.r())
        && let Some(dict) = dict.downcast::<PyDict>(cx)
    {
        dict.set_str(cx, cx.vm.names.builtins.get(), builtins);
    }
    match action {
        Action::Module(name) => return run_module(cx, name, true),
        Action::Main => return run_module(cx, "__main__", false),
        Action::Stdin if is_interactive(&cx.vm.config) => return start_interactive(cx, dict),
        _ => {}
    }
    let (text, filename) = source;
    if let Action::Code(_) = action {
        return import::run_command(cx, &text, dict).map(drop);
    }
    if filename.starts_with('<') {
        import::keep_source(&filename, &text);
    } else {
        let file = cx.str(&filename);
        objects::module::add(cx, &main, "__file__", file);
    }
    import::run_source(cx, &text, &filename, dict).map(drop)
}

/// Runs a module as `__main__`. Of the module that `-m` names, the file becomes `sys.argv[0]`.
fn run_module(cx: &mut Cx, name: &str, alter_argv: bool) -> R<()> {
    let runpy = import::import_module(cx, "runpy")?;
    let (name, alter_argv) = (cx.str(name), cx.bool(alter_argv));
    cx.call_method(runpy.r(), "_run_module_as_main", &[name.r(), alter_argv.r()]).map(drop)
}

/// Reports an uncaught exception; the exit code that it means.
fn end_with(cx: &mut Cx, err: Err) -> i32 {
    if cx.is_error(&err, Builtin::SystemExit) {
        let e = err.exception().downcast::<PyException>(cx);
        let code = e.and_then(|e| e.fields[0].get(&e.h, cx)).unwrap_or_else(|| cx.none());
        if code.value().is_none() {
            return 0;
        }
        if cx.is_instance_of(code.r(), Builtin::Int) {
            // What is too large for C counts as -1, as there.
            return (objects::int::to_i64(cx, code.r()).unwrap_or(-1) & 0xff) as i32;
        }
        let text = cx.str_string(code.r()).unwrap_or_default();
        flush(cx, "stdout");
        traceback::write_stderr(cx, &(text + "\n"));
        return 1;
    }
    flush(cx, "stdout");
    report(cx, &err);
    if cx.is_error(&err, Builtin::KeyboardInterrupt) { INTERRUPTED } else { 1 }
}

/// Shows an exception that nobody has caught, by `sys.excepthook`.
fn report(cx: &mut Cx, err: &Err) {
    let class = cx.class_of(err.exception()).as_ref().own(cx);
    let hook = cx.sys_dict().get_str(cx, cx.vm.names.excepthook.get());
    let trace = err.exception().downcast::<PyException>(cx).and_then(|e| e.traceback.get(&e.h, cx));
    let trace = trace.unwrap_or_else(|| cx.none());
    match hook {
        Some(hook) => {
            if let Err(second) = cx.call(hook.r(), &[class.r(), err.exception(), trace.r()]) {
                traceback::write_stderr(cx, "Error in sys.excepthook:\n");
                traceback::print_exception(cx, &second);
                traceback::write_stderr(cx, "\nOriginal exception was:\n");
                traceback::print_exception(cx, err);
            }
        }
        None => traceback::print_exception(cx, err),
    }
}

/// Flushes a standard stream; false if that failed.
fn flush(cx: &mut Cx, name: &str) -> bool {
    let key = cx.str(name);
    match cx.sys_dict().get_str(cx, key.r()) {
        Some(stream) if !stream.value().is_none() => cx.call_method(stream.r(), "flush", &[]).is_ok(),
        _ => true,
    }
}

/// Runs the finalizers of what is still alive. While daemon threads use objects, only those that the main module's
/// variables hold are let go of, if any class has a `__del__`; functions, classes and modules stay for them to use.
/// False if nothing was done.
fn clear_main(cx: &mut Cx) -> bool {
    let key = cx.str("__main__");
    let main = cx.modules().get_str(cx, key.r());
    let dict = main.and_then(|main| cx.get_attr_str(main.r(), "__dict__").ok());
    let Some(dict) = dict.as_ref().and_then(|dict| dict.downcast::<PyDict>(cx)) else { return false };
    let variables: Vec<_> = dict.keys(cx).iter().filter_map(|name| dict.get_str(cx, name.r())).collect();
    if ungil_runtime::exit::finalize_all(cx, &variables) {
        return true;
    }
    drop(variables);
    if !ungil_runtime::class::any_has_del() {
        return false;
    }
    let kept = [Builtin::Module, Builtin::Function, Builtin::NativeFunction, Builtin::Type];
    for name in dict.keys(cx) {
        let Some(value) = dict.get_str(cx, name.r()) else { continue };
        if kept.iter().any(|&kind| cx.is_instance_of(value.r(), kind))
            || cx.text_of(name.r()).starts_with("__")
        {
            continue;
        }
        dict.set_str(cx, name.r(), cx.none());
        drop(value);
        cx.run_pending();
    }
    ungil_runtime::collection::run_full(cx);
    true
}

/// Waits for threads, flushes, and stops everything else.
fn finish(cx: &mut Cx, code: i32) -> i32 {
    let threading = cx.str("threading");
    if let Some(module) = cx.modules().get_str(cx, threading.r())
        && let Err(err) = cx.call_method(module.r(), "_shutdown", &[])
    {
        traceback::print_exception(cx, &err);
    }
    ungil_stdlib::atexit::run(cx);
    let mut flushed = ungil_stdlib::io::finish(cx);
    cx.world.set_finalizing(&cx.thread);
    if ungil_runtime::class::any_has_tp_del() {
        ungil_runtime::collection::run_full(cx);
    }
    ungil_runtime::collection::warn_of_garbage(cx);
    if clear_main(cx) {
        flushed &= ungil_stdlib::io::finish(cx);
    }
    ungil_stdlib::ungil::write_stats();
    ungil_stdlib::ungil::write_timeline(cx);
    if code == INTERRUPTED {
        ungil_stdlib::signal::end_by_interrupt();
    }
    if flushed { code } else { 120 }
}
