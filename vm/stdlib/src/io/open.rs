//! `open`, `open_code`, `text_encoding`.

use super::buffered::Kind;
use super::{buffered, file, text, text_arg};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// `os.fspath(path)`: a string or bytes.
///
/// # Errors
/// `TypeError`, or what `__fspath__` raises.
pub fn fspath(cx: &mut Cx, path: Ref<'_>) -> R {
    let is_path =
        |cx: &Cx, v: Ref<'_>| cx.is_instance_of(v, Builtin::Str) || cx.is_instance_of(v, Builtin::Bytes);
    if is_path(cx, path) {
        return Ok(path.own(cx));
    }
    let name = cx.type_name(path);
    let Some(result) = cx.try_special(Special::Fspath, path, &[])? else {
        return Err(cx.type_error(format!("expected str, bytes or os.PathLike object, not {name}")));
    };
    if is_path(cx, result.r()) {
        return Ok(result);
    }
    let got = cx.type_name(result.r());
    Err(cx.type_error(format!("expected {name}.__fspath__() to return str or bytes, not {got}")))
}

/// What the letters of a mode say.
#[derive(Default)]
struct Mode {
    kind: char,
    updating: bool,
    text: bool,
    binary: bool,
}

fn parse_mode(cx: &mut Cx, mode: &str) -> R<Mode> {
    let mut parsed = Mode::default();
    let mut kinds = 0;
    for (i, c) in mode.char_indices() {
        let known = match c {
            'x' | 'r' | 'w' | 'a' => {
                kinds += 1;
                parsed.kind = c;
                true
            }
            '+' => {
                parsed.updating = true;
                true
            }
            't' => {
                parsed.text = true;
                true
            }
            'b' => {
                parsed.binary = true;
                true
            }
            _ => false,
        };
        if !known || mode[i + c.len_utf8()..].contains(c) {
            return Err(cx.value_error(format!("invalid mode: '{mode}'")));
        }
    }
    if parsed.text && parsed.binary {
        return Err(cx.value_error("can't have text and binary mode at once"));
    }
    match kinds {
        1 => Ok(parsed),
        0 => {
            Err(cx.value_error("Must have exactly one of create/read/write/append mode and at most one plus"))
        }
        _ => Err(cx.value_error("must have exactly one of create/read/write/append mode")),
    }
}

/// The arguments of `open`.
pub struct Request<'a> {
    pub file: Ref<'a>,
    pub mode: &'a str,
    pub buffering: i64,
    pub encoding: Option<Ref<'a>>,
    pub errors: Option<Ref<'a>>,
    pub newline: Option<Ref<'a>>,
    pub closefd: bool,
    pub opener: Option<Ref<'a>>,
}

fn check_binary(cx: &mut Cx, request: &Request<'_>) -> R<()> {
    for (given, what) in [
        (request.encoding.is_some(), "an encoding argument"),
        (request.errors.is_some(), "an errors argument"),
        (request.newline.is_some(), "a newline argument"),
    ] {
        if given {
            return Err(cx.value_error(format!("binary mode doesn't take {what}")));
        }
    }
    if request.buffering == 1 {
        let message = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";
        ungil_runtime::traceback::warn(cx, Builtin::RuntimeWarning, message)?;
    }
    Ok(())
}

/// Opens a file as `open` does.
///
/// # Errors
/// `OSError`, `ValueError`, `TypeError`, or what the opener raises.
pub fn open_request(cx: &mut Cx, request: &Request<'_>) -> R {
    let mode = parse_mode(cx, request.mode)?;
    if mode.binary {
        check_binary(cx, request)?;
    }
    let raw_mode = format!("{}{}", mode.kind, if mode.updating { "+" } else { "" });
    let raw = file::create(cx, request.file, &raw_mode, request.closefd, request.opener)?;
    match stack(cx, request, &mode, &raw) {
        Ok(stream) => Ok(stream),
        Err((top, err)) => match cx.call_method(top.r(), "close", &[]) {
            Ok(_) => Err(err),
            Err(second) => Err(super::chain(cx, err, second)),
        },
    }
}

