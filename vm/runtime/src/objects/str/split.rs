//! `split`, `rsplit`, `splitlines`, `strip` and its two halves.

use super::args::limit;
use super::code_points::{CodePoints, decode_first};
use super::new::{exact, substring};
use super::{PyStr, unicode};
use crate::objects::bytes::search;
use crate::prelude::*;

pub(super) const METHODS: &[(&str, &str, NativeFn)] = &[
    ("split", "($self, /, sep=None, maxsplit=-1)", Full(split)),
    ("rsplit", "($self, /, sep=None, maxsplit=-1)", Full(rsplit)),
    ("splitlines", "($self, /, keepends=False)", Full(split_lines)),
    ("strip", "($self, chars=None, /)", Full(strip)),
    ("lstrip", "($self, chars=None, /)", Full(lstrip)),
    ("rstrip", "($self, chars=None, /)", Full(rstrip)),
];

/// White space at the front: its bytes, 0 if there is none. The text is not empty.
#[inline(always)]
fn space_first(bytes: &[u8]) -> usize {
    match bytes[0] {
        b @ 0..0x80 => is_ascii_space(b) as usize,
        _ => {
            let (c, n) = decode_first(bytes);
            if unicode::is_space(c) { n } else { 0 }
        }
    }
}

/// White space of `str` below 128; `bytes` do not count the separators 0x1c to 0x1f.
#[inline(always)]
fn is_ascii_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r' | 0x1c..=0x1f)
}

/// Bytes of the white space at the end, 0 if there is none. The text is not empty.
#[inline(always)]
fn space_last(bytes: &[u8]) -> usize {
    match bytes[bytes.len() - 1] {
        b @ 0..0x80 => is_ascii_space(b) as usize,
        _ => match CodePoints::new(bytes).next_back() {
            Some(c) if unicode::is_space(c) => super::code_points::width(c),
            _ => 0,
        },
    }
}

/// The separator and limit that the arguments ask for; `None` is white space.
fn split_args<'a>(cx: &mut Cx, a: Args<'a>) -> R<(Option<&'a PyStr>, usize)> {
    let limit = limit(cx, a, 2)?;
    let Some(sep) = a.opt_not_none(1) else { return Ok((None, limit)) };
    let sep = super::args::expect_str_or_none(cx, sep)?;
    if sep.is_empty() {
        return Err(cx.value_error("empty separator"));
    }
    Ok((Some(sep), limit))
}

fn split(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let (sep, limit) = split_args(cx, a)?;
    let parts = match sep {
        None => split_space(cx, s, limit),
        Some(sep) => split_by(cx, s, sep.as_bytes(), limit),
    };
    Ok(cx.list(parts))
}

fn split_by(cx: &Cx, s: &PyStr, sep: &[u8], limit: usize) -> Vec<Obj> {
    let mut parts = Vec::new();
    let mut from = 0;
    search::for_each(s.as_bytes(), sep, limit, |at| {
        parts.push(substring(cx, s, from, at));
        from = at + sep.len();
    });
    parts.push(substring(cx, s, from, s.byte_len));
    parts
}

fn split_space(cx: &Cx, s: &PyStr, limit: usize) -> Vec<Obj> {
    let bytes = s.as_bytes();
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        at += leading_space(&bytes[at..]);
        if at == bytes.len() {
            return parts;
        }
        if parts.len() == limit {
            parts.push(substring(cx, s, at, bytes.len()));
            return parts;
        }
        let from = at;
        while at < bytes.len() && space_first(&bytes[at..]) == 0 {
            at += super::code_points::width_of_first(bytes[at]);
        }
        parts.push(substring(cx, s, from, at));
    }
}

fn rsplit(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let (sep, limit) = split_args(cx, a)?;
    let mut parts = match sep {
        None => rsplit_space(cx, s, limit),
        Some(sep) => rsplit_by(cx, s, sep.as_bytes(), limit),
    };
    parts.reverse();
    Ok(cx.list(parts))
}

fn rsplit_by(cx: &Cx, s: &PyStr, sep: &[u8], limit: usize) -> Vec<Obj> {
    let mut parts = Vec::new();
    let mut end = s.byte_len;
    while parts.len() < limit
        && let Some(at) = search::rfind(&s.as_bytes()[..end], sep)
    {
        parts.push(substring(cx, s, at + sep.len(), end));
        end = at;
    }
    parts.push(substring(cx, s, 0, end));
    parts
}

