//! The constructor, and appending what an iterable gives.

use super::kind::Kind;
use super::object::{PyArray, reserve};
use super::{CLASS, convert};
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{PyByteArray, PyBytes};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;
use ungil_runtime::traceback::warn;

/// `array(typecode, initializer=None)`.
pub fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Ok(cx.not_implemented()) };
    let args = a.varargs(cx, 1);
    let named = a.varkw(cx, 2).is_some_and(|names| !names.is_empty());
    if named && CLASS.get().is_some_and(|base| class.same_special(cx, base, Special::Init)) {
        return Err(cx.type_error("array.array() takes no keyword arguments"));
    }
    let given = args.len();
    let (code, initial) = match args {
        [] => return Err(cx.type_error("array() takes at least 1 argument (0 given)")),
        [code] => (*code, None),
        [code, initial] => (*code, Some(*initial)),
        _ => return Err(cx.type_error(format!("array() takes at most 2 arguments ({given} given)"))),
    };
    let kind = kind_argument(cx, code)?;
    if let Some(initial) = initial {
        check_text(cx, kind, initial)?;
    }
    let made = PyArray::new_of(cx, class, kind, Vec::new())?;
    // SAFETY: made with this layout.
    let array = unsafe { made.cast_unchecked::<PyArray>() };
    if let Some(initial) = initial {
        fill(cx, array, initial)?;
    }
    Ok(made)
}

fn kind_argument(cx: &mut Cx, v: Ref<'_>) -> R<Kind> {
    let code = match v.downcast::<PyStr>(cx) {
        Some(s) if s.char_len() == 1 => s.code_point(0),
        Some(s) => {
            let n = s.char_len();
            let message =
                format!("array() argument 1 must be a unicode character, not a string of length {n}");
            return Err(cx.type_error(message));
        }
        None => {
            let name = cx.type_name(v);
            return Err(cx.type_error(format!("array() argument 1 must be a unicode character, not {name}")));
        }
    };
    if code == 'u' as u32 {
        let message = "The 'u' type code is deprecated and will be removed in Python 3.16";
        warn(cx, Builtin::DeprecationWarning, message)?;
    }
    match Kind::of(code) {
        Some(kind) => Ok(kind),
        None => Err(cx.value_error("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)")),
    }
}

/// Numbers are not made of text.
fn check_text(cx: &mut Cx, kind: Kind, initial: Ref<'_>) -> R<()> {
    if kind.is_text() {
        return Ok(());
    }
    let what = match initial.downcast::<PyArray>(cx) {
        Some(other) if other.kind.is_text() => "a unicode array",
        _ if initial.downcast::<PyStr>(cx).is_some() => "a str",
        _ => return Ok(()),
    };
    let code = kind.code() as char;
    Err(cx.type_error(format!("cannot use {what} to initialize an array with typecode '{code}'")))
}

/// Appends what the constructor got.
fn fill(cx: &mut Cx, array: &PyArray, initial: Ref<'_>) -> R<()> {
    if let Some(other) = initial.downcast::<PyArray>(cx)
        && other.kind == array.kind
    {
        let bytes = other.snapshot(cx)?;
        return append_bytes(cx, array, &bytes);
    }
    if initial.downcast::<PyBytes>(cx).is_some() || initial.downcast::<PyByteArray>(cx).is_some() {
        let bytes = buffer::bytes_of(cx, initial)?;
        return convert::append_whole(cx, array, &bytes);
    }
    if let Some(s) = initial.downcast::<PyStr>(cx)
        && array.kind.is_text()
    {
        return convert::append_text(cx, array, s);
    }
    append_all(cx, array, initial)
}

/// Appends bytes of whole items.
pub fn append_bytes(cx: &mut Cx, array: &PyArray, bytes: &[u8]) -> R<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    array.resize(cx, |storage| {
        reserve(storage, bytes.len())?;
        storage.extend_from_slice(bytes);
        Ok(())
    })
}

/// Appends the items of an iterable one by one.
fn append_all(cx: &mut Cx, array: &PyArray, iterable: Ref<'_>) -> R<()> {
    let (kind, size) = (array.kind, array.kind.size());
    let iterator = cx.iter(iterable)?;
    while let Some(v) = cx.next(iterator.r())? {
        let item = kind.item(cx, v.r())?;
        append_bytes(cx, array, &item[..size])?;
        cx.poll()?;
    }
    Ok(())
}

/// `extend(iterable)`, also by `+=`.
pub fn extend_with(cx: &mut Cx, array: &PyArray, v: Ref<'_>) -> R<()> {
    match v.downcast::<PyArray>(cx) {
        Some(other) if other.kind == array.kind => {
            let bytes = other.snapshot(cx)?;
            append_bytes(cx, array, &bytes)
        }
        Some(_) => Err(cx.type_error("can only extend with array of same kind")),
        None => append_all(cx, array, v),
    }
}

pub fn extend(cx: &mut Cx, a: Args<'_>) -> R {
    extend_with(cx, a.this::<PyArray>(), a.get(1))?;
    Ok(cx.none())
}
