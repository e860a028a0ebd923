//! `compile`, `eval`, `exec`, and compile errors as exceptions.

use crate::import;
use crate::objects::code::{self, PyCode};
use crate::objects::dict::PyDict;
use crate::objects::str::PyStr;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::borrow::Cow;
use ungil_bytecode::CodeUnit;
use ungil_compiler::{CompileError, Compiled, ErrorKind, Mode, Node, Options, Warning, WarningKind};

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
    error_of_source(cx, error, None)
}

/// As [`compile_error`], for a source that is in no file.
fn error_of_source(cx: &mut Cx, error: CompileError, source: Option<&str>) -> Err {
    let class = match error.kind {
        ErrorKind::IncompleteInput => Builtin::IncompleteInputError,
        ErrorKind::IndentationError => Builtin::IndentationError,
        ErrorKind::TabError => Builtin::TabError,
        ErrorKind::RecursionError => return cx.error(Builtin::RecursionError, &error.message),
        ErrorKind::MemoryError => return cx.error(Builtin::MemoryError, &error.message),
        _ => Builtin::SyntaxError,
    };
    let own = (error.text.is_none() && error.line > 0 && !error.filename.starts_with('<'))
        .then(|| crate::traceback::source_line(cx, &error.filename, error.line.into()))
        .flatten();
    let text = error.text.or_else(|| own.map(|line| line + "\n"));
    let has_place = error.line > 0 || text.is_some();
    let number = |cx: &Cx, n: i64| if has_place { cx.int(n) } else { cx.none() };
    let text = match &text {
        Some(text) => cx.str(text),
        None => cx.none(),
    };
    let details = vec![
        cx.str(&error.filename),
        number(cx, error.line as i64),
        number(cx, error.offset as i64),
        text,
        number(cx, error.end_line as i64),
        number(cx, error.end_offset as i64),
    ];
    let details = cx.tuple(details);
    let message = cx.str(&error.message);
    let exception = crate::objects::exception::new_exception(cx, class, [message, details]);
    if let Some((line, column)) = error.last_statement {
        // From this `traceback` finds out whether a keyword is misspelled.
        let end = |source: &str| if source.ends_with('\n') { "" } else { "\n" };
        let source = source.map_or_else(|| cx.none(), |source| cx.str(&format!("{source}{}", end(source))));
        let (line, column) = (cx.int(line.into()), cx.int(column.into()));
        let metadata = cx.tuple(vec![line, column, source]);
        let name = crate::objects::str::intern(cx, "_metadata");
        if let Err(err) = cx.set_attr(exception.r(), name.get(), metadata) {
            return err;
        }
    }
    crate::err::Raised(exception)
}

/// The text of a source, as PEP 263 says: what the compiler does not know is for the registered codecs.
fn decode<'a>(cx: &mut Cx, bytes: &'a [u8], filename: &str, is_script: bool) -> R<Cow<'a, str>> {
    match decode_foreign(cx, bytes) {
        None => ungil_compiler::decode(bytes, filename, is_script).map_err(|error| compile_error(cx, error)),
        Some(Ok(text)) => Ok(Cow::Owned(text)),
        Some(Err(err)) if cx.is_error(&err, Builtin::UnicodeError) => {
            let what = cx.str_string(err.exception())?;
            Err(cx.error(Builtin::SyntaxError, &format!("(unicode error) {what}")))
        }
        // As the compiler says it of an encoding that nobody knows.
        Some(Err(err)) if cx.is_error(&err, Builtin::LookupError) => {
            ungil_compiler::decode(bytes, filename, is_script).map_err(|error| compile_error(cx, error))
        }
        Some(Err(err)) => Err(err),
    }
}

/// The text of a source that declares an encoding which is for the registered codecs.
pub fn decode_foreign(cx: &mut Cx, bytes: &[u8]) -> Option<R<String>> {
    let encoding = ungil_compiler::foreign_encoding(bytes)?;
    let text = crate::objects::codec::decode(cx, bytes, &encoding, "strict");
    Some(text.map(|text| cx.text_of(text.r())))
}

/// Compiles source bytes (decoded as PEP 263 says).
///
/// # Errors
/// `SyntaxError` and its kin.
pub fn compile_bytes(cx: &mut Cx, source: &[u8], filename: &str, mode: Mode) -> R<Box<CodeUnit>> {
    compile_with(cx, source, filename, mode, Options::default())
}

/// As [`compile_bytes`] for the program itself.
///
/// # Errors
/// As for [`compile_bytes`].
pub fn compile_script(cx: &mut Cx, source: &[u8], filename: &str) -> R<Box<CodeUnit>> {
    compile_with(cx, source, filename, Mode::Exec, Options { is_script: true, ..Options::default() })
}

