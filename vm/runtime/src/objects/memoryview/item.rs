//! Items of a view: native numbers by the letters of the `struct` module.

use crate::objects::bytes::PyBytes;
use crate::prelude::*;

/// An item's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    Int(i128),
    Float(f64),
    Bool(bool),
    Char(u8),
}

/// The letter of a native format of one item with an optional `@` in front; 0 for all others.
pub(super) fn code_of(format: &str) -> u8 {
    match format.strip_prefix('@').unwrap_or(format).as_bytes() {
        [code] if size(*code) > 0 => *code,
        _ => 0,
    }
}

/// What is said of a format whose items cannot be read.
pub(super) fn not_supported(format: &str) -> String {
    match format.strip_prefix('@').unwrap_or(format).chars().count() {
        1 => format!("memoryview: format {format} not supported"),
        _ => format!("memoryview: unsupported format {format}"),
    }
}

/// Bytes of an item, 0 for unknown letters.
pub(super) fn size(code: u8) -> usize {
    match code {
        b'c' | b'b' | b'B' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'P' | b'd' => 8,
        _ => 0,
    }
}

fn is_signed(code: u8) -> bool {
    matches!(code, b'b' | b'h' | b'i' | b'l' | b'q' | b'n')
}

/// The value of the item that fills `bytes`.
pub(super) fn read(code: u8, bytes: &[u8]) -> Item {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let unsigned = u64::from_le_bytes(word);
    match code {
        b'c' => Item::Char(bytes[0]),
        b'?' => Item::Bool(unsigned != 0),
        b'd' => Item::Float(f64::from_bits(unsigned)),
        b'f' => Item::Float(f32::from_bits(unsigned as u32) as f64),
        b'e' => Item::Float(half_to_f64(unsigned as u16)),
        _ if is_signed(code) => {
            let shift = 64 - 8 * bytes.len() as u32;
            Item::Int(((unsigned << shift) as i64 >> shift) as i128)
        }
        _ => Item::Int(unsigned as i128),
    }
}

impl Item {
    /// As an object.
    pub(super) fn object(self, cx: &Cx) -> Obj {
        match self {
            Item::Int(i) => match i64::try_from(i) {
                Ok(i) => cx.int(i),
                Err(_) => cx.int_u64(i as u64),
            },
            Item::Float(x) => cx.float(x),
            Item::Bool(b) => cx.bool(b),
            Item::Char(b) => crate::objects::bytes::new_bytes(cx, &[b]),
        }
    }

    /// Whether both are equal as Python objects.
    pub(super) fn equals(self, other: Item) -> bool {
        let int = |item| match item {
            Item::Int(i) => Some(i),
            Item::Bool(b) => Some(b as i128),
            _ => None,
        };
        match (self, other) {
            (Item::Char(a), Item::Char(b)) => a == b,
            (Item::Float(a), Item::Float(b)) => a == b,
            (Item::Float(x), i) | (i, Item::Float(x)) => {
                int(i).is_some_and(|i| x == i as f64 && x as i128 == i)
            }
            (a, b) => int(a).is_some() && int(a) == int(b),
        }
    }
}

/// The bytes of a value, and their number.
///
/// # Errors
/// `TypeError` ("memoryview: invalid type for format 'i'"), `ValueError` ("memoryview: invalid value for format 'i'").
pub(super) fn pack(cx: &mut Cx, code: u8, v: Ref<'_>) -> R<([u8; 8], usize)> {
    let n = size(code);
    let word = match code {
        b'c' => match v.downcast::<PyBytes>(cx).map(PyBytes::as_bytes) {
            Some(&[b]) => b as u64,
            Some(_) => return Err(bad(cx, "value", code)),
            None => return Err(bad(cx, "type", code)),
        },
        b'?' => cx.truth(v)? as u64,
        b'd' | b'f' | b'e' => float(cx, code, v)?,
        _ => integer(cx, code, v)?,
    };
    Ok((word.to_le_bytes(), n))
}

fn bad(cx: &mut Cx, what: &str, code: u8) -> Err {
    let message = format!("memoryview: invalid {what} for format '{}'", code as char);
    if what == "type" { cx.type_error(message) } else { cx.value_error(message) }
}

