//! `binascii`: bytes as text in several notations, and checksums. Stateless.
//!
//! - `base64.rs`, `uu.rs`, `quopri.rs`: the notations, on bytes alone; here: arguments, hexadecimal, checksums

mod base64;
mod quopri;
mod uu;

use crate::exceptions::Class;
use std::borrow::Cow;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::int::{self, IntRef};
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

static ERROR: Class = Class::new();
static INCOMPLETE: Class = Class::new();

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("a2b_base64", "($module, data, /, *, strict_mode=False)", Full(a2b_base64)),
    ("a2b_hex", "($module, hexstr, /)", Full(unhexlify)),
    ("a2b_qp", "($module, /, data, header=False)", Full(a2b_qp)),
    ("a2b_uu", "($module, data, /)", Full(a2b_uu)),
    ("b2a_base64", "($module, data, /, *, newline=True)", Full(b2a_base64)),
    ("b2a_hex", "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)", Full(hexlify)),
    ("b2a_qp", "($module, /, data, quotetabs=False, istext=True, header=False)", Full(b2a_qp)),
    ("b2a_uu", "($module, data, /, *, backtick=False)", Full(b2a_uu)),
    ("crc32", "($module, data, crc=0, /)", Full(crc32)),
    ("crc_hqx", "($module, data, crc, /)", Full(crc_hqx)),
    ("hexlify", "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)", Full(hexlify)),
    ("unhexlify", "($module, hexstr, /)", Full(unhexlify)),
];

/// The argument of a function that reads text: ASCII strings or bytes-like objects.
fn ascii<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Cow<'a, [u8]>> {
    if let Some(s) = v.downcast::<PyStr>(cx) {
        if s.is_ascii() {
            return Ok(Cow::Borrowed(s.as_bytes()));
        }
        return Err(cx.value_error("string argument should contain only ASCII characters"));
    }
    if !buffer::is_bytes_like(cx, v) {
        let name = cx.type_name(v);
        let message = format!("argument should be bytes, buffer or ASCII string, not '{name}'");
        return Err(cx.type_error(message));
    }
    buffer::bytes_of(cx, v)
}

fn flag(cx: &mut Cx, a: Args<'_>, i: usize, default: bool) -> R<bool> {
    match a.opt(i) {
        Some(v) => cx.truth(v),
        None => Ok(default),
    }
}

/// The result of a notation as an object.
fn result(cx: &mut Cx, bytes: Result<Vec<u8>, String>) -> R {
    match bytes {
        Ok(bytes) => try_new_bytes(cx, &bytes),
        Err(message) => Err(ERROR.error(cx, message)),
    }
}

fn a2b_base64(cx: &mut Cx, a: Args<'_>) -> R {
    let text = ascii(cx, a.get(0))?;
    let strict = flag(cx, a, 1, false)?;
    result(cx, base64::decode(&text, strict))
}

fn b2a_base64(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = buffer::bytes_of(cx, a.get(0))?;
    let newline = flag(cx, a, 1, true)?;
    match base64::encode(&bytes, newline) {
        Some(text) => try_new_bytes(cx, &text),
        None => Err(cx.memory_error()),
    }
}

fn a2b_uu(cx: &mut Cx, a: Args<'_>) -> R {
    let text = ascii(cx, a.get(0))?;
    result(cx, uu::decode(&text).map_err(str::to_string))
}

fn b2a_uu(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = buffer::bytes_of(cx, a.get(0))?;
    let backtick = flag(cx, a, 1, false)?;
    result(cx, uu::encode(&bytes, backtick).map_err(str::to_string))
}

fn a2b_qp(cx: &mut Cx, a: Args<'_>) -> R {
    let text = ascii(cx, a.get(0))?;
    let header = flag(cx, a, 1, false)?;
    result(cx, Ok(quopri::decode(&text, header)))
}

fn b2a_qp(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = buffer::bytes_of(cx, a.get(0))?;
    let quote_tabs = flag(cx, a, 1, false)?;
    let is_text = flag(cx, a, 2, true)?;
    let header = flag(cx, a, 3, false)?;
    result(cx, Ok(quopri::encode(&bytes, quopri::Options { quote_tabs, is_text, header })))
}

fn hexlify(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = buffer::bytes_of(cx, a.get(0))?;
    let Some(sep) = a.opt(1) else {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |n: u8| DIGITS[n as usize];
        let text: Vec<u8> = bytes.iter().flat_map(|&b| [digit(b >> 4), digit(b & 15)]).collect();
        return try_new_bytes(cx, &text);
    };
    let one = cx.int(1);
    let group = a.opt(2).unwrap_or(one.r());
    let bytes = try_new_bytes(cx, &bytes)?;
    let text = cx.call_method(bytes.r(), "hex", &[sep, group])?;
    let text = text.downcast::<PyStr>(cx).map(PyStr::as_bytes).unwrap_or_default();
    Ok(new_bytes(cx, text))
}

fn unhexlify(cx: &mut Cx, a: Args<'_>) -> R {
    let text = ascii(cx, a.get(0))?;
    if !text.len().is_multiple_of(2) {
        return Err(ERROR.error(cx, "Odd-length string"));
    }
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let bytes: Option<Vec<u8>> =
        text.chunks_exact(2).map(|p| Some(digit(p[0])? << 4 | digit(p[1])?)).collect();
    match bytes {
        Some(bytes) => try_new_bytes(cx, &bytes),
        None => Err(ERROR.error(cx, "Non-hexadecimal digit found")),
    }
}

/// The low 32 bits of an int of any size.
pub(crate) fn low_32_bits(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    let index = cx.index(v)?;
    let low = int::view(cx, index.r()).map(|n| n.bit_and(IntRef::Word(u32::MAX as i128)));
    Ok(low.and_then(|low| low.r().to_i64()).unwrap_or(0) as u32)
}

/// Data of at least so many bytes is worked on while the thread is detached.
pub(crate) const LONG: usize = 1 << 14;

fn crc32(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(0))?;
    let start = match a.opt(1) {
        Some(v) => low_32_bits(cx, v)?,
        None => 0,
    };
    let crc = match data.len() {
        LONG.. => cx.detached(|| checksum(start, &data)),
        _ => checksum(start, &data),
    };
    Ok(cx.int(crc as i64))
}

/// CRC-32 as zlib defines it.
fn checksum(start: u32, data: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(start);
    hasher.update(data);
    hasher.finalize()
}

/// CRC-CCITT with the polynomial of BinHex 4.
fn crc_hqx(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(0))?;
    let start = low_32_bits(cx, a.get(1))? as u16;
    let crc = data.iter().fold(start, |crc, &b| {
        (0..8).fold(crc ^ (b as u16) << 8, |crc, _| crc << 1 ^ if crc >> 15 == 1 { 0x1021 } else { 0 })
    });
    Ok(cx.int(crc as i64))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    ERROR.init(cx, module, "binascii", "Error", Builtin::ValueError)?;
    INCOMPLETE.init(cx, module, "binascii", "Incomplete", Builtin::Exception)
}