fn compile_with(
    cx: &mut Cx,
    source: &[u8],
    filename: &str,
    mode: Mode,
    options: Options,
) -> R<Box<CodeUnit>> {
    let options = Options { optimize: cx.vm.config.optimize as i8, ..options };
    let text = decode(cx, source, filename, options.is_script)?;
    let result = ungil_compiler::compile_with_warnings(&text, filename, mode, &options);
    accept(cx, result, filename, None)
}

/// Issues the warnings of a compilation and gives the code, or raises its error.
fn accept(
    cx: &mut Cx,
    result: Result<Compiled, CompileError>,
    filename: &str,
    source: Option<&str>,
) -> R<Box<CodeUnit>> {
    let compiled = match result {
        Ok(compiled) => compiled,
        Err(error) => return Err(error_of_source(cx, error, source)),
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
            let own = crate::traceback::source_line(cx, filename, warning.line.into());
            let text = warning.text.clone().or_else(|| own.map(|line| line + "\n"));
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
                    last_statement: None,
                    incomplete: false,
                },
            ))
        }
        result => result.map(drop),
    }
}

/// The text of a source argument: a string, or a bytes-like object.
fn source_bytes(cx: &mut Cx, v: Ref<'_>, function: &str, what: &str) -> R<(Vec<u8>, bool)> {
    let (bytes, is_text) = if let Some(s) = v.downcast::<PyStr>(cx) {
        if std::str::from_utf8(s.as_bytes()).is_err() {
            // A lone surrogate: what encoding it raises.
            let (utf8, strict) = (cx.str("utf-8"), cx.str("strict"));
            cx.call_method(v, "encode", &[utf8.r(), strict.r()])?;
        }
        (s.as_bytes().to_vec(), true)
    } else {
        let result = crate::objects::buffer::bytes_of(cx, v).map(|bytes| bytes.into_owned());
        match result {
            Ok(bytes) => (bytes, false),
            Err(err) if cx.is_error(&err, Builtin::TypeError) => {
                return Err(cx.type_error(format!("{function}() arg 1 must be a {what}")));
            }
            Err(err) => return Err(err),
        }
    };
    if bytes.contains(&0) {
        return Err(cx.error(Builtin::SyntaxError, "source code string cannot contain null bytes"));
    }
    Ok((bytes, is_text))
}

fn compile_source(
    cx: &mut Cx,
    (bytes, is_text): (Vec<u8>, bool),
    filename: &str,
    mode: Mode,
    options: &Options,
) -> R<&'static PyCode> {
    let text = match (is_text, std::str::from_utf8(&bytes)) {
        (true, Ok(text)) => Cow::Borrowed(text),
        _ => decode(cx, &bytes, filename, false)?,
    };
    let result = ungil_compiler::compile_with_warnings(&text, filename, mode, options);
    let unit = accept(cx, result, filename, Some(&text))?;
    Ok(code::link(cx, &unit))
}

/// Flags of `compile()`.
mod flag {
    pub const ONLY_AST: i64 = 0x400;
    pub const TOP_LEVEL_AWAIT: i64 = 0x2000;
    /// `ONLY_AST` with what is known beforehand put in.
    pub const OPTIMIZED_AST: i64 = 0x8400;
    pub const INCOMPLETE_INPUT: i64 = 0x4000;
    pub const FUTURE_ANNOTATIONS: i64 = 0x100_0000;
    /// The end of interactive input ends no indented block.
    pub const DONT_IMPLY_DEDENT: i64 = 0x200;
    /// `TYPE_COMMENTS` and the bit of `OPTIMIZED_AST`.
    const OTHERS: i64 = 0x1000 | 0x8000;
    /// Features that no longer need a `from __future__ import`, and `nested_scopes`.
    const FUTURES: i64 = 0x10 | 0xfe_0000;
    pub const ALL: i64 = ONLY_AST
        | TOP_LEVEL_AWAIT
        | INCOMPLETE_INPUT
        | DONT_IMPLY_DEDENT
        | FUTURE_ANNOTATIONS
        | OTHERS
        | FUTURES;
}

