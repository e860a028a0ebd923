//! UTF-7 (RFC 2152): ASCII, and all else as UTF-16 in base 64 between `+` and `-`.

use super::decoder::Decoded;
use super::handler::{Handler, Problem, on_decode_error};
use crate::objects::bytes::try_new_bytes;
use crate::objects::str::{PyStr, StrBuf};
use crate::prelude::*;

/// Whether a character stands for itself outside a shift.
fn is_direct(c: u32) -> bool {
    matches!(c, 0x09 | 0x0a | 0x0d | 0x20..0x7e) && c != b'+' as u32 && c != b'\\' as u32
}

fn base64_value(b: u8) -> Option<u32> {
    Some(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    } as u32)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// # Errors
/// `MemoryError`.
pub fn encode(cx: &mut Cx, s: &PyStr) -> R {
    let mut out = Vec::with_capacity(s.byte_len());
    let (mut bits, mut buffer, mut in_shift) = (0u32, 0u32, false);
    for c in s.code_points() {
        if is_direct(c) {
            if in_shift {
                flush(&mut out, &mut bits, buffer);
                in_shift = false;
                if base64_value(c as u8).is_some() || c == b'-' as u32 {
                    out.push(b'-');
                }
            }
            out.push(c as u8);
            continue;
        }
        if !in_shift {
            if c == b'+' as u32 {
                out.extend(b"+-");
                continue;
            }
            out.push(b'+');
            in_shift = true;
        }
        let (units, n) = units_of(c);
        for unit in &units[..n] {
            buffer = buffer << 16 | unit;
            bits += 16;
            while bits >= 6 {
                bits -= 6;
                out.push(BASE64[(buffer >> bits & 63) as usize]);
            }
            buffer &= (1 << bits) - 1;
        }
    }
    if in_shift {
        flush(&mut out, &mut bits, buffer);
        out.push(b'-');
    }
    try_new_bytes(cx, &out)
}

/// The UTF-16 units of a code point, and their number.
fn units_of(c: u32) -> ([u32; 2], usize) {
    match c {
        0..0x1_0000 => ([c, 0], 1),
        _ => ([0xd800 + ((c - 0x1_0000) >> 10), 0xdc00 + (c & 0x3ff)], 2),
    }
}

/// Writes the bits that are left.
fn flush(out: &mut Vec<u8>, bits: &mut u32, buffer: u32) {
    if *bits > 0 {
        out.push(BASE64[(buffer << (6 - *bits) & 63) as usize]);
        *bits = 0;
    }
}

/// The state within a shift.
#[derive(Default)]
struct Shift {
    buffer: u32,
    bits: u32,
    /// A high surrogate that waits for its other half.
    surrogate: Option<u32>,
}

impl Shift {
    /// Takes six bits in.
    fn take(&mut self, value: u32, out: &mut StrBuf) {
        self.buffer = self.buffer << 6 | value;
        self.bits += 6;
        if self.bits < 16 {
            return;
        }
        self.bits -= 16;
        let unit = self.buffer >> self.bits;
        self.buffer &= (1 << self.bits) - 1;
        match (self.surrogate.take(), unit) {
            (Some(high), 0xdc00..0xe000) => {
                return out.push(0x1_0000 + ((high & 0x3ff) << 10 | unit & 0x3ff));
            }
            (Some(high), _) => out.push(high),
            (None, _) => {}
        }
        match unit {
            0xd800..0xdc00 => self.surrogate = Some(unit),
            _ => out.push(unit),
        }
    }

    /// What is wrong with ending here.
    fn problem(&self) -> Option<&'static str> {
        match (self.bits, self.buffer) {
            (6.., _) => Some("partial character in shift sequence"),
            (1.., 1..) => Some("non-zero padding bits in shift sequence"),
            _ => None,
        }
    }
}

/// Text and the number of bytes used; unless `last`, an unfinished shift is left.
///
/// # Errors
/// `UnicodeDecodeError`, or what the handler raises.
pub fn decode(cx: &mut Cx, data: &[u8], errors: &str, last: bool) -> R<Decoded> {
    let mut out = StrBuf::with_capacity(data.len());
    let (mut at, mut start, mut mark) = (0, 0, out.mark());
    let mut shift: Option<Shift> = None;
    loop {
        let Some(&b) = data.get(at) else {
            let open = match shift.take() {
                None => break,
                Some(_) if !last => {
                    out.truncate(mark);
                    return Ok((out.finish(cx), start));
                }
                Some(open) => open,
            };
            if open.surrogate.is_some() || open.problem().is_some() {
                at = handle(cx, &mut out, data, errors, (start, data.len()), "unterminated shift sequence")?;
            }
            continue;
        };
        let problem = if let Some(open) = &mut shift {
            if let Some(value) = base64_value(b) {
                open.take(value, &mut out);
                at += 1;
                continue;
            }
            let problem = open.problem();
            if problem.is_none() {
                if let Some(surrogate) = open.surrogate
                    && b.is_ascii()
                {
                    out.push(surrogate);
                }
                at += (b == b'-') as usize;
            }
            shift = None;
            problem
        } else {
            start = at;
            match (b, data.get(at + 1)) {
                (b'+', Some(b'-')) => {
                    out.push(b'+' as u32);
                    at += 2;
                    None
                }
                (b'+', Some(&next)) if base64_value(next).is_none() => {
                    at += 1;
                    Some("ill-formed sequence")
                }
                (b'+', _) => {
                    (shift, mark) = (Some(Shift::default()), out.mark());
                    at += 1;
                    None
                }
                (0..0x80, _) => {
                    out.push(b as u32);
                    at += 1;
                    None
                }
                _ => Some("unexpected special character"),
            }
        };
        if let Some(reason) = problem {
            at = handle(cx, &mut out, data, errors, (start, at + 1), reason)?;
        }
    }
    Ok((out.finish(cx), at))
}

fn handle(
    cx: &mut Cx,
    out: &mut StrBuf,
    data: &[u8],
    errors: &str,
    (start, end): (usize, usize),
    reason: &str,
) -> R<usize> {
    let handler = Handler::find(cx, errors)?;
    on_decode_error(cx, &handler, out, data, Problem { encoding: "utf7", start, end, reason })
}