fn rsplit_space(cx: &Cx, s: &PyStr, limit: usize) -> Vec<Obj> {
    let bytes = s.as_bytes();
    let mut parts = Vec::new();
    let mut end = bytes.len();
    loop {
        end -= trailing_space(&bytes[..end]);
        if end == 0 {
            return parts;
        }
        if parts.len() == limit {
            parts.push(substring(cx, s, 0, end));
            return parts;
        }
        let to = end;
        while end > 0 && space_last(&bytes[..end]) == 0 {
            end = bytes[..end].iter().rposition(|&b| super::code_points::is_start(b)).unwrap_or(0);
        }
        parts.push(substring(cx, s, end, to));
    }
}

/// Bytes of white space at the front.
pub(super) fn leading_space(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        match space_first(&bytes[at..]) {
            0 => break,
            n => at += n,
        }
    }
    at
}

/// Bytes of white space at the end.
pub(super) fn trailing_space(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    while end > 0 {
        match space_last(&bytes[..end]) {
            0 => break,
            n => end -= n,
        }
    }
    bytes.len() - end
}

/// Bytes of the line end at the front, 0 if there is none. The text is not empty.
#[inline]
fn line_end(bytes: &[u8]) -> usize {
    match *bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r' | 0x0b | 0x0c | 0x1c | 0x1d | 0x1e, ..] => 1,
        // U+0085, U+2028, U+2029.
        [0xc2, 0x85, ..] => 2,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

fn split_lines(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let keep = match a.opt(1) {
        Some(v) => cx.truth(v)?,
        None => false,
    };
    let bytes = s.as_bytes();
    let mut lines = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        let n = line_end(&bytes[at..]);
        if n == 0 {
            at += 1;
            continue;
        }
        lines.push(substring(cx, s, from, if keep { at + n } else { at }));
        at += n;
        from = at;
    }
    if from < bytes.len() {
        lines.push(substring(cx, s, from, bytes.len()));
    }
    Ok(cx.list(lines))
}

/// Code points to be stripped.
struct CharSet<'a> {
    ascii: u128,
    other: &'a [u8],
}

impl<'a> CharSet<'a> {
    fn new(chars: &'a PyStr) -> CharSet<'a> {
        let bytes = chars.as_bytes();
        let ascii = bytes.iter().filter(|b| b.is_ascii()).fold(0, |set, &b| set | 1 << b);
        CharSet { ascii, other: if chars.is_ascii() { &[] } else { bytes } }
    }

    /// Whether the code point that starts the text is in the set.
    #[inline]
    fn has(&self, c: u32) -> bool {
        match c {
            0..0x80 => self.ascii >> c & 1 != 0,
            _ => CodePoints::new(self.other).any(|other| other == c),
        }
    }
}

/// Strips at the front, at the end, or both.
fn strip_sides(cx: &mut Cx, a: Args<'_>, name: &str, front: bool, back: bool) -> R {
    let s = a.this::<PyStr>();
    let bytes = s.as_bytes();
    let (from, to) = match a.opt_not_none(1) {
        None => {
            let from = if front { leading_space(bytes) } else { 0 };
            let cut = if back { trailing_space(&bytes[from..]) } else { 0 };
            (from, bytes.len() - cut)
        }
        Some(chars) => {
            let Some(chars) = chars.downcast::<PyStr>(cx) else {
                return Err(cx.type_error(format!("{name} arg must be None or str")));
            };
            let (set, mut rest) = (CharSet::new(chars), CodePoints::new(bytes));
            let mut kept = rest.clone();
            while front && rest.next().is_some_and(|c| set.has(c)) {
                kept = rest.clone();
            }
            let from = bytes.len() - kept.rest().len();
            rest = kept.clone();
            while back && rest.next_back().is_some_and(|c| set.has(c)) {
                kept = rest.clone();
            }
            (from, from + kept.rest().len())
        }
    };
    if to - from == bytes.len() {
        return exact(cx, s);
    }
    Ok(substring(cx, s, from, to))
}

fn strip(cx: &mut Cx, a: Args<'_>) -> R {
    strip_sides(cx, a, "strip", true, true)
}

fn lstrip(cx: &mut Cx, a: Args<'_>) -> R {
    strip_sides(cx, a, "lstrip", true, false)
}

fn rstrip(cx: &mut Cx, a: Args<'_>) -> R {
    strip_sides(cx, a, "rstrip", false, true)
}
