//! `center`, `ljust`, `rjust`, `zfill`, `expandtabs`.

use super::args::{c_int, ssize};
use super::code_points::decode_first;
use super::new::exact;
use super::{PyStr, StrBuf};
use crate::prelude::*;

pub(super) const METHODS: &[(&str, &str, NativeFn)] = &[
    ("center", "($self, width, fillchar=' ', /)", Full(center)),
    ("ljust", "($self, width, fillchar=' ', /)", Full(ljust)),
    ("rjust", "($self, width, fillchar=' ', /)", Full(rjust)),
    ("zfill", "($self, width, /)", Full(zfill)),
    ("expandtabs", "($self, /, tabsize=8)", Full(expand_tabs)),
];

/// Width and fill character of the arguments; the width is what is missing, `None` if nothing is.
fn missing(cx: &mut Cx, a: Args<'_>) -> R<Option<(usize, u32)>> {
    let width = ssize(cx, a.get(1))?;
    let fill = match a.opt(2) {
        None => b' ' as u32,
        Some(v) => fill_char(cx, v)?,
    };
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(a.this::<PyStr>().char_len);
    Ok((missing > 0).then_some((missing, fill)))
}

fn fill_char(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    let Some(s) = v.downcast::<PyStr>(cx) else {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("The fill character must be a unicode character, not {name}")));
    };
    match s.char_len {
        1 => Ok(decode_first(s.as_bytes()).0),
        _ => Err(cx.type_error("The fill character must be exactly one character long")),
    }
}

/// The string between two runs of the fill character.
pub(super) fn pad(cx: &mut Cx, s: &PyStr, left: usize, right: usize, fill: u32) -> R {
    let mut out = StrBuf::default();
    let added = (left + right).saturating_mul(super::code_points::width(fill));
    if !out.reserve(added.saturating_add(s.byte_len)) {
        return Err(cx.memory_error());
    }
    out.push_repeated(fill, left);
    out.push_str(s);
    out.push_repeated(fill, right);
    Ok(out.finish(cx))
}

fn center(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let Some((missing, fill)) = missing(cx, a)? else { return exact(cx, s) };
    // The odd one goes to the left if the width is odd, as in CPython.
    let left = missing / 2 + (missing & (missing + s.char_len) & 1);
    pad(cx, s, left, missing - left, fill)
}

fn ljust(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    match missing(cx, a)? {
        Some((missing, fill)) => pad(cx, s, 0, missing, fill),
        None => exact(cx, s),
    }
}

fn rjust(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    match missing(cx, a)? {
        Some((missing, fill)) => pad(cx, s, missing, 0, fill),
        None => exact(cx, s),
    }
}

fn zfill(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let Some((missing, _)) = missing(cx, a)? else { return exact(cx, s) };
    let mut out = StrBuf::default();
    if !out.reserve(missing.saturating_add(s.byte_len)) {
        return Err(cx.memory_error());
    }
    let (sign, digits) = match s.as_bytes() {
        [sign @ (b'+' | b'-'), rest @ ..] => (std::slice::from_ref(sign), rest),
        all => (&[][..], all),
    };
    out.push_ascii(sign);
    out.push_repeated(b'0' as u32, missing);
    out.push_wtf8(digits);
    Ok(out.finish(cx))
}

fn expand_tabs(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let size = match a.opt(1) {
        Some(v) => usize::try_from(c_int(cx, v)?).unwrap_or(0),
        None => 8,
    };
    if !s.as_bytes().contains(&b'\t') {
        return exact(cx, s);
    }
    let mut out = StrBuf::with_capacity(s.byte_len);
    let mut column = 0;
    for c in s.code_points() {
        if c == b'\t' as u32 {
            let n = if size > 0 { size - column % size } else { 0 };
            if !out.reserve(n) {
                return Err(cx.overflow_error("new string is too long"));
            }
            out.push_repeated(b' ' as u32, n);
            column += n;
        } else {
            out.push(c);
            column = if c == b'\n' as u32 || c == b'\r' as u32 { 0 } else { column + 1 };
        }
    }
    Ok(out.finish(cx))
}
