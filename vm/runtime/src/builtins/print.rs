//! `print` and `input`.

use crate::objects::bytes::PyBytes;
use crate::objects::str::PyStr;
use crate::prelude::*;
use std::io::Write;

/// Name, signature, body.
pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("print", "($module, /, *args, sep=' ', end='\\n', file=None, flush=False)", Full(print)),
    ("input", "($module, prompt='', /)", Full(input)),
];

/// The text of an option, `None` for its default.
fn text_option<'a>(cx: &mut Cx, v: Option<Ref<'a>>, name: &str) -> R<Option<Ref<'a>>> {
    match v {
        Some(v) if v.value().is_none() => Ok(None),
        Some(v) if v.downcast::<PyStr>(cx).is_none() => {
            let got = cx.type_name(v);
            Err(cx.type_error(format!("{name} must be None or a string, not {got}")))
        }
        v => Ok(v),
    }
}

/// A stream of `sys` by name; `None` if it is missing or `None`.
fn stream(cx: &Cx, name: Ref<'_>) -> Option<Obj> {
    cx.sys_dict().get_str(cx, name).filter(|s| !s.value().is_none())
}

fn print(cx: &mut Cx, a: Args<'_>) -> R {
    // Window: sep, end, file, flush, then the tuple of values.
    let sep = text_option(cx, a.opt(0), "sep")?;
    let end = text_option(cx, a.opt(1), "end")?;
    let file = match a.opt_not_none(2) {
        Some(file) => file.own(cx),
        None => {
            let name = cx.vm.names.stdout.get();
            match cx.sys_dict().get_str(cx, name) {
                Some(file) if file.value().is_none() => return Ok(cx.none()),
                Some(file) => file,
                None => return Err(cx.runtime_error("lost sys.stdout")),
            }
        }
    };
    let values = a.varargs(cx, 4);
    match cx.vm.hooks.write_text.get().copied() {
        Some(write) if write(cx, file.r(), None)? => print_fast(cx, write, &file, values, sep, end)?,
        _ => print_by_method(cx, &file, values, sep, end)?,
    }
    if let Some(flush) = a.opt(3)
        && cx.truth(flush)?
    {
        cx.call_method(file.r(), "flush", &[])?;
    }
    Ok(cx.none())
}

/// Prints to a stream whose `write` needs no call: all pieces at once, unless a value's `__str__` may look on.
fn print_fast(
    cx: &mut Cx,
    put: crate::cx::WriteText,
    file: &Obj,
    values: &[Ref<'_>],
    sep: Option<Ref<'_>>,
    end: Option<Ref<'_>>,
) -> R<()> {
    let mut text = Vec::with_capacity(128);
    for (i, v) in values.iter().enumerate() {
        if i > 0 {
            push(cx, &mut text, sep, b" ");
        }
        if let Some(s) = v.downcast::<PyStr>(cx)
            && cx.is_exactly(*v, Builtin::Str)
        {
            text.extend_from_slice(s.as_bytes());
            continue;
        }
        if let Some(n) = v.value().as_int() {
            // Writing to a vector does not fail.
            let _ = write!(text, "{n}");
            continue;
        }
        if v.header().is_some() && !text.is_empty() {
            put(cx, file.r(), Some(&text))?;
            text.clear();
        }
        let s = cx.to_str(*v)?;
        push(cx, &mut text, Some(s.r()), b"");
    }
    push(cx, &mut text, end, b"\n");
    put(cx, file.r(), Some(&text)).map(drop)
}

fn push(cx: &Cx, text: &mut Vec<u8>, s: Option<Ref<'_>>, default: &[u8]) {
    text.extend_from_slice(s.and_then(|s| s.downcast::<PyStr>(cx)).map_or(default, PyStr::as_bytes));
}

fn print_by_method(
    cx: &mut Cx,
    file: &Obj,
    values: &[Ref<'_>],
    sep: Option<Ref<'_>>,
    end: Option<Ref<'_>>,
) -> R<()> {
    let sep = sep.map_or_else(|| cx.str(" "), |v| v.own(cx));
    let end = end.map_or_else(|| cx.str("\n"), |v| v.own(cx));
    for (i, v) in values.iter().enumerate() {
        if i > 0 {
            write_object(cx, file, sep.r())?;
        }
        let text = cx.to_str(*v)?;
        write_object(cx, file, text.r())?;
    }
    write_object(cx, file, end.r())
}

fn write_object(cx: &mut Cx, file: &Obj, text: Ref<'_>) -> R<()> {
    let write = cx.get_attr(file.r(), cx.vm.names.write.get())?;
    cx.call(write.r(), &[text]).map(drop)
}

fn input(cx: &mut Cx, a: Args<'_>) -> R {
    let names = &cx.vm.names;
    let [stdin, stdout, stderr] =
        [(names.stdin, "stdin"), (names.stdout, "stdout"), (names.stderr, "stderr")]
            .map(|(name, text)| stream(cx, name.get()).ok_or(text));
    let lost = |cx: &mut Cx, text: &str| cx.runtime_error(format!("input(): lost sys.{text}"));
    let stdin = stdin.map_err(|text| lost(cx, text))?;
    let stdout = stdout.map_err(|text| lost(cx, text))?;
    let stderr = stderr.map_err(|text| lost(cx, text))?;
    // What is wrong with standard error is nothing to the input.
    let _ = cx.call_method(stderr.r(), "flush", &[]);
    if let Some(prompt) = a.opt(0) {
        let text = cx.to_str(prompt)?;
        cx.call_method(stdout.r(), "write", &[text.r()])?;
    }
    let _ = cx.call_method(stdout.r(), "flush", &[]);
    let line = cx.call_method(stdin.r(), "readline", &[])?;
    if let Some(bytes) = line.downcast::<PyBytes>(cx) {
        let bytes = bytes.as_bytes();
        let bytes = bytes.strip_suffix(b"\n").map_or(bytes, |cut| cut);
        if line.downcast::<PyBytes>(cx).is_some_and(PyBytes::is_empty) {
            return Err(cx.error(Builtin::EOFError, "EOF when reading a line"));
        }
        return crate::objects::bytes::try_new_bytes(cx, bytes);
    }
    let Some(text) = line.downcast::<PyStr>(cx) else {
        return Err(cx.type_error("object.readline() returned non-string"));
    };
    match text.as_bytes() {
        [] => Err(cx.error(Builtin::EOFError, "EOF when reading a line")),
        [cut @ .., b'\n'] => crate::objects::str::try_new_wtf8(cx, cut),
        _ => Ok(line),
    }
}
