//! Strings in JSON: writing them with escapes, and what escapes stand for.

use ungil_runtime::objects::str::{PyStr, StrBuf, code_points};
use ungil_runtime::prelude::*;

/// The letter of an escape of two characters.
fn short_escape(c: u32) -> Option<u8> {
    Some(match c {
        0x22 => b'"',
        0x5c => b'\\',
        0x08 => b'b',
        0x0c => b'f',
        0x0a => b'n',
        0x0d => b'r',
        0x09 => b't',
        _ => return None,
    })
}

/// What the letter behind a backslash stands for.
pub fn unescape(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// The value of four hexadecimal digits at the front; `None` if there are not that many.
pub fn four_digits(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |value, &b| Some(value << 4 | char::from(b).to_digit(16)?))
}

fn push_unit(to: &mut StrBuf, unit: u32) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |shift: u32| DIGITS[(unit >> shift & 15) as usize];
    to.push_ascii(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

/// How many bytes at the beginning stand for themselves in a JSON text. Looks at eight of them at once.
fn plain_run(bytes: &[u8], ascii: bool) -> usize {
    const EACH: u64 = u64::MAX / 255;
    const HIGH: u64 = EACH << 7;
    // The lowest bit that is set is right; those above it may be there because of a borrow.
    let zeros = |w: u64| w.wrapping_sub(EACH) & !w & HIGH;
    let special = |w: u64| {
        let below_space = w.wrapping_sub(EACH * 0x20) & !w & HIGH;
        let delete = if ascii { zeros(w ^ (EACH * 0x7f)) } else { 0 };
        below_space | zeros(w ^ (EACH * 0x22)) | zeros(w ^ (EACH * 0x5c)) | delete | (w & HIGH)
    };
    let first = |found: u64| found.trailing_zeros() as usize / 8;
    let len = bytes.len();
    if let Some(last) = bytes.last_chunk::<8>() {
        for (i, chunk) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let found = special(u64::from_le_bytes(*chunk));
            if found != 0 {
                return i * 8 + first(found);
            }
        }
        // What has been looked at before is plain.
        return match special(u64::from_le_bytes(*last)) {
            0 => len,
            found => len + first(found) - 8,
        };
    }
    if let (Some(begin), Some(end)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let word = u32::from_le_bytes(*begin) as u64 | (u32::from_le_bytes(*end) as u64) << 32;
        return match special(word) {
            0 => len,
            found if first(found) < 4 => first(found),
            found => len + first(found) - 8,
        };
    }
    let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\' && b < 0x7f + u8::from(!ascii);
    bytes.iter().position(|&b| !plain(b)).unwrap_or(len)
}

/// Appends a string in quotation marks; with `ascii` everything else is escaped.
pub fn push_quoted(to: &mut StrBuf, s: &PyStr, ascii: bool) {
    let bytes = s.as_bytes();
    to.push_ascii(b"\"");
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let run = plain_run(rest, ascii);
        to.push_ascii(&rest[..run]);
        at += run;
        let rest = &bytes[at..];
        if rest.is_empty() {
            break;
        }
        if rest[0] >= 0x80 && !ascii {
            let run = rest.iter().position(|&b| b < 0x80).unwrap_or(rest.len());
            to.push_wtf8(&rest[..run]);
            at += run;
            continue;
        }
        let (c, width) = code_points::decode_first(rest);
        at += width;
        match (short_escape(c), c) {
            (Some(letter), _) => to.push_ascii(&[b'\\', letter]),
            (None, 0x1_0000..) => {
                let c = c - 0x1_0000;
                push_unit(to, 0xd800 | c >> 10);
                push_unit(to, 0xdc00 | c & 0x3ff);
            }
            (None, unit) => push_unit(to, unit),
        }
    }
    to.push_ascii(b"\"");
}

/// `encode_basestring(string)` and `encode_basestring_ascii(string)`.
pub fn encode(cx: &mut Cx, a: Args<'_>, ascii: bool) -> R {
    let Some(s) = a.get(0).downcast::<PyStr>(cx) else {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("first argument must be a string, not {got}")));
    };
    let mut text = StrBuf::default();
    if !text.reserve(s.byte_len() + s.byte_len() / 8 + 2) {
        return Err(cx.memory_error());
    }
    push_quoted(&mut text, s, ascii);
    Ok(text.finish(cx))
}

#[cfg(test)]
mod tests {
    use super::plain_run;

    #[test]
    fn what_is_special_is_found_wherever_it_stands() {
        for ascii in [false, true] {
            let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\' && (b < 0x7f || (b == 0x7f && !ascii));
            for len in 0..20 {
                for at in 0..len {
                    for b in 0..=255 {
                        let mut bytes = vec![b'x'; len];
                        bytes[at] = b;
                        // Behind the first one the answer must not depend on what comes.
                        bytes[len - 1] = if at + 1 < len { b'"' } else { b };
                        let expected = bytes.iter().position(|&b| !plain(b)).unwrap_or(len);
                        assert_eq!(plain_run(&bytes, ascii), expected, "{bytes:?}");
                    }
                }
            }
        }
    }
}
