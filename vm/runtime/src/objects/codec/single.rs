//! Encodings of one byte a character: ASCII, Latin-1, and those given by a table (charmap).

use super::decoder::{Step, run};
use super::encoder::Encoder;
use crate::objects::bytes::try_new_bytes;
use crate::objects::str::{PyStr, StrBuf};
use crate::prelude::*;

/// # Errors
/// `MemoryError`.
pub fn decode_latin1(cx: &mut Cx, data: &[u8]) -> R {
    let mut out = StrBuf::default();
    if !out.reserve(data.len().saturating_mul(2)) {
        return Err(cx.memory_error());
    }
    match data.is_ascii() {
        true => out.push_ascii(data),
        false => data.iter().for_each(|&b| out.push(b as u32)),
    }
    Ok(out.finish(cx))
}

/// Text and the number of bytes used.
///
/// # Errors
/// `UnicodeDecodeError`, or what the handler raises.
pub fn decode_ascii(cx: &mut Cx, data: &[u8], errors: &str) -> R<(Obj, usize)> {
    run(cx, data, "ascii", errors, true, |out, rest| {
        let n = rest.iter().position(|b| !b.is_ascii()).unwrap_or(rest.len());
        out.push_ascii(&rest[..n]);
        if n > 0 { Step::Good(n) } else { Step::Bad(1, "ordinal not in range(128)") }
    })
}

/// # Errors
/// `UnicodeEncodeError`, or what the handler raises.
pub fn encode_ascii(cx: &mut Cx, s: &PyStr, errors: &str) -> R {
    if s.is_ascii() {
        return try_new_bytes(cx, s.as_bytes());
    }
    below(0x80, "ascii", "ordinal not in range(128)").run(cx, s, errors, Vec::new())
}

/// # Errors
/// `UnicodeEncodeError`, or what the handler raises.
pub fn encode_latin1(cx: &mut Cx, s: &PyStr, errors: &str) -> R {
    if s.is_ascii() {
        return try_new_bytes(cx, s.as_bytes());
    }
    below(0x100, "latin-1", "ordinal not in range(256)").run(cx, s, errors, Vec::new())
}

fn below<'a>(
    limit: u32,
    name: &'a str,
    reason: &'a str,
) -> Encoder<'a, impl FnMut(&mut Cx, &mut Vec<u8>, u32) -> R<bool>> {
    let put = move |_: &mut Cx, out: &mut Vec<u8>, c: u32| {
        if c < limit {
            out.push(c as u8);
        }
        Ok(c < limit)
    };
    Encoder { name, reason, put, runs: true, unit: 1 }
}

/// Decodes by a string of 256 characters, U+FFFE for undefined ones.
///
/// # Errors
/// `UnicodeDecodeError`, or what the handler raises.
pub fn decode_by_text(cx: &mut Cx, data: &[u8], errors: &str, table: &PyStr) -> R<(Obj, usize)> {
    let table: Vec<u32> = table.code_points().collect();
    run(cx, data, "charmap", errors, true, |out, rest| match table.get(rest[0] as usize) {
        None | Some(0xfffe) => Step::Bad(1, "character maps to <undefined>"),
        Some(&c) => {
            out.push(c);
            Step::Good(1)
        }
    })
}

/// Decodes by a mapping of bytes to code points, strings or `None`. The mapping is asked for each byte value that occurs.
///
/// # Errors
/// `UnicodeDecodeError`, `TypeError` for bad entries, or what the mapping or handler raises.
pub fn decode_by_mapping(cx: &mut Cx, data: &[u8], errors: &str, mapping: Ref<'_>) -> R<(Obj, usize)> {
    let mut entries: Vec<Option<Vec<u32>>> = vec![None; 256];
    let mut asked = [false; 256];
    for &b in data {
        if !std::mem::replace(&mut asked[b as usize], true) {
            entries[b as usize] = decoding_entry(cx, mapping, b)?;
        }
    }
    run(cx, data, "charmap", errors, true, |out, rest| match &entries[rest[0] as usize] {
        None => Step::Bad(1, "character maps to <undefined>"),
        Some(chars) => {
            chars.iter().for_each(|&c| out.push(c));
            Step::Good(1)
        }
    })
}

fn decoding_entry(cx: &mut Cx, mapping: Ref<'_>, b: u8) -> R<Option<Vec<u32>>> {
    let key = cx.int(b as i64);
    let found = cx.get_item(mapping, key.r());
    let Some(v) = cx.catch(found, Builtin::LookupError)? else { return Ok(None) };
    if v.value().is_none() {
        return Ok(None);
    }
    if let Some(s) = v.downcast::<PyStr>(cx) {
        let chars: Vec<u32> = s.code_points().collect();
        return Ok((chars != [0xfffe]).then_some(chars));
    }
    if !cx.is_instance_of(v.r(), Builtin::Int) {
        return Err(cx.type_error("character mapping must return integer, None or str"));
    }
    match crate::objects::int::to_i64(cx, v.r()) {
        Some(0xfffe) => Ok(None),
        Some(c @ 0..0x11_0000) => Ok(Some(vec![c as u32])),
        _ => Err(cx.type_error("character mapping must be in range(0x110000)")),
    }
}

/// Encodes by a mapping of code points to bytes: ints, `bytes` or `None`. The mapping is asked for each code point once.
///
/// # Errors
/// `UnicodeEncodeError`, `TypeError` for bad entries, or what the mapping or handler raises.
pub fn encode_by_mapping(cx: &mut Cx, s: &PyStr, errors: &str, mapping: Ref<'_>) -> R {
    let mut entries = std::collections::HashMap::new();
    let put = |cx: &mut Cx, out: &mut Vec<u8>, c: u32| {
        let entry = match entries.entry(c) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(encoding_entry(cx, mapping, c)?),
        };
        if let Some(bytes) = entry {
            out.extend_from_slice(bytes);
        }
        Ok(entry.is_some())
    };
    let reason = "character maps to <undefined>";
    Encoder { name: "charmap", reason, put, runs: true, unit: 1 }.run(cx, s, errors, Vec::new())
}

fn encoding_entry(cx: &mut Cx, mapping: Ref<'_>, c: u32) -> R<Option<Vec<u8>>> {
    let key = cx.int(c as i64);
    let found = cx.get_item(mapping, key.r());
    let Some(v) = cx.catch(found, Builtin::LookupError)? else { return Ok(None) };
    if v.value().is_none() {
        return Ok(None);
    }
    if let Some(bytes) = v.downcast::<crate::objects::bytes::PyBytes>(cx) {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    if !cx.is_instance_of(v.r(), Builtin::Int) {
        let name = cx.type_name(v.r());
        return Err(
            cx.type_error(format!("character mapping must return integer, bytes or None, not {name}"))
        );
    }
    match crate::objects::int::to_i64(cx, v.r()) {
        Some(b @ 0..256) => Ok(Some(vec![b as u8])),
        _ => Err(cx.type_error("character mapping must be in range(256)")),
    }
}
