//! Items: from values to bytes and back.

use super::layout::{Field, Layout};
use super::raise;
use ungil_runtime::objects::bytes::{PyByteArray, PyBytes, new_bytes};
use ungil_runtime::objects::complex::{as_parts, new_complex};
use ungil_runtime::objects::int::{self, IntRef};
use ungil_runtime::objects::memoryview::item::{f64_to_half, half_to_f64};
use ungil_runtime::prelude::*;

/// The bytes of all values, of which there are as many as the layout wants.
///
/// # Errors
/// `struct.error`, `OverflowError`, `MemoryError`, or what the values' methods raise.
pub fn pack(cx: &mut Cx, layout: &Layout, values: &[Ref<'_>]) -> R<Vec<u8>> {
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(layout.size).is_err() {
        return Err(cx.memory_error());
    }
    bytes.resize(layout.size, 0);
    let mut values = values.iter();
    for field in &layout.fields {
        for i in 0..field.repeat {
            let Some(&v) = values.next() else { return Ok(bytes) };
            let start = field.offset + i * field.size;
            pack_item(cx, *field, v, &mut bytes[start..start + field.size])?;
        }
    }
    Ok(bytes)
}

/// Puts the low bytes of a word into `to` in the field's order.
fn put(field: Field, word: u64, to: &mut [u8]) {
    let n = to.len();
    match field.big_endian {
        true => to.copy_from_slice(&word.to_be_bytes()[8 - n..]),
        false => to.copy_from_slice(&word.to_le_bytes()[..n]),
    }
}

fn pack_item(cx: &mut Cx, field: Field, v: Ref<'_>, to: &mut [u8]) -> R<()> {
    match field.code {
        b'?' => to[0] = cx.truth(v)? as u8,
        b'c' => match v.downcast::<PyBytes>(cx).map(PyBytes::as_bytes) {
            Some(&[b]) => to[0] = b,
            _ => return Err(raise(cx, "char format requires a bytes object of length 1")),
        },
        b's' | b'p' => pack_text(cx, field.code, v, to)?,
        b'e' | b'f' | b'd' => {
            let word = float_word(cx, field.code, v)?;
            put(field, word, to);
        }
        b'F' | b'D' => pack_complex(cx, field, v, to)?,
        b'P' => {
            let word = pointer(cx, v)?;
            put(field, word, to);
        }
        _ => {
            let word = match v.value().as_int() {
                Some(i) => in_range(field, i as i128),
                None => integer(cx, field, v)?,
            };
            match word {
                Some(word) => put(field, word, to),
                None => return Err(out_of_range(cx, field)),
            }
        }
    }
    Ok(())
}

/// The smallest and the largest number of the field.
fn range(field: Field) -> (i128, i128) {
    let bits = field.size as u32 * 8;
    match field.is_signed() {
        true => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        false => (0, (1 << bits) - 1),
    }
}

#[inline]
fn in_range(field: Field, i: i128) -> Option<u64> {
    let (min, max) = range(field);
    (min..=max).contains(&i).then_some(i as u64)
}

#[cold]
fn out_of_range(cx: &mut Cx, field: Field) -> Err {
    let (min, max) = range(field);
    raise(cx, format!("'{}' format requires {min} <= number <= {max}", field.code as char))
}

/// An int, or what `__index__` gives.
fn whole(cx: &mut Cx, v: Ref<'_>) -> R {
    let has_index = int::view(cx, v).is_some() || cx.class_of(v).special(cx, Special::Index).is_some();
    if !has_index {
        return Err(raise(cx, "required argument is not an integer"));
    }
    cx.index(v)
}

fn integer(cx: &mut Cx, field: Field, v: Ref<'_>) -> R<Option<u64>> {
    let index = whole(cx, v)?;
    Ok(match int::view(cx, index.r()) {
        Some(IntRef::Word(w)) => in_range(field, w),
        _ => None,
    })
}

/// A pointer: negative numbers stand for their two's complement.
fn pointer(cx: &mut Cx, v: Ref<'_>) -> R<u64> {
    let index = whole(cx, v)?;
    match int::view(cx, index.r()) {
        Some(IntRef::Word(w)) if (i64::MIN as i128..=u64::MAX as i128).contains(&w) => Ok(w as u64),
        _ => Err(raise(cx, "int too large to convert")),
    }
}

fn pack_text(cx: &mut Cx, code: u8, v: Ref<'_>, to: &mut [u8]) -> R<()> {
    let copied;
    let text = match (v.downcast::<PyBytes>(cx), v.downcast::<PyByteArray>(cx)) {
        (Some(bytes), _) => bytes.as_bytes(),
        (None, Some(array)) => {
            copied = array.snapshot(cx);
            &copied
        }
        _ => return Err(raise(cx, format!("argument for '{}' must be a bytes object", code as char))),
    };
    if to.is_empty() {
        return Ok(());
    }
    // Pascal strings keep their length in front, in one byte.
    let room = if code == b'p' { &mut to[1..] } else { &mut *to };
    let n = room.len().min(text.len());
    room[..n].copy_from_slice(&text[..n]);
    if code == b'p' {
        to[0] = n.min(255) as u8;
    }
    Ok(())
}

/// Any exception on the way to a float becomes `struct.error`.
fn float_word(cx: &mut Cx, code: u8, v: Ref<'_>) -> R<u64> {
    match cx.to_f64(v) {
        Ok(x) => word_of(cx, code, x),
        Err(_) => Err(raise(cx, "required argument is not a float")),
    }
}

fn word_of(cx: &mut Cx, code: u8, x: f64) -> R<u64> {
    match code {
        b'd' | b'D' => return Ok(x.to_bits()),
        b'e' => {
            if let Some(half) = f64_to_half(x) {
                return Ok(half as u64);
            }
        }
        _ => {
            let single = x as f32;
            if single.is_finite() || !x.is_finite() {
                return Ok(single.to_bits() as u64);
            }
        }
    }
    let code = if code == b'e' { 'e' } else { 'f' };
    Err(cx.overflow_error(format!("float too large to pack with {code} format")))
}

fn pack_complex(cx: &mut Cx, field: Field, v: Ref<'_>, to: &mut [u8]) -> R<()> {
    let Ok((real, imag)) = as_parts(cx, v) else {
        return Err(raise(cx, "required argument is not a complex"));
    };
    let (first, second) = to.split_at_mut(field.size / 2);
    let word = word_of(cx, field.code, real)?;
    put(field, word, first);
    let word = word_of(cx, field.code, imag)?;
    put(field, word, second);
    Ok(())
}

/// The values in `bytes`, which are as many as the layout says.
pub fn unpack(cx: &Cx, layout: &Layout, bytes: &[u8]) -> Obj {
    let mut values = Vec::with_capacity(layout.count);
    for field in &layout.fields {
        for i in 0..field.repeat {
            let start = field.offset + i * field.size;
            values.push(unpack_item(cx, *field, &bytes[start..start + field.size]));
        }
    }
    cx.tuple(values)
}

/// The bytes as a word, in the field's order.
#[inline]
fn get(field: Field, bytes: &[u8]) -> u64 {
    let (mut word, n) = ([0; 8], bytes.len());
    match field.big_endian {
        true => {
            word[8 - n..].copy_from_slice(bytes);
            u64::from_be_bytes(word)
        }
        false => {
            word[..n].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        }
    }
}

fn float_of(code: u8, word: u64) -> f64 {
    match code {
        b'e' => half_to_f64(word as u16),
        b'f' | b'F' => f32::from_bits(word as u32) as f64,
        _ => f64::from_bits(word),
    }
}

fn unpack_item(cx: &Cx, field: Field, bytes: &[u8]) -> Obj {
    match field.code {
        b'c' | b's' => new_bytes(cx, bytes),
        b'p' => {
            let n = bytes.first().map_or(0, |&n| (n as usize).min(bytes.len() - 1));
            new_bytes(cx, bytes.get(1..1 + n).unwrap_or_default())
        }
        b'?' => cx.bool(bytes[0] != 0),
        b'e' | b'f' | b'd' => cx.float(float_of(field.code, get(field, bytes))),
        b'F' | b'D' => {
            let (first, second) = bytes.split_at(field.size / 2);
            let part = |bytes| float_of(field.code, get(field, bytes));
            new_complex(cx, part(first), part(second))
        }
        _ => {
            let word = get(field, bytes);
            if field.is_signed() {
                let shift = 64 - 8 * field.size as u32;
                return cx.int((word << shift) as i64 >> shift);
            }
            cx.int_u64(word)
        }
    }
}
