//! Simple types by their letters: sizes, and how values get into memory and out of it.

use super::{long_double, raw};
use libffi_sys::ffi_type;
use num_bigint::BigInt;
use ungil_runtime::objects::bytes::{PyByteArray, PyBytes, new_bytes};
use ungil_runtime::objects::complex::{as_parts, new_complex};
use ungil_runtime::objects::int;
use ungil_runtime::objects::str::{PyStr, StrBuf};
use ungil_runtime::prelude::*;

/// The letters, as CPython's message has them.
pub const LETTERS: &str = "cbBhHiIlLdDFGfuzZqQPOv?g";

/// Size and alignment; `None` for no letter.
pub fn layout(code: u8) -> Option<(usize, usize)> {
    Some(match code {
        b'c' | b'b' | b'B' | b'?' => (1, 1),
        b'h' | b'H' | b'v' => (2, 2),
        b'i' | b'I' | b'f' | b'u' => (4, 4),
        b'l' | b'L' | b'q' | b'Q' | b'd' | b'z' | b'Z' | b'P' | b'O' => (8, 8),
        b'F' => (8, 4),
        b'D' => (16, 8),
        b'g' => (long_double::SIZE, long_double::SIZE),
        b'G' => (2 * long_double::SIZE, long_double::SIZE),
        _ => return None,
    })
}

/// Whether there is a type of the other order of bytes.
pub fn can_swap(code: u8) -> bool {
    b"hHiIlLqQfdFD".contains(&code)
}

/// Whether the letter is that of a whole number of so many bytes, and whether that has a sign.
pub fn whole(code: u8) -> Option<bool> {
    match code {
        b'b' | b'h' | b'i' | b'l' | b'q' => Some(true),
        b'B' | b'H' | b'I' | b'L' | b'Q' => Some(false),
        _ => None,
    }
}

/// As `struct` and PEP 3118 write the type.
pub fn format(code: u8, swapped: bool) -> String {
    let letter = match code {
        b'l' => 'q',
        b'L' => 'Q',
        _ => code as char,
    };
    format!("{}{letter}", if swapped { '>' } else { '<' })
}

/// libffi's type.
pub fn ffi(code: u8) -> *mut ffi_type {
    match code {
        b'c' | b'b' => &raw mut libffi_sys::ffi_type_sint8,
        b'B' | b'?' => &raw mut libffi_sys::ffi_type_uint8,
        b'h' | b'v' => &raw mut libffi_sys::ffi_type_sint16,
        b'H' => &raw mut libffi_sys::ffi_type_uint16,
        b'i' | b'u' => &raw mut libffi_sys::ffi_type_sint32,
        b'I' => &raw mut libffi_sys::ffi_type_uint32,
        b'l' | b'q' => &raw mut libffi_sys::ffi_type_sint64,
        b'L' | b'Q' => &raw mut libffi_sys::ffi_type_uint64,
        b'f' => &raw mut libffi_sys::ffi_type_float,
        b'd' => &raw mut libffi_sys::ffi_type_double,
        b'g' => &raw mut libffi_sys::ffi_type_longdouble,
        b'F' => &raw mut libffi_sys::ffi_type_complex_float,
        b'D' => &raw mut libffi_sys::ffi_type_complex_double,
        b'G' => &raw mut libffi_sys::ffi_type_complex_longdouble,
        _ => &raw mut libffi_sys::ffi_type_pointer,
    }
}

/// The word at an address, of a size up to 8.
fn word(at: *const u8, size: usize, swapped: bool) -> u64 {
    let mut bytes = [0; 8];
    raw::copy(at, bytes.as_mut_ptr(), size);
    if swapped {
        bytes[..size].reverse();
    }
    u64::from_le_bytes(bytes)
}

fn put_word(at: *mut u8, size: usize, swapped: bool, word: u64) {
    let mut bytes = word.to_le_bytes();
    if swapped {
        bytes[..size].reverse();
    }
    raw::copy(bytes.as_ptr(), at, size);
}