fn float(cx: &mut Cx, code: u8, v: Ref<'_>) -> R<u64> {
    let x = cx.to_f64(v);
    let Some(x) = cx.catch(x, Builtin::TypeError)? else { return Err(bad(cx, "type", code)) };
    match code {
        b'd' => Ok(x.to_bits()),
        b'f' if x.is_finite() && (x as f32).is_infinite() => {
            Err(cx.overflow_error("float too large to pack with f format"))
        }
        b'f' => Ok((x as f32).to_bits() as u64),
        _ => match f64_to_half(x) {
            Some(half) => Ok(half as u64),
            None => Err(cx.overflow_error("float too large to pack with e format")),
        },
    }
}

fn integer(cx: &mut Cx, code: u8, v: Ref<'_>) -> R<u64> {
    let index = cx.index(v);
    let Some(index) = cx.catch(index, Builtin::TypeError)? else { return Err(bad(cx, "type", code)) };
    let bits = 8 * size(code) as u32;
    let value = match crate::objects::int::to_i64(cx, index.r()) {
        Some(i) => Some(i as i128),
        None => to_u64(cx, index.r())?.map(i128::from),
    };
    let (low, high) = match is_signed(code) {
        true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        false => (0, (1i128 << bits) - 1),
    };
    match value {
        Some(i) if i >= low && i <= high => Ok(i as u64),
        _ => Err(bad(cx, "value", code)),
    }
}

/// An int beyond `i64` that fits in `u64`.
fn to_u64(cx: &mut Cx, v: Ref<'_>) -> R<Option<u64>> {
    let shift = cx.int(32);
    let high = cx.binary(BinaryOp::Shr, v, shift.r())?;
    let mask = cx.int(u32::MAX as i64);
    let low = cx.binary(BinaryOp::And, v, mask.r())?;
    let (high, low) = (crate::objects::int::to_i64(cx, high.r()), crate::objects::int::to_i64(cx, low.r()));
    Ok(match (high, low) {
        (Some(high @ 0..0x1_0000_0000), Some(low)) => Some((high as u64) << 32 | low as u64),
        _ => None,
    })
}

/// IEEE 754 half precision to double.
pub fn half_to_f64(half: u16) -> f64 {
    let (sign, exponent, fraction) = (half >> 15, (half >> 10 & 0x1f) as i32, (half & 0x3ff) as f64);
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

/// Double to IEEE 754 half precision, rounded to nearest even; `None` if it is too large.
pub fn f64_to_half(x: f64) -> Option<u16> {
    let sign = (x.is_sign_negative() as u16) << 15;
    let magnitude = x.abs();
    if x.is_nan() {
        return Some(sign | 0x7e00);
    }
    if magnitude.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // The unit of the last place: that of subnormals below 2^-14.
    let exponent = if magnitude < 2f64.powi(-14) { -14 } else { magnitude.log2().floor() as i32 };
    let exponent = if 2f64.powi(exponent) > magnitude && exponent > -14 { exponent - 1 } else { exponent };
    let units = (magnitude * 2f64.powi(10 - exponent)).round_ties_even() as u32;
    let bits = if exponent == -14 && units < 1024 { units } else { units + (((exponent + 14) as u32) << 10) };
    (bits < 0x7c00).then_some(sign | bits as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_trip() {
        for half in 0..0x7c00u16 {
            assert_eq!(f64_to_half(half_to_f64(half)), Some(half));
        }
        assert_eq!(f64_to_half(65519.0), Some(0x7bff));
        assert_eq!(f64_to_half(65520.0), None);
        assert_eq!(f64_to_half(-1.5), Some(0xbe00));
    }

    #[test]
    fn signed_items_are_extended() {
        assert!(read(b'h', &[0xfe, 0xff]).equals(Item::Int(-2)));
        assert!(read(b'H', &[0xfe, 0xff]).equals(Item::Int(65534)));
        assert!(read(b'B', &[2]).equals(read(b'd', &2f64.to_le_bytes())));
        assert!(!read(b'c', &[2]).equals(read(b'B', &[2])));
    }
}
