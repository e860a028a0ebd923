//! `repr` of strings and bytes.

use super::{PyStr, StrBuf, code_points, unicode};
use crate::prelude::*;

/// The quote that needs fewer escapes: `'` unless the text has it and not `"`.
fn quote_for(bytes: &[u8]) -> u8 {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends the lowest `digits` hexadecimal digits.
fn push_hex(out: &mut Vec<u8>, c: u32, digits: u32) {
    (0..digits).rev().for_each(|i| out.push(HEX[(c >> (4 * i) & 15) as usize]));
}

/// Appends the escape of a code point as in `\n`, `\x00`, `\u1234`, `\U00012345`.
pub(crate) fn push_escape(out: &mut Vec<u8>, c: u32) {
    out.push(b'\\');
    match c {
        0x09 => out.push(b't'),
        0x0a => out.push(b'n'),
        0x0d => out.push(b'r'),
        0..0x100 => {
            out.push(b'x');
            push_hex(out, c, 2);
        }
        0x100..0x1_0000 => {
            out.push(b'u');
            push_hex(out, c, 4);
        }
        _ => {
            out.push(b'U');
            push_hex(out, c, 8);
        }
    }
}

/// `repr(s)`.
pub fn repr(cx: &Cx, s: &PyStr) -> Obj {
    let bytes = s.as_bytes();
    let quote = quote_for(bytes);
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(quote);
    let mut at = 0;
    while at < bytes.len() {
        let b = bytes[at];
        match b {
            _ if b == quote || b == b'\\' => out.extend([b'\\', b]),
            0x20..0x7f => out.push(b),
            0..0x80 => push_escape(&mut out, b as u32),
            _ => {
                let (c, n) = code_points::decode_first(&bytes[at..]);
                match unicode::is_printable(c) {
                    true => out.extend_from_slice(&bytes[at..at + n]),
                    false => push_escape(&mut out, c),
                }
                at += n;
                continue;
            }
        }
        at += 1;
    }
    out.push(quote);
    let mut text = StrBuf::default();
    text.push_wtf8(&out);
    text.finish(cx)
}

/// The literal for bytes: `b'...'`.
pub(crate) fn bytes_literal(bytes: &[u8]) -> Vec<u8> {
    literal(bytes, false)
}

/// The literal within the `repr` of a `bytearray`, where CPython escapes `'` whatever the quotes.
pub(crate) fn array_literal(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&literal(bytes, true)).into_owned()
}

fn literal(bytes: &[u8], escape_single: bool) -> Vec<u8> {
    let quote = quote_for(bytes);
    let mut out = Vec::with_capacity(bytes.len() + 3);
    out.extend([b'b', quote]);
    for &b in bytes {
        match b {
            _ if b == quote || b == b'\\' || escape_single && b == b'\'' => out.extend([b'\\', b]),
            0x20..0x7f => out.push(b),
            _ => push_escape(&mut out, b as u32),
        }
    }
    out.push(quote);
    out
}
