//! UTF-16 and UTF-32.

use super::decoder::{Step, run};
use super::encoder::Encoder;
use crate::objects::str::code_points::is_surrogate;
use crate::objects::str::{PyStr, StrBuf};
use crate::prelude::*;

/// The order of bytes in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Little,
    Big,
    /// As the mark at the beginning says, little-endian without one; encoders write a mark.
    Mark,
}

/// What a decoder gives: text, bytes used, and the order found.
#[derive(Debug)]
pub struct Decoded {
    pub text: Obj,
    pub used: usize,
    pub order: Order,
}

/// The order by the mark at the beginning, and the mark's bytes.
fn order_of(data: &[u8], order: Order, little: &[u8], big: &[u8]) -> (Order, usize) {
    match order {
        Order::Mark if data.starts_with(little) => (Order::Little, little.len()),
        Order::Mark if data.starts_with(big) => (Order::Big, big.len()),
        Order::Mark => (Order::Mark, 0),
        order => (order, 0),
    }
}

fn unit16(bytes: &[u8], big: bool) -> u32 {
    let pair = [bytes[0], bytes[1]];
    (if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }) as u32
}

fn step16(out: &mut StrBuf, rest: &[u8], big: bool) -> Step {
    if rest.len() < 2 {
        return Step::Partial("truncated data");
    }
    let first = unit16(rest, big);
    match first {
        0xd800..0xdc00 if rest.len() < 4 => Step::Partial("unexpected end of data"),
        0xd800..0xdc00 => match unit16(&rest[2..], big) {
            low @ 0xdc00..0xe000 => {
                out.push(0x1_0000 + ((first & 0x3ff) << 10 | low & 0x3ff));
                Step::Good(4)
            }
            _ => Step::Bad(2, "illegal UTF-16 surrogate"),
        },
        0xdc00..0xe000 => Step::Bad(2, "illegal encoding"),
        c => {
            out.push(c);
            Step::Good(2)
        }
    }
}

/// # Errors
/// `UnicodeDecodeError`, or what the handler raises.
pub fn decode_utf16(cx: &mut Cx, data: &[u8], errors: &str, order: Order, last: bool) -> R<Decoded> {
    let (order, skip) = order_of(data, order, b"\xff\xfe", b"\xfe\xff");
    let big = order == Order::Big;
    let name = if big { "utf-16-be" } else { "utf-16-le" };
    let (text, used) = decode_behind(cx, data, skip, name, errors, last, |out, rest| step16(out, rest, big))?;
    Ok(Decoded { text, used, order })
}

fn step32(out: &mut StrBuf, rest: &[u8], big: bool) -> Step {
    let Some(&unit) = rest.first_chunk::<4>() else { return Step::Partial("truncated data") };
    let c = if big { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) };
    match c {
        c if is_surrogate(c) => Step::Bad(4, "code point in surrogate code point range(0xd800, 0xe000)"),
        0..0x11_0000 => {
            out.push(c);
            Step::Good(4)
        }
        _ => Step::Bad(4, "code point not in range(0x110000)"),
    }
}

/// # Errors
/// `UnicodeDecodeError`, or what the handler raises.
pub fn decode_utf32(cx: &mut Cx, data: &[u8], errors: &str, order: Order, last: bool) -> R<Decoded> {
    let (order, skip) = order_of(data, order, b"\xff\xfe\0\0", b"\0\0\xfe\xff");
    let big = order == Order::Big;
    let name = if big { "utf-32-be" } else { "utf-32-le" };
    let (text, used) = decode_behind(cx, data, skip, name, errors, last, |out, rest| step32(out, rest, big))?;
    Ok(Decoded { text, used, order })
}

/// Decodes what is behind the mark; positions in errors count the mark.
fn decode_behind(
    cx: &mut Cx,
    data: &[u8],
    mark: usize,
    name: &str,
    errors: &str,
    last: bool,
    mut step: impl FnMut(&mut StrBuf, &[u8]) -> Step,
) -> R<(Obj, usize)> {
    run(cx, data, name, errors, last, |out, rest| match rest.len() == data.len() && mark > 0 {
        true => Step::Good(mark),
        false => step(out, rest),
    })
}

/// # Errors
/// `UnicodeEncodeError` for lone surrogates, or what the handler raises.
pub fn encode_utf16(cx: &mut Cx, s: &PyStr, errors: &str, order: Order) -> R {
    let big = order == Order::Big;
    let put = |_: &mut Cx, out: &mut Vec<u8>, c: u32| {
        let mut unit = |c: u32| match big {
            true => out.extend((c as u16).to_be_bytes()),
            false => out.extend((c as u16).to_le_bytes()),
        };
        match c {
            c if is_surrogate(c) => return Ok(false),
            0..0x1_0000 => unit(c),
            _ => {
                unit(0xd800 + ((c - 0x1_0000) >> 10));
                unit(0xdc00 + (c & 0x3ff));
            }
        }
        Ok(true)
    };
    let name = ["utf-16-le", "utf-16-be", "utf-16"][order as usize];
    let mark = if order == Order::Mark { vec![0xff, 0xfe] } else { Vec::new() };
    Encoder { name, reason: "surrogates not allowed", put, runs: false, unit: 2 }.run(cx, s, errors, mark)
}

/// # Errors
/// `UnicodeEncodeError` for lone surrogates, or what the handler raises.
pub fn encode_utf32(cx: &mut Cx, s: &PyStr, errors: &str, order: Order) -> R {
    let big = order == Order::Big;
    let put = |_: &mut Cx, out: &mut Vec<u8>, c: u32| {
        let good = !is_surrogate(c);
        if good {
            out.extend(if big { c.to_be_bytes() } else { c.to_le_bytes() });
        }
        Ok(good)
    };
    let name = ["utf-32-le", "utf-32-be", "utf-32"][order as usize];
    let mark = if order == Order::Mark { vec![0xff, 0xfe, 0, 0] } else { Vec::new() };
    Encoder { name, reason: "surrogates not allowed", put, runs: false, unit: 4 }.run(cx, s, errors, mark)
}

/// The name of an encoding of Unicode as exceptions of the codecs here give it, whatever its spelling.
pub(super) fn canonical_name(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    match name.as_str() {
        "utf8" | "cp65001" => "utf-8".into(),
        "utf16" | "utf-16" | "utf-16le" | "utf16-le" | "utf16le" => "utf-16-le".into(),
        "utf-16be" | "utf16-be" | "utf16be" => "utf-16-be".into(),
        "utf32" | "utf-32" | "utf-32le" | "utf32-le" | "utf32le" => "utf-32-le".into(),
        "utf-32be" | "utf32-be" | "utf32be" => "utf-32-be".into(),
        _ => name,
    }
}