fn double_at(at: *const u8) -> f64 {
    let mut bytes = [0; 16];
    raw::copy(at, bytes.as_mut_ptr(), long_double::SIZE);
    long_double::from_bytes(&bytes)
}

fn put_double(at: *mut u8, x: f64) {
    raw::copy(long_double::to_bytes(x).as_ptr(), at, long_double::SIZE);
}

/// A string of wide characters.
///
/// # Errors
/// `ValueError` for what is no character.
pub fn text_of_wide(cx: &mut Cx, wide: &[u32]) -> R {
    if let Some(c) = wide.iter().find(|&&c| c > 0x10ffff) {
        return Err(cx.value_error(format!("character U+{c:x} is not in range [U+0000; U+10ffff]")));
    }
    let mut text = StrBuf::with_capacity(wide.len());
    wide.iter().for_each(|&c| text.push(c));
    Ok(text.finish(cx))
}

/// The wide characters of a string, and a zero.
pub fn wide_of(s: &PyStr) -> Vec<u32> {
    s.code_points().chain([0]).collect()
}

/// `bytes` with the wide characters of a string and a zero: an object that keeps them in place.
pub fn wide_bytes(cx: &Cx, s: &PyStr) -> Obj {
    let bytes: Vec<u8> = wide_of(s).into_iter().flat_map(u32::to_ne_bytes).collect();
    new_bytes(cx, &bytes)
}

/// Where the contents of a `bytes` are. A zero follows them.
pub fn address_of_bytes(cx: &Cx, v: Ref<'_>) -> usize {
    v.downcast::<PyBytes>(cx).map_or(0, |bytes| bytes.as_bytes().as_ptr() as usize)
}

/// The Python object of the value at an address.
///
/// # Errors
/// `ValueError` for a reference to no object, or what is no character.
pub fn get(cx: &mut Cx, code: u8, swapped: bool, at: *const u8) -> R {
    let Some((size, _)) = layout(code) else { return Err(cx.system_error("no type of that letter")) };
    if let Some(signed) = whole(code) {
        let word = word(at, size, swapped);
        let shift = 64 - 8 * size as u32;
        return Ok(if signed { cx.int((word << shift) as i64 >> shift) } else { cx.int_u64(word) });
    }
    Ok(match code {
        b'c' => new_bytes(cx, &[raw::read(at)]),
        b'?' => cx.bool(raw::read::<u8>(at) != 0),
        b'v' => cx.bool(raw::read::<u16>(at) != 0),
        b'f' => cx.float(f64::from(f32::from_bits(word(at, 4, swapped) as u32))),
        b'd' => cx.float(f64::from_bits(word(at, 8, swapped))),
        b'g' => cx.float(double_at(at)),
        b'F' => {
            let part = |at| f64::from(f32::from_bits(word(at, 4, swapped) as u32));
            new_complex(cx, part(at), part(at.wrapping_add(4)))
        }
        b'D' => {
            let part = |at| f64::from_bits(word(at, 8, swapped));
            new_complex(cx, part(at), part(at.wrapping_add(8)))
        }
        b'G' => new_complex(cx, double_at(at), double_at(at.wrapping_add(long_double::SIZE))),
        b'u' => return text_of_wide(cx, &[raw::read(at)]),
        _ => {
            let referred = refer(cx, code, at);
            return get_pointer(cx, referred);
        }
    })
}

/// What memory of a type that refers to something refers to, for [`get_pointer`]: known so that nobody need keep it any longer.
pub enum Referred {
    Nothing,
    NoObject,
    Object(Obj),
    Bytes(Vec<u8>),
    Wide(Vec<u32>),
    Address(u64),
}

