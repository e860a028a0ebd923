//! `hex` and `fromhex`.

use super::PyBytes;
use super::sequence::ByteSeq;
use crate::objects::buffer::{bytes_of, is_bytes_like};
use crate::objects::str::args::c_int;
use crate::objects::str::{PyStr, code_points, new_ascii};
use crate::prelude::*;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Hexadecimal digits of bytes, with `sep` between groups counted from the right, or from the left if `group` is negative.
fn digits(bytes: &[u8], sep: Option<u8>, group: i32) -> Vec<u8> {
    let size = group.unsigned_abs() as usize;
    let mut out = Vec::with_capacity(bytes.len() * if sep.is_some() { 3 } else { 2 });
    for (i, &b) in bytes.iter().enumerate() {
        let place = if group > 0 { bytes.len() - i } else { i };
        if let Some(sep) = sep
            && i > 0
            && size > 0
            && place % size == 0
        {
            out.push(sep);
        }
        out.extend([DIGITS[(b >> 4) as usize], DIGITS[(b & 15) as usize]]);
    }
    out
}

/// `hex(sep, bytes_per_sep)` of bytes, the arguments at places 1 and 2.
///
/// # Errors
/// `ValueError`, `TypeError` for a bad separator.
pub(crate) fn to_hex(cx: &mut Cx, bytes: &[u8], a: Args<'_>) -> R {
    let sep = a.opt(1).map(|v| separator(cx, v)).transpose()?;
    let group = match a.opt(2) {
        Some(v) => c_int(cx, v)?,
        None => 1,
    };
    let text = digits(bytes, sep, group);
    Ok(new_ascii(cx, &text))
}

fn separator(cx: &mut Cx, v: Ref<'_>) -> R<u8> {
    if cx.len(v)? != 1 {
        return Err(cx.value_error("sep must be length 1."));
    }
    let c = if let Some(s) = v.downcast::<PyStr>(cx) {
        code_points::decode_first(s.as_bytes()).0
    } else if let Some(bytes) = v.downcast::<PyBytes>(cx) {
        bytes.as_bytes()[0] as u32
    } else {
        return Err(cx.type_error("sep must be str or bytes."));
    };
    match c {
        0..0x80 => Ok(c as u8),
        _ => Err(cx.value_error("sep must be ASCII.")),
    }
}

pub(super) fn hex<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = bytes_of(cx, a.get(0))?;
    a.this::<T>().held(cx, |cx| to_hex(cx, &bytes, a))
}

/// The bytes of hexadecimal digits; white space between bytes is skipped.
fn parse(cx: &mut Cx, text: &[u8]) -> R<Vec<u8>> {
    let value = |b: u8| (b as char).to_digit(16).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut at = 0;
    while let Some(&first) = text.get(at) {
        if super::split::is_space(first) {
            at += 1;
            continue;
        }
        let bad = match (value(first), text.get(at + 1).map(|&b| value(b))) {
            (Some(high), Some(Some(low))) => {
                out.push(high << 4 | low);
                at += 2;
                continue;
            }
            (Some(_), None) => {
                return Err(cx.value_error("fromhex() arg must contain an even number of hexadecimal digits"));
            }
            (Some(_), Some(None)) => at + 1,
            (None, _) => at,
        };
        let bad = code_points::count(&text[..bad]);
        return Err(
            cx.value_error(format!("non-hexadecimal number found in fromhex() arg at position {bad}"))
        );
    }
    Ok(out)
}

/// The class method `fromhex`: subclasses are called with the result.
pub(super) fn from_hex<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(1);
    let bytes = if let Some(s) = v.downcast::<PyStr>(cx) {
        parse(cx, s.as_bytes())?
    } else if is_bytes_like(cx, v) {
        let text = bytes_of(cx, v)?;
        parse(cx, &text)?
    } else {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("fromhex() argument must be str or bytes-like, not {name}")));
    };
    let made = T::make(cx, bytes)?;
    let class = a.get(0);
    let exact = if T::IS_ARRAY { Builtin::ByteArray } else { Builtin::Bytes };
    match class.is(cx.builtin(exact).as_ref()) {
        true => Ok(made),
        false => cx.call(class, &[made.r()]),
    }
}
