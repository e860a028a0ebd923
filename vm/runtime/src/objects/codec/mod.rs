//! Codecs: text to bytes and back.
//!
//! - `mod.rs`: `encode` and `decode` by the encoding's name: the codecs written here, all others through the registry
//! - `handler.rs`: error handlers (`strict`, `replace`, ...); `decoder.rs`, `encoder.rs`: the loops that call them
//! - `registry.rs`: codecs and error handlers that Python code registers
//!
//! - `utf8.rs`, `wide.rs` (UTF-16 and UTF-32), `single.rs` (ASCII, Latin-1, charmaps), `escape.rs`, `utf7.rs`: the codecs
//! - `module.rs`: the module `_codecs`
//!

mod decoder;
mod encoder;
pub mod escape;
mod handler;
pub mod module;
pub mod registry;
pub mod single;
pub mod utf7;
pub mod utf8;
pub mod wide;

pub use handler::Handler;

use crate::objects::str::PyStr;
use crate::prelude::*;

/// A codec written in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Utf8,
    Utf7,
    Latin1,
    Ascii,
    Utf16(wide::Order),
    Utf32(wide::Order),
}

/// The codec of a name; spelling and common aliases as in `encodings.aliases`.
fn known(encoding: &str) -> Option<Known> {
    use wide::Order::{Big, Little, Mark};
    let name: String = encoding
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() as char } else { '_' })
        .collect();
    Some(match name.as_str() {
        "utf_8" | "utf8" | "u8" | "utf" | "utf8_ucs2" | "utf8_ucs4" | "cp65001" => Known::Utf8,
        "utf_7" | "utf7" | "u7" | "unicode_1_1_utf_7" => Known::Utf7,
        "latin_1" | "latin1" | "latin" | "iso8859_1" | "iso_8859_1" | "iso8859" | "8859" | "cp819" | "l1" => {
            Known::Latin1
        }
        "ascii" | "us_ascii" | "646" | "ansi_x3.4_1968" | "iso646_us" => Known::Ascii,
        "utf_16" | "utf16" | "u16" => Known::Utf16(Mark),
        "utf_16_le" | "utf_16le" | "utf16_le" => Known::Utf16(Little),
        "utf_16_be" | "utf_16be" | "utf16_be" => Known::Utf16(Big),
        "utf_32" | "utf32" | "u32" => Known::Utf32(Mark),
        "utf_32_le" | "utf_32le" | "utf32_le" => Known::Utf32(Little),
        "utf_32_be" | "utf_32be" | "utf32_be" => Known::Utf32(Big),
        _ => return None,
    })
}

/// In development mode unknown names are reported although the text at hand needs neither.
fn check_names(cx: &mut Cx, encoding: &str, errors: &str) -> R<()> {
    if !cx.vm.config.dev_mode {
        return Ok(());
    }
    if known(encoding).is_none() {
        registry::lookup(cx, encoding)?;
    }
    registry::lookup_error(cx, errors).map(drop)
}

/// `s.encode(encoding, errors)` for a string `v`.
///
/// # Errors
/// `UnicodeEncodeError`, `LookupError` for names that nobody knows, and what codecs of Python raise.
pub fn encode(cx: &mut Cx, v: Ref<'_>, encoding: &str, errors: &str) -> R {
    let Some(s) = v.downcast::<PyStr>(cx) else { return Err(cx.type_error("encode() argument must be str")) };
    check_names(cx, encoding, errors)?;
    let Some(codec) = known(encoding) else { return registry::encode_text(cx, v, encoding, errors) };
    match codec {
        Known::Utf8 => utf8::encode(cx, s, errors),
        Known::Utf7 => utf7::encode(cx, s),
        Known::Latin1 => single::encode_latin1(cx, s, errors),
        Known::Ascii => single::encode_ascii(cx, s, errors),
        Known::Utf16(order) => wide::encode_utf16(cx, s, errors, order),
        Known::Utf32(order) => wide::encode_utf32(cx, s, errors, order),
    }
}

/// Decodes bytes.
///
/// # Errors
/// `UnicodeDecodeError`, `LookupError` for names that nobody knows, and what codecs of Python raise.
pub fn decode(cx: &mut Cx, data: &[u8], encoding: &str, errors: &str) -> R {
    let Some(codec) = known(encoding) else {
        let object = crate::objects::bytes::try_new_bytes(cx, data)?;
        return registry::decode_text(cx, object.r(), encoding, errors);
    };
    let (text, _) = match codec {
        Known::Utf8 => utf8::decode(cx, data, errors, true)?,
        Known::Utf7 => utf7::decode(cx, data, errors, true)?,
        Known::Latin1 => (single::decode_latin1(cx, data)?, data.len()),
        Known::Ascii => single::decode_ascii(cx, data, errors)?,
        Known::Utf16(order) => wide::decode_utf16(cx, data, errors, order, true).map(|d| (d.text, d.used))?,
        Known::Utf32(order) => wide::decode_utf32(cx, data, errors, order, true).map(|d| (d.text, d.used))?,
    };
    Ok(text)
}

/// Decodes a bytes-like object; codecs of Python get the object itself.
///
/// # Errors
/// As [`decode`].
pub fn decode_object(cx: &mut Cx, v: Ref<'_>, encoding: &str, errors: &str) -> R {
    check_names(cx, encoding, errors)?;
    if known(encoding).is_none() {
        return registry::decode_text(cx, v, encoding, errors);
    }
    let data = crate::objects::buffer::bytes_of(cx, v)?;
    decode(cx, &data, encoding, errors)
}