/// Looks at what the memory at an address refers to. It is kept alive meanwhile.
pub fn refer(cx: &Cx, code: u8, at: *const u8) -> Referred {
    let word = raw::read::<u64>(at);
    let p = word as *const u8;
    match code {
        b'O' if word == 0 => Referred::NoObject,
        // SAFETY: the program has put a reference there and keeps its object alive, as in C.
        b'O' => Referred::Object(unsafe { Obj::from_borrowed(Value(word), cx) }),
        _ if word == 0 => Referred::Nothing,
        b'z' => Referred::Bytes(raw::bytes(p, raw::length(p, usize::MAX))),
        b'Z' => Referred::Wide(raw::wide(p, raw::wide_length(p, usize::MAX))),
        _ => Referred::Address(word),
    }
}

/// The Python object of what has been referred to.
///
/// # Errors
/// As [`get`].
pub fn get_pointer(cx: &mut Cx, referred: Referred) -> R {
    Ok(match referred {
        Referred::Nothing => cx.none(),
        Referred::NoObject => return Err(cx.value_error("PyObject is NULL")),
        Referred::Object(object) => object,
        Referred::Bytes(bytes) => new_bytes(cx, &bytes),
        Referred::Wide(wide) => return text_of_wide(cx, &wide),
        Referred::Address(address) => cx.int_u64(address),
    })
}

/// The low 64 bits of an int.
fn low_bits(cx: &Cx, v: Ref<'_>) -> u64 {
    if let Some(i) = int::to_i64(cx, v) {
        return i as u64;
    }
    let big = int::to_bigint(cx, v).unwrap_or_default();
    let digits = (&big & BigInt::from(u64::MAX)).to_u64_digits().1;
    digits.first().copied().unwrap_or(0)
}

/// The low 64 bits of what stands for an int.
///
/// # Errors
/// `TypeError`.
pub fn index_bits(cx: &mut Cx, v: Ref<'_>) -> R<u64> {
    let index = cx.index(v)?;
    Ok(low_bits(cx, index.r()))
}

/// An address given as an int.
pub fn address(cx: &Cx, v: Ref<'_>) -> Option<u64> {
    cx.is_instance_of(v, Builtin::Int).then(|| low_bits(cx, v))
}

/// Stores the value of a Python object at an address; gives what must be kept alive, or `None`.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn set(cx: &mut Cx, code: u8, swapped: bool, at: *mut u8, v: Ref<'_>) -> R {
    let Some((size, _)) = layout(code) else { return Err(cx.system_error("no type of that letter")) };
    if whole(code).is_some() {
        let bits = index_bits(cx, v)?;
        put_word(at, size, swapped, bits);
        return Ok(cx.none());
    }
    match code {
        b'c' => raw::write(at, character(cx, v)?),
        b'u' => raw::write(at, wide_character(cx, v)?),
        b'?' => raw::write(at, u8::from(cx.truth(v)?)),
        b'v' => raw::write(at, if cx.truth(v)? { u16::MAX } else { 0 }),
        b'f' => put_word(at, 4, swapped, u64::from((cx.to_f64(v)? as f32).to_bits())),
        b'd' => put_word(at, 8, swapped, cx.to_f64(v)?.to_bits()),
        b'g' => put_double(at, cx.to_f64(v)?),
        b'F' | b'D' | b'G' => {
            let (real, imag) = as_parts(cx, v)?;
            match code {
                b'F' => {
                    put_word(at, 4, swapped, u64::from((real as f32).to_bits()));
                    put_word(at.wrapping_add(4), 4, swapped, u64::from((imag as f32).to_bits()));
                }
                b'D' => {
                    put_word(at, 8, swapped, real.to_bits());
                    put_word(at.wrapping_add(8), 8, swapped, imag.to_bits());
                }
                _ => {
                    put_double(at, real);
                    put_double(at.wrapping_add(long_double::SIZE), imag);
                }
            }
        }
        b'O' => {
            // Whichever thread reads the memory may use the object.
            cx.publish(v.value());
            raw::write(at, v.value().0);
            return Ok(v.own(cx));
        }
        _ => return set_pointer(cx, code, at, v),
    }
    Ok(cx.none())
}

