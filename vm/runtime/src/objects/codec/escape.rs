//! `unicode_escape`, `raw_unicode_escape`, and the escapes of bytes literals (`codecs.escape_decode`).

use super::decoder::{Step, run};
use crate::objects::bytes::try_new_bytes;
use crate::objects::str::code_points::CodePoints;
use crate::objects::str::{PyStr, StrBuf};
use crate::prelude::*;

/// The character of a one-letter escape, as in `\n`.
fn simple(letter: u8) -> Option<u8> {
    Some(match letter {
        b'\\' | b'\'' | b'"' => letter,
        b'b' => 8,
        b'f' => 12,
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'v' => 11,
        b'a' => 7,
        _ => return None,
    })
}

/// Up to three octal digits at the front: their value and number.
fn octal(rest: &[u8]) -> Option<(u32, usize)> {
    let n = rest.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
    let value = rest[..n].iter().fold(0, |value, b| value * 8 + (b - b'0') as u32);
    (n > 0).then_some((value, n))
}

/// Hexadecimal digits at the front, at most `most`: their value and number.
fn hex(rest: &[u8], most: usize) -> (u32, usize) {
    let digits = rest.iter().take(most).map_while(|&b| (b as char).to_digit(16));
    digits.fold((0, 0), |(value, n), digit| (value << 4 | digit, n + 1))
}

/// What the first doubtful escape was; the caller warns of it.
#[derive(Debug, Default)]
pub struct Doubtful {
    /// The letter of an unknown escape, or the digits of an octal one above 0o377.
    pub escape: Option<String>,
}

impl Doubtful {
    fn note(&mut self, escape: &[u8]) {
        if self.escape.is_none() {
            self.escape = Some(String::from_utf8_lossy(escape).into_owned());
        }
    }
}

/// Decodes `unicode_escape`: Latin-1 with escapes. Text, bytes used, and the first doubtful escape.
///
/// # Errors
/// `UnicodeDecodeError`, or what the handler raises.
pub fn decode_unicode(cx: &mut Cx, data: &[u8], errors: &str, last: bool) -> R<(Obj, usize, Doubtful)> {
    let mut doubtful = Doubtful::default();
    let (text, used) =
        run(cx, data, "unicodeescape", errors, last, |out, rest| step(out, rest, &mut doubtful))?;
    Ok((text, used, doubtful))
}

fn step(out: &mut StrBuf, rest: &[u8], doubtful: &mut Doubtful) -> Step {
    let [b'\\', escape @ ..] = rest else {
        out.push(rest[0] as u32);
        return Step::Good(1);
    };
    let Some(&letter) = escape.first() else { return Step::Partial("\\ at end of string") };
    if letter == b'\n' {
        return Step::Good(2);
    }
    if let Some(c) = simple(letter) {
        out.push(c as u32);
        return Step::Good(2);
    }
    if let Some((value, n)) = octal(escape) {
        if value > 0o377 {
            doubtful.note(&escape[..n]);
        }
        out.push(value);
        return Step::Good(1 + n);
    }
    let (digits, reason) = match letter {
        b'x' => (2, "truncated \\xXX escape"),
        b'u' => (4, "truncated \\uXXXX escape"),
        b'U' => (8, "truncated \\UXXXXXXXX escape"),
        b'N' => return named(out, escape),
        _ => {
            doubtful.note(&escape[..1]);
            out.push_ascii(b"\\");
            return Step::Good(1);
        }
    };
    let (value, n) = hex(&escape[1..], digits);
    match (n == digits, value) {
        (true, 0..0x11_0000) => {
            out.push(value);
            Step::Good(2 + n)
        }
        (true, _) => Step::Bad(2 + n, "illegal Unicode character"),
        (false, _) if escape.len() == 1 + n => Step::Partial(reason),
        (false, _) => Step::Bad(2 + n, reason),
    }
}

/// `N{name}` behind a backslash.
fn named(out: &mut StrBuf, escape: &[u8]) -> Step {
    const MALFORMED: &str = "malformed \\N character escape";
    if escape.get(1).is_some_and(|&b| b != b'{') {
        return Step::Bad(2, MALFORMED);
    }
    let Some(end) = memchr::memchr(b'}', escape) else { return Step::Partial(MALFORMED) };
    if end < 3 {
        return Step::Bad(end + 2, MALFORMED);
    }
    let name = std::str::from_utf8(&escape[2..end]).ok();
    match name.and_then(unicode_names2::character) {
        Some(c) => {
            out.push(c as u32);
            Step::Good(end + 2)
        }
        None => Step::Bad(end + 2, "unknown Unicode character name"),
    }
}

