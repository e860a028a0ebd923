//! `template % values` for bytes. The scanning of templates and the numbers are text's (`objects/str/percent.rs`).

use super::sequence::ByteSeq;
use super::{PyByteArray, PyBytes};
use crate::objects::buffer::{bytes_of, contents_of, is_bytes_like};
use crate::objects::str::percent::{Directive, Kind, Scanner, Values, push_number};
use crate::prelude::*;

pub(super) fn modulo<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<T>().held(cx, |cx| format::<T>(cx, a.get(0), a.get(1)))
}

pub(super) fn reflected_modulo<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    match a.get(1).downcast::<T>(cx) {
        Some(template) => template.held(cx, |cx| format::<T>(cx, a.get(1), a.get(0))),
        None => Ok(cx.not_implemented()),
    }
}

fn format<T: ByteSeq>(cx: &mut Cx, template: Ref<'_>, values: Ref<'_>) -> R {
    let text = bytes_of(cx, template)?;
    let mut values = Values::new(cx, values, Kind::Bytes);
    let mut scanner = Scanner { text: &text, at: 0, kind: Kind::Bytes };
    let mut out = Vec::with_capacity(text.len() + 16);
    loop {
        let rest = &text[scanner.at..];
        let literal = memchr::memchr(b'%', rest).unwrap_or(rest.len());
        out.extend_from_slice(&rest[..literal]);
        scanner.at += literal + 1;
        if literal == rest.len() {
            break;
        }
        if text.get(scanner.at) == Some(&b'%') {
            out.push(b'%');
            scanner.at += 1;
            continue;
        }
        let d = scanner.directive(cx, &mut values)?;
        let v = values.next(cx)?;
        convert(cx, &mut out, &d, v.r())?;
    }
    values.finish(cx, Kind::Bytes)?;
    T::make(cx, out)
}

fn convert(cx: &mut Cx, out: &mut Vec<u8>, d: &Directive, v: Ref<'_>) -> R<()> {
    let letter = d.conversion as u8;
    let mut shown = match letter {
        b's' | b'b' => contents(cx, v)?,
        b'r' | b'a' => {
            let text = cx.ascii(v)?;
            cx.text_of(text.r()).into_bytes()
        }
        b'c' => vec![byte(cx, v)?],
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            return push_number(cx, out, d, v, Kind::Bytes).map(drop);
        }
        0x80.. => return Err(cx.overflow_error("character argument not in range(0x110000)")),
        _ => {
            let shown = if letter.is_ascii_control() { '?' } else { letter as char };
            let at = d.at;
            return Err(cx.value_error(format!(
                "unsupported format character '{shown}' (0x{letter:x}) at index {at}"
            )));
        }
    };
    if letter != b'c'
        && let Some(precision) = d.precision
    {
        shown.truncate(precision);
    }
    let fill = d.width.saturating_sub(shown.len());
    if out.try_reserve(fill.saturating_add(shown.len())).is_err() {
        return Err(cx.memory_error());
    }
    out.resize(out.len() + if d.left { 0 } else { fill }, b' ');
    out.extend_from_slice(&shown);
    out.resize(out.len() + if d.left { fill } else { 0 }, b' ');
    Ok(())
}

/// The bytes that `%s` and `%b` show.
fn contents(cx: &mut Cx, v: Ref<'_>) -> R<Vec<u8>> {
    if v.downcast::<PyBytes>(cx).is_none()
        && let Some(method) = cx.class_of(v).special(cx, Special::Bytes)
    {
        let result = cx.call_special(method, v, &[])?;
        if let Some(bytes) = result.downcast::<PyBytes>(cx) {
            return Ok(bytes.as_bytes().to_vec());
        }
        let name = cx.type_name(result.r());
        return Err(cx.type_error(format!("__bytes__ returned non-bytes (type {name})")));
    }
    if is_bytes_like(cx, v) {
        return Ok(contents_of(cx, v)?.into_owned());
    }
    let name = cx.type_name(v);
    Err(cx.type_error(format!(
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{name}'"
    )))
}

/// The byte of `%c`.
fn byte(cx: &mut Cx, v: Ref<'_>) -> R<u8> {
    if v.downcast::<PyBytes>(cx).is_some() || v.downcast::<PyByteArray>(cx).is_some() {
        let bytes = contents_of(cx, v)?;
        if let [b] = *bytes {
            return Ok(b);
        }
        let (name, n) = (cx.type_name(v), bytes.len());
        return Err(cx.type_error(format!(
            "%c requires an integer in range(256) or a single byte, not a {name} object of length {n}"
        )));
    }
    let index = cx.index(v);
    let Some(int) = cx.catch(index, Builtin::TypeError)? else {
        let name = crate::objects::type_::full_name(cx, cx.class_of(v));
        return Err(
            cx.type_error(format!("%c requires an integer in range(256) or a single byte, not {name}"))
        );
    };
    match crate::objects::int::to_i64(cx, int.r()).map(u8::try_from) {
        Some(Ok(b)) => Ok(b),
        _ => Err(cx.overflow_error("%c arg not in range(256)")),
    }
}