fn set_pointer(cx: &mut Cx, code: u8, at: *mut u8, v: Ref<'_>) -> R {
    if v.value().is_none() {
        raw::write(at, 0u64);
        return Ok(cx.none());
    }
    if code == b'z' && v.downcast::<PyBytes>(cx).is_some() {
        raw::write(at, address_of_bytes(cx, v));
        return Ok(v.own(cx));
    }
    if code == b'Z'
        && let Some(s) = v.downcast::<PyStr>(cx)
    {
        let wide = wide_bytes(cx, s);
        raw::write(at, address_of_bytes(cx, wide.r()));
        return Ok(wide);
    }
    if let Some(address) = address(cx, v) {
        raw::write(at, address);
        return Ok(cx.none());
    }
    let got = cx.type_name(v);
    Err(match code {
        b'z' => cx.type_error(format!("bytes or integer address expected instead of {got} instance")),
        b'Z' => {
            cx.type_error(format!("unicode string or integer address expected instead of {got} instance"))
        }
        _ => cx.type_error("cannot be converted to pointer"),
    })
}

fn character(cx: &mut Cx, v: Ref<'_>) -> R<u8> {
    const EXPECTED: &str = "one character bytes, bytearray, or an integer in range(256) expected, not ";
    let several =
        |cx: &mut Cx, what: &str, n: usize| Err(cx.type_error(format!("{EXPECTED}{what} of length {n}")));
    if let Some(bytes) = v.downcast::<PyBytes>(cx) {
        return match bytes.as_bytes() {
            &[b] => Ok(b),
            all => several(cx, "bytes", all.len()),
        };
    }
    if let Some(array) = v.downcast::<PyByteArray>(cx) {
        return match array.snapshot(cx)[..] {
            [b] => Ok(b),
            ref all => several(cx, "bytearray", all.len()),
        };
    }
    if cx.is_instance_of(v, Builtin::Int) {
        let n = int::to_i64(cx, v).and_then(|n| u8::try_from(n).ok());
        return n.ok_or_else(|| cx.type_error("integer not in range(256)"));
    }
    let got = cx.type_name(v);
    Err(cx.type_error(format!("{EXPECTED}{got}")))
}

fn wide_character(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    let Some(s) = v.downcast::<PyStr>(cx) else {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("a unicode character expected, not instance of {got}")));
    };
    match (s.char_len(), s.code_points().next()) {
        (1, Some(c)) => Ok(c),
        (n, _) => Err(cx.type_error(format!("a unicode character expected, not a string of length {n}"))),
    }
}

/// The bits of a whole number that a bit field has.
pub fn get_bits(cx: &Cx, code: u8, swapped: bool, at: *const u8, offset: u32, bits: u32) -> Obj {
    let size = layout(code).map_or(8, |(size, _)| size);
    let word = word(at, size, swapped) >> offset << (64 - bits);
    match whole(code) {
        Some(true) => cx.int(word as i64 >> (64 - bits)),
        Some(false) => cx.int_u64(word >> (64 - bits)),
        None => cx.bool(word != 0),
    }
}

/// Sets the bits of a bit field; the others of its word stay.
///
/// # Errors
/// `TypeError`.
pub fn set_bits(
    cx: &mut Cx,
    (code, swapped): (u8, bool),
    at: *mut u8,
    (offset, bits): (u32, u32),
    v: Ref<'_>,
) -> R<()> {
    let size = layout(code).map_or(8, |(size, _)| size);
    let new = if whole(code).is_some() { index_bits(cx, v)? } else { u64::from(cx.truth(v)?) };
    let mask = u64::MAX >> (64 - bits) << offset;
    let old = word(at, size, swapped);
    put_word(at, size, swapped, old & !mask | new << offset & mask);
    Ok(())
}