/// Decodes `raw_unicode_escape`: Latin-1 with `\u` and `\U` behind an odd number of backslashes.
///
/// # Errors
/// `UnicodeDecodeError`, or what the handler raises.
pub fn decode_raw(cx: &mut Cx, data: &[u8], errors: &str, last: bool) -> R<(Obj, usize)> {
    run(cx, data, "rawunicodeescape", errors, last, |out, rest| {
        let [b'\\', escape @ ..] = rest else {
            out.push(rest[0] as u32);
            return Step::Good(1);
        };
        let (digits, reason) = match escape.first() {
            Some(b'u') => (4, "truncated \\uXXXX escape"),
            Some(b'U') => (8, "truncated \\UXXXXXXXX escape"),
            None if !last => return Step::Partial("\\ at end of string"),
            second => {
                // A backslash takes the next character along, so that an escaped one starts no escape.
                out.push_ascii(b"\\");
                second.into_iter().for_each(|&b| out.push(b as u32));
                return Step::Good(1 + second.is_some() as usize);
            }
        };
        let (value, n) = hex(&escape[1..], digits);
        match (n == digits, value) {
            (true, 0..0x11_0000) => {
                out.push(value);
                Step::Good(2 + n)
            }
            (true, _) => Step::Bad(2 + n, "\\Uxxxxxxxx out of range"),
            (false, _) if escape.len() == 1 + n => Step::Partial(reason),
            (false, _) => Step::Bad(2 + n, reason),
        }
    })
}

/// # Errors
/// `MemoryError`.
pub fn encode_unicode(cx: &mut Cx, s: &PyStr) -> R {
    let mut out = Vec::with_capacity(s.byte_len());
    for c in CodePoints::new(s.as_bytes()) {
        match c {
            0x5c => out.extend(b"\\\\"),
            0x20..0x7f => out.push(c as u8),
            _ => crate::objects::str::repr::push_escape(&mut out, c),
        }
    }
    try_new_bytes(cx, &out)
}

/// # Errors
/// `MemoryError`.
pub fn encode_raw(cx: &mut Cx, s: &PyStr) -> R {
    let mut out = Vec::with_capacity(s.byte_len());
    for c in CodePoints::new(s.as_bytes()) {
        match c {
            0..0x100 => out.push(c as u8),
            _ => crate::objects::str::repr::push_escape(&mut out, c),
        }
    }
    try_new_bytes(cx, &out)
}

/// Decodes the escapes of a bytes literal (`codecs.escape_decode`): bytes, and the first doubtful escape.
///
/// # Errors
/// `ValueError` ("invalid \\x escape at position 0").
pub fn decode_bytes(cx: &mut Cx, data: &[u8], errors: &str) -> R<(Obj, Doubtful)> {
    let (mut out, mut at, mut doubtful) = (Vec::with_capacity(data.len()), 0, Doubtful::default());
    while let Some(&b) = data.get(at) {
        if b != b'\\' {
            out.push(b);
            at += 1;
            continue;
        }
        let escape = &data[at + 1..];
        let Some(&letter) = escape.first() else { return Err(cx.value_error("Trailing \\ in string")) };
        at += 2;
        if let Some(c) = simple(letter) {
            out.push(c);
        } else if let Some((value, n)) = octal(escape) {
            if value > 0o377 {
                doubtful.note(&escape[..n]);
            }
            out.push(value as u8);
            at += n - 1;
        } else if letter == b'x' {
            let (value, n) = hex(&escape[1..], 2);
            match (n, errors) {
                (2, _) => out.push(value as u8),
                (_, "replace") => out.push(b'?'),
                (_, "ignore") => {}
                (_, "strict") => {
                    return Err(cx.value_error(format!("invalid \\x escape at position {}", at - 2)));
                }
                _ => {
                    let message = format!("decoding error; unknown error handling code: {errors}");
                    return Err(cx.value_error(message));
                }
            }
            at += n;
        } else if letter != b'\n' {
            doubtful.note(&escape[..1]);
            out.extend([b'\\', letter]);
        }
    }
    Ok((try_new_bytes(cx, &out)?, doubtful))
}

/// Encodes bytes as the inside of a literal (`codecs.escape_encode`).
///
/// # Errors
/// `MemoryError`.
pub fn encode_bytes(cx: &mut Cx, data: &[u8]) -> R {
    let mut out = Vec::with_capacity(data.len());
    for &b in data {
        match b {
            b'\\' | b'\'' => out.extend([b'\\', b]),
            0x20..0x7f => out.push(b),
            _ => crate::objects::str::repr::push_escape(&mut out, b as u32),
        }
    }
    try_new_bytes(cx, &out)
}
