//! Running what the command line names.

use crate::options::{self, Action};
use crate::{interactive, settings, source};
use std::io::Write;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::exception::PyException;
use ungil_runtime::prelude::*;
use ungil_runtime::{bootstrap, import, objects, traceback};

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
    if let Err(message) = settings::complete(&mut config) {
        to_stderr(&message);
        return 1;
    }
    let source = match source::read(&args, &config, &action) {
        Ok(source) => source,
        Err(code) => return code,
    };
    let action = settings::into_main(&mut config, action, &source.0);
    settings::set_path(&mut config, &action);
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
pub fn to_stderr(text: &str) {
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

fn run(cx: &mut Cx, action: &Action, source: (Vec<u8>, String)) -> i32 {
    ungil_stdlib::register(cx.vm);
    ungil_stdlib::signal::start(cx);
    ungil_stdlib::faulthandler::start(cx);
    let mut result = prepare(cx).and_then(|main| execute(cx, action, source, main));
    if interactive::wants_more(cx, action) {
        if let Err(err) = result {
            flush(cx, "stdout");
            report(cx, &err);
        }
        result = interactive::interact(cx);
    }
    let code = match result {
        Ok(()) => 0,
        Err(err) => end_with(cx, err),
    };
    finish(cx, code)
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
        Action::Stdin if interactive::is_interactive(&cx.vm.config) => return interactive::start(cx, dict),
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
pub fn report(cx: &mut Cx, err: &Err) {
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
