//! The `ungil` program.

use std::io::Write;
use ungil_runtime::prelude::*;
use ungil_runtime::{Config, import, objects};

/// Native stack of the main thread (address space; only what is used is backed by memory).
const STACK: usize = 512 << 20;

fn main() {
    let run = || {
        ungil_runtime::interp::stack::set_native_stack_size(STACK);
        std::process::exit(real_main())
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
    match thread {
        Ok(handle) => drop(handle.join()),
        Err(error) => {
            eprintln!("ungil: cannot start: {error}");
            std::process::exit(1);
        }
    }
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let text =
        a.get(0).downcast::<objects::str::PyStr>(cx).map(|s| s.as_bytes().to_vec()).unwrap_or_default();
    let _ = std::io::stdout().write_all(&text);
    Ok(cx.int(text.len() as i64))
}

fn write_err(cx: &mut Cx, a: Args<'_>) -> R {
    let text =
        a.get(0).downcast::<objects::str::PyStr>(cx).map(|s| s.as_bytes().to_vec()).unwrap_or_default();
    let _ = std::io::stderr().write_all(&text);
    Ok(cx.int(text.len() as i64))
}

fn flush(cx: &mut Cx, _: Args<'_>) -> R {
    let _ = std::io::stdout().flush();
    Ok(cx.none())
}

fn stream(cx: &mut Cx, name: &str, f: fn(&mut Cx, Args<'_>) -> R) -> Obj {
    let made = objects::module::new_module(cx, name);
    objects::module::add_functions(
        cx,
        &made,
        &[("write", "($module, text, /)", Full(f)), ("flush", "($module, /)", Full(flush))],
    );
    made
}

fn real_main() -> i32 {
    let args: Vec<String> = std::env::args().collect();
    let (source, filename) = match args.get(1).map(String::as_str) {
        Some("-c") => (args.get(2).cloned().unwrap_or_default().into_bytes(), "<string>".to_string()),
        Some("--dis") => {
            let file = args.get(2).cloned().unwrap_or_default();
            let bytes = std::fs::read(&file).unwrap_or_default();
            match ungil_compiler::compile_bytes(
                &bytes,
                &file,
                ungil_compiler::Mode::Exec,
                &Default::default(),
            ) {
                Ok(unit) => print!("{}", ungil_bytecode::disassemble(&unit)),
                Err(error) => eprintln!("{}: line {}", error.message, error.line),
            }
            return 0;
        }
        Some(file) => match std::fs::read(file) {
            Ok(bytes) => (bytes, file.to_string()),
            Err(error) => {
                eprintln!("ungil: can't open file '{file}': {error}");
                return 2;
            }
        },
        None => return 2,
    };
    let mut cx = ungil_runtime::bootstrap::boot(Config::default());
    let cx = &mut *cx;
    let out = stream(cx, "stdout", write);
    let err = stream(cx, "stderr", write_err);
    let argv: Vec<Obj> = args.iter().skip(1).map(|a| cx.str(a)).collect();
    let argv = cx.list(argv);
    for (name, v) in [("stdout", out), ("stderr", err), ("argv", argv)] {
        let key = objects::str::intern(cx, name);
        cx.sys_dict().set_str(cx, key.get(), v);
    }
    import::keep_source(&filename, &source);
    let main = objects::module::new_module(cx, "__main__");
    let dict = match cx.get_attr_str(main.r(), "__dict__") {
        Ok(dict) => dict,
        Err(err) => {
            ungil_runtime::traceback::print_exception(cx, &err);
            return 1;
        }
    };
    match import::run_source(cx, &source, &filename, dict) {
        Ok(_) => {
            let _ = std::io::stdout().flush();
            0
        }
        Err(err) => {
            let _ = std::io::stdout().flush();
            ungil_runtime::traceback::print_exception(cx, &err);
            1
        }
    }
}
