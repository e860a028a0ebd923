//! `compile`, `eval`, `exec`, and compile errors as exceptions.

use crate::import;
use crate::objects::code::{self, PyCode};
use crate::objects::dict::PyDict;
use crate::prelude::*;
use ungil_bytecode::CodeUnit;
use ungil_compiler::{CompileError, Compiled, ErrorKind, Mode, Options, Warning, WarningKind};

/// Name, signature, body.
pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    (
        "compile",
        "($module, source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)",
        Full(compile),
    ),
    ("eval", "($module, source, /, globals=None, locals=None)", Full(|cx, a| evaluate(cx, a, Mode::Eval))),
    (
        "exec",
        "($module, source, /, globals=None, locals=None, *, closure=None)",
        Full(|cx, a| evaluate(cx, a, Mode::Exec)),
    ),
];

/// The `SyntaxError` (or other exception) of a compile error.
pub fn compile_error(cx: &mut Cx, error: CompileError) -> Err {
    let class = match error.kind {
        ErrorKind::IndentationError => Builtin::IndentationError,
        ErrorKind::TabError => Builtin::TabError,
        ErrorKind::RecursionError => return cx.error(Builtin::RecursionError, &error.message),
        ErrorKind::MemoryError => return cx.memory_error(),
        _ => Builtin::SyntaxError,
    };
    let number = |cx: &Cx, n: i64| if n == 0 { cx.none() } else { cx.int(n) };
    let text = match &error.text {
        Some(text) => cx.str(text),
        None => cx.none(),
    };
    let details = vec![
        cx.str(&error.filename),
        number(cx, error.line as i64),
        cx.int(error.offset as i64),
        text,
        number(cx, error.end_line as i64),
        cx.int(error.end_offset as i64),
    ];
    let details = cx.tuple(details);
    let message = cx.str(&error.message);
    crate::err::Raised(crate::objects::exception::new_exception(cx, class, [message, details]))
}

/// Compiles source bytes (decoded as PEP 263 says).
///
/// # Errors
/// `SyntaxError` and its kin.
pub fn compile_bytes(cx: &mut Cx, source: &[u8], filename: &str, mode: Mode) -> R<Box<CodeUnit>> {
    let options = Options { optimize: cx.vm.config.optimize as i8, ..Options::default() };
    let result = ungil_compiler::compile_bytes_with_warnings(source, filename, mode, &options);
    accept(cx, result, filename)
}

/// Issues the warnings of a compilation and gives the code, or raises its error.
fn accept(cx: &mut Cx, result: Result<Compiled, CompileError>, filename: &str) -> R<Box<CodeUnit>> {
    let compiled = match result {
        Ok(compiled) => compiled,
        Err(error) => return Err(compile_error(cx, error)),
    };
    for warning in &compiled.warnings {
        issue(cx, warning, filename)?;
    }
    crate::Vm::check(&compiled.code);
    Ok(compiled.code)
}

/// Issues a warning of the compiler. One that a filter turns into an exception becomes a `SyntaxError` at its place.
fn issue(cx: &mut Cx, warning: &Warning, filename: &str) -> R<()> {
    let category = match warning.kind {
        WarningKind::SyntaxWarning => Builtin::SyntaxWarning,
        WarningKind::DeprecationWarning => Builtin::DeprecationWarning,
    };
    let module = import::import_module(cx, "_warnings")?;
    let (text, name) = (cx.str(&warning.message), cx.str(filename));
    let (class, line) = (cx.builtin(category).as_ref(), cx.int(warning.line as i64));
    let result = cx.call_method(module.r(), "warn_explicit", &[text.r(), class, name.r(), line.r()]);
    match result {
        Err(err) if cx.is_error(&err, category) => {
            let own = || crate::traceback::source_line(filename, warning.line.into()).map(|line| line + "\n");
            let text = warning.text.clone().or_else(own);
            Err(compile_error(
                cx,
                CompileError {
                    kind: ErrorKind::SyntaxError,
                    message: warning.error.as_ref().unwrap_or(&warning.message).clone(),
                    filename: filename.to_owned(),
                    line: warning.line,
                    offset: warning.offset as i32,
                    end_line: warning.end_line,
                    end_offset: warning.end_offset as i32,
                    text,
                    incomplete: false,
                },
            ))
        }
        result => result.map(drop),
    }
}