/// Puts buffer and text stream on a raw stream. With an error: what is to be closed.
fn stack(cx: &mut Cx, request: &Request<'_>, mode: &Mode, raw: &Obj) -> Result<Obj, (Obj, Err)> {
    let fail = |err| (raw.clone(), err);
    let payload = file::exact(cx, raw.r());
    let terminal = match payload {
        Some(file) if request.buffering < 0 => file.is_terminal_unchanged(cx).map_err(fail)?,
        _ => false,
    };
    let line_buffering = request.buffering == 1 || terminal;
    let size = match request.buffering {
        0 if mode.binary => return Ok(raw.clone()),
        0 => return Err(fail(cx.value_error("can't have unbuffered text I/O"))),
        n if n < 0 || line_buffering => buffered::buffer_size(cx, raw.r()).map_err(fail)?,
        n => n as usize,
    };
    let kind = match (mode.updating, mode.kind) {
        (true, _) => Kind::Random,
        (_, 'r') => Kind::Reader,
        _ => Kind::Writer,
    };
    let buffer = buffered::create(cx, kind, raw.r(), size).map_err(fail)?;
    if mode.binary {
        return Ok(buffer);
    }
    let made = wrap(cx, request, &buffer, line_buffering);
    made.map_err(|err| (buffer, err))
}

fn wrap(cx: &mut Cx, request: &Request<'_>, buffer: &Obj, line_buffering: bool) -> R {
    let options = text::Options {
        encoding: request.encoding,
        errors: request.errors,
        newline: text::newline_arg(cx, request.newline, "open() argument 'newline'")?,
        line_buffering,
        write_through: false,
    };
    let stream = text::create(cx, buffer, &options)?;
    let name = ungil_runtime::objects::str::intern(cx, "mode");
    let mode = cx.str(request.mode);
    cx.set_attr(stream.r(), name.get(), mode)?;
    Ok(stream)
}

pub fn open(cx: &mut Cx, a: Args<'_>) -> R {
    let mode = match a.opt(1) {
        None => "r".to_string(),
        Some(mode) if mode.downcast::<PyStr>(cx).is_some() => cx.text_of(mode),
        Some(mode) => {
            let got = if mode.value().is_none() { "None".to_string() } else { cx.type_name(mode) };
            return Err(cx.type_error(format!("open() argument 'mode' must be str, not {got}")));
        }
    };
    let buffering = a.opt(2).map_or(Ok(-1), |v| super::c_int(cx, v))?;
    for (i, name) in [(3, "encoding"), (4, "errors"), (5, "newline")] {
        text_arg(cx, a.opt(i), &format!("open() argument '{name}'"))?;
    }
    let closefd = super::flag_arg(cx, a, 6, true)?;
    let is_number = cx.class_of(a.get(0)).special(cx, Special::Index).is_some();
    let path = if is_number { a.get(0).own(cx) } else { fspath(cx, a.get(0))? };
    open_request(
        cx,
        &Request {
            file: path.r(),
            mode: &mode,
            buffering: buffering as i64,
            encoding: a.opt_not_none(3),
            errors: a.opt_not_none(4),
            newline: a.opt_not_none(5),
            closefd,
            opener: a.opt_not_none(7),
        },
    )
}

pub fn open_code(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(0).downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("open_code() argument 'path' must be str, not {got}")));
    }
    let raw = file::create(cx, a.get(0), "r", true, None)?;
    let size = buffered::buffer_size(cx, raw.r())?;
    buffered::create(cx, Kind::Reader, raw.r(), size)
}

pub fn text_encoding(cx: &mut Cx, a: Args<'_>) -> R {
    match a.opt_not_none(0) {
        Some(encoding) => Ok(encoding.own(cx)),
        None => Ok(cx.str(if cx.vm.config.utf8_mode { "utf-8" } else { "locale" })),
    }
}