fn mode_of(cx: &mut Cx, text: &str, flags: i64) -> R<Mode> {
    Ok(match text {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        "func_type" if flags & flag::ONLY_AST == 0 => {
            return Err(cx.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST"));
        }
        _ if flags & flag::ONLY_AST != 0 => {
            return Err(cx.value_error("compile() mode must be 'exec', 'eval', 'single' or 'func_type'"));
        }
        _ => return Err(cx.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    })
}

/// The future features of the code that calls, as flags.
fn inherited_flags(cx: &Cx) -> i64 {
    let regs = cx.regs.get();
    if regs.is_null() {
        return 0;
    }
    i64::from(crate::interp::frame::Frame(regs).code().head.flags) & flag::FUTURE_ANNOTATIONS
}

fn compile(cx: &mut Cx, a: Args<'_>) -> R {
    let filename = filename_of(cx, a.get(1))?;
    let mut flags = match a.opt(3) {
        Some(flags) => cx.to_i64(flags)?,
        None => 0,
    };
    if flags & !flag::ALL != 0 {
        return Err(cx.value_error("compile(): unrecognised flags"));
    }
    let optimize = match a.opt(5) {
        Some(level) => cx.to_i64(level)?,
        None => -1,
    };
    if !(-1..=2).contains(&optimize) {
        return Err(cx.value_error("compile(): invalid optimize value"));
    }
    let inherits = match a.opt(4) {
        Some(dont_inherit) => !cx.truth(dont_inherit)?,
        None => true,
    };
    if inherits {
        flags |= inherited_flags(cx);
    }
    let mode = cx.str_string(a.get(2))?;
    let mode = mode_of(cx, &mode, flags)?;
    let level = if optimize < 0 { cx.vm.config.optimize as i8 } else { optimize as i8 };
    // Whoever has a tree has imported the module of its classes.
    if let Some(take) = cx.vm.hooks.take_tree.get()
        && let Some(tree) = take_any(cx, *take, a.get(0))?
    {
        // What is asked for as a tree again is given back as it is.
        return match flags & flag::OPTIMIZED_AST == flag::ONLY_AST {
            true => Ok(a.get(0).own(cx)),
            false => of_tree(cx, tree, &filename, mode, flags, level),
        };
    }
    let source = source_bytes(cx, a.get(0), "compile", "string, bytes or AST object")?;
    if mode == Mode::Single || flags & flag::INCOMPLETE_INPUT != 0 {
        check_complete(cx, &source.0, &filename, mode, flags)?;
    }
    if flags & flag::ONLY_AST != 0 {
        return syntax_tree(cx, source, &filename, mode, flags, level);
    }
    let options = Options {
        optimize: level,
        future_annotations: flags & flag::FUTURE_ANNOTATIONS != 0,
        is_script: false,
        top_level_await: flags & flag::TOP_LEVEL_AWAIT != 0,
    };
    let code = compile_source(cx, source, &filename, mode, &options)?;
    Ok(code.as_obj())
}

/// Tells input that could go on from what is wrong, and refuses a statement that the end of interactive input does not end.
fn check_complete(cx: &mut Cx, source: &[u8], filename: &str, mode: Mode, flags: i64) -> R<()> {
    let Ok(text) = std::str::from_utf8(source) else { return Ok(()) };
    let asked = flags & flag::INCOMPLETE_INPUT != 0;
    let incomplete = match ungil_compiler::parse_tree(text, filename, mode) {
        Ok(_) if mode == Mode::Single => {
            ungil_compiler::check_ended(text, filename, flags & flag::DONT_IMPLY_DEDENT == 0)
        }
        Err(error) if error.incomplete && asked => Err(error),
        // What else is wrong is told when it is compiled.
        _ => Ok(()),
    };
    match incomplete {
        Ok(()) => Ok(()),
        Err(error) if asked => {
            let (kind, message) = (ErrorKind::IncompleteInput, "incomplete input".to_owned());
            Err(error_of_source(cx, CompileError { kind, message, ..error }, Some(text)))
        }
        Err(error) => Err(error_of_source(cx, error, Some(text))),
    }
}

/// The name of a file: text, bytes or a path object.
fn filename_of(cx: &mut Cx, v: Ref<'_>) -> R<String> {
    if cx.is_instance_of(v, Builtin::Str) {
        return Ok(cx.text_of(v));
    }
    let os = import::import_module(cx, "os")?;
    let name = cx.call_method(os.r(), "fsdecode", &[v])?;
    Ok(cx.text_of(name.r()))
}

/// The syntax tree that an argument is, if it is one.
fn take_any(cx: &mut Cx, take: crate::cx::TakeTree, v: Ref<'_>) -> R<Option<Node>> {
    match cx.is_instance_of(v, Builtin::Str) || cx.is_instance_of(v, Builtin::Bytes) {
        true => Ok(None),
        false => take(cx, v),
    }
}

/// What `compile()` makes of a tree.
fn of_tree(cx: &mut Cx, mut tree: Node, filename: &str, mode: Mode, flags: i64, level: i8) -> R {
    if flags & flag::ONLY_AST != 0 {
        tree.optimize(level);
        return tree_objects(cx, &tree);
    }
    let wanted = match mode {
        Mode::Exec => "Module",
        Mode::Eval => "Expression",
        Mode::Single => "Interactive",
    };
    if tree.class != wanted {
        let got = tree.class;
        return Err(cx.type_error(format!("expected {wanted} node, got {got}")));
    }
    let options = Options {
        optimize: level,
        future_annotations: flags & flag::FUTURE_ANNOTATIONS != 0,
        is_script: false,
        top_level_await: flags & flag::TOP_LEVEL_AWAIT != 0,
    };
    let result = ungil_compiler::compile_tree(&tree, filename, mode, &options);
    let unit = accept(cx, result, filename, None)?;
    Ok(code::link(cx, &unit).as_obj())
}

fn tree_objects(cx: &mut Cx, tree: &Node) -> R {
    match cx.vm.hooks.tree_objects.get() {
        Some(make) => make(cx, tree),
        None => Err(cx.system_error("there is no module _ast")),
    }
}

/// The source as objects of the classes of `ast`.
fn syntax_tree(
    cx: &mut Cx,
    (bytes, is_text): (Vec<u8>, bool),
    filename: &str,
    mode: Mode,
    flags: i64,
    level: i8,
) -> R {
    let text = match (is_text, std::str::from_utf8(&bytes)) {
        (true, Ok(text)) => Cow::Borrowed(text),
        _ => decode(cx, &bytes, filename, false)?,
    };
    let mut parsed = match ungil_compiler::parse_tree(&text, filename, mode) {
        Ok(parsed) => parsed,
        Err(error) => return Err(error_of_source(cx, error, Some(&text))),
    };
    for warning in &parsed.warnings {
        issue(cx, warning, filename)?;
    }
    import::import_module(cx, "_ast")?;
    if flags & flag::OPTIMIZED_AST == flag::OPTIMIZED_AST {
        parsed.tree.optimize(level);
    }
    tree_objects(cx, &parsed.tree)
}

/// Whether the closure given to `exec()` is one for the code.
fn check_closure(cx: &mut Cx, name: &str, code: &PyCode, closure: Option<Ref<'_>>, is_code: bool) -> R<()> {
    let needed = code.free_names.len();
    let text = match closure {
        Some(_) if !is_code => "closure can only be used when source is a code object".to_owned(),
        Some(_) if needed == 0 => "cannot use a closure with this code object".to_owned(),
        Some(closure) => {
            let cells = closure.downcast::<PyTuple>(cx).filter(|_| cx.is_exactly(closure, Builtin::Tuple));
            let fits = cells.is_some_and(|cells| {
                let is_cell = |cell: &Ref<'_>| cell.downcast::<crate::objects::cell::PyCell>(cx).is_some();
                cells.items().len() == needed && cells.items().iter().all(is_cell)
            });
            match fits {
                true => return Ok(()),
                false => format!("code object requires a closure of exactly length {needed}"),
            }
        }
        None if needed == 0 => return Ok(()),
        None if name == "exec" => format!("code object requires a closure of exactly length {needed}"),
        None => format!("code object passed to {name}() may not contain free variables"),
    };
    Err(cx.type_error(text))
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
        && let Some(own) = dict.get_str(cx, cx.vm.names.builtins.get())
        && cx.class_of(own.r()).special(cx, Special::GetItem).is_none()
        && own.downcast::<crate::objects::module::PyModule>(cx).is_none()
    {
        let got = cx.type_name(own.r());
        return Err(cx.type_error(format!("'{got}' object is not subscriptable")));
    }
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
            let mut source = source_bytes(cx, a.get(0), name, "string, bytes or code object")?;
            if matches!(mode, Mode::Eval) {
                let skip = source.0.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
                source.0.drain(..skip);
            }
            let options = Options {
                optimize: cx.vm.config.optimize as i8,
                future_annotations: inherited_flags(cx) != 0,
                ..Options::default()
            };
            compile_source(cx, source, "<string>", mode, &options)?
        }
    };
    let is_code = a.get(0).downcast::<PyCode>(cx).is_some();
    let closure = if matches!(mode, Mode::Exec) { a.opt_not_none(3) } else { None };
    check_closure(cx, name, code, closure, is_code)?;
    if !code.head.has_namespace {
        let f = crate::objects::function::new_function(cx, code, globals);
        if let (Some(function), Some(closure)) =
            (f.downcast::<crate::objects::function::PyFunction>(cx), closure)
        {
            function.closure.set(&function.h, cx, closure.own(cx));
        }
        return cx.call(f.r(), &[]);
    }
    let result = import::run_code(cx, code, globals, locals)?;
    Ok(if matches!(mode, Mode::Eval) || a.get(0).downcast::<PyCode>(cx).is_some() {
        result
    } else {
        cx.none()
    })
}