/// The text of a source argument: a string, or a bytes-like object.
fn source_bytes(cx: &mut Cx, v: Ref<'_>, function: &str) -> R<(Vec<u8>, bool)> {
    if let Some(s) = v.downcast::<crate::objects::str::PyStr>(cx) {
        return Ok((s.as_bytes().to_vec(), true));
    }
    if cx.is_instance_of(v, Builtin::Bytes) || cx.is_instance_of(v, Builtin::ByteArray) {
        return crate::objects::buffer::bytes_of(cx, v).map(|b| (b.into_owned(), false));
    }
    Err(cx.type_error(format!("{function}() arg 1 must be a string, bytes or code object")))
}

fn compile_source(
    cx: &mut Cx,
    v: Ref<'_>,
    function: &str,
    filename: &str,
    mode: Mode,
    options: &Options,
) -> R<&'static PyCode> {
    let (mut bytes, is_text) = source_bytes(cx, v, function)?;
    if matches!(mode, Mode::Eval) {
        let skip = bytes.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
        bytes.drain(..skip);
    }
    let result = match (is_text, std::str::from_utf8(&bytes)) {
        (true, Ok(text)) => ungil_compiler::compile_with_warnings(text, filename, mode, options),
        _ => ungil_compiler::compile_bytes_with_warnings(&bytes, filename, mode, options),
    };
    let unit = accept(cx, result, filename)?;
    Ok(code::link(cx, *unit))
}

fn compile(cx: &mut Cx, a: Args<'_>) -> R {
    let filename = cx.str_string(a.get(1))?;
    let mode = match cx.str_string(a.get(2))?.as_str() {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        _ => return Err(cx.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    };
    let flags = match a.opt(3) {
        Some(flags) => cx.to_i64(flags)?,
        None => 0,
    };
    let optimize = match a.opt(5) {
        Some(level) => cx.to_i64(level)?,
        None => -1,
    };
    if !(-1..=2).contains(&optimize) {
        return Err(cx.value_error("compile(): invalid optimize value"));
    }
    const FUTURE_ANNOTATIONS: i64 = 0x100_0000;
    let options = Options {
        optimize: if optimize < 0 { cx.vm.config.optimize as i8 } else { optimize as i8 },
        future_annotations: flags & FUTURE_ANNOTATIONS != 0,
        ..Options::default()
    };
    let code = compile_source(cx, a.get(0), "compile", &filename, mode, &options)?;
    Ok(code.as_obj())
}

fn evaluate(cx: &mut Cx, a: Args<'_>, mode: Mode) -> R {
    let name = if matches!(mode, Mode::Eval) { "eval" } else { "exec" };
    let regs = cx.regs.get();
    let calling = (!regs.is_null()).then_some(crate::interp::frame::Frame(regs));
    let globals = match (a.opt_not_none(1), calling) {
        (Some(globals), _) if globals.downcast::<PyDict>(cx).is_some() => globals.own(cx),
        (Some(globals), _) => {
            let got = cx.type_name(globals);
            return Err(cx.type_error(format!("{name}() globals must be a dict, not {got}")));
        }
        (None, Some(frame)) => ref_of(frame.function().globals_unchecked()).own(cx),
        (None, None) => return Err(cx.system_error("globals and locals cannot be NULL")),
    };
    let locals = match (a.opt_not_none(2), a.opt_not_none(1), calling) {
        (Some(locals), _, _) => Some(locals.own(cx)),
        (None, Some(_), _) | (None, None, None) => None,
        (None, None, Some(frame)) => {
            let object = crate::objects::frame::of(cx, frame);
            let payload = object.downcast::<crate::objects::frame::PyFrame>(cx).expect("a frame object");
            Some(payload.locals_dict(cx)?)
        }
    };
    let locals = locals.filter(|l| l.value() != globals.value());
    if let Some(dict) = globals.downcast::<PyDict>(cx)
        && dict.get_str(cx, cx.vm.names.builtins.get()).is_none()
    {
        let builtins = ref_of(cx.builtins()).own(cx);
        dict.set_str(cx, cx.vm.names.builtins.get(), builtins);
    }
    let code = match a.get(0).downcast::<PyCode>(cx) {
        // SAFETY: code objects are immortal.
        Some(code) => unsafe { &*(code as *const PyCode) },
        None => {
            let options = Options { optimize: cx.vm.config.optimize as i8, ..Options::default() };
            compile_source(cx, a.get(0), name, "<string>", mode, &options)?
        }
    };
    if !code.free_names.is_empty() {
        return Err(cx.type_error(format!("code object passed to {name}() may not contain free variables")));
    }
    if !code.unit.has_namespace {
        let f = crate::objects::function::new_function(cx, code, globals);
        return cx.call(f.r(), &[]);
    }
    let result = import::run_code(cx, code, globals, locals)?;
    Ok(if matches!(mode, Mode::Eval) || a.get(0).downcast::<PyCode>(cx).is_some() {
        result
    } else {
        cx.none()
    })
}
