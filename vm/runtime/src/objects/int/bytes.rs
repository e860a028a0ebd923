//! `int.to_bytes` and `int.from_bytes`.

use super::num::{Int, IntRef};
use super::{new_int, new_int_of, view};
use crate::objects::str::args::expect_str;
use crate::objects::{buffer, bytes};
use crate::prelude::*;
use num_bigint::{BigInt, Sign};

/// Whether the argument at place `i` says "little".
fn is_little(cx: &mut Cx, a: Args<'_>, i: usize, function: &str) -> R<bool> {
    let Some(order) = a.opt(i) else { return Ok(false) };
    let order = expect_str(cx, order, &format!("{function}() argument 'byteorder'"))?;
    match order.as_bytes() {
        b"little" => Ok(true),
        b"big" => Ok(false),
        _ => Err(cx.value_error("byteorder must be either 'little' or 'big'")),
    }
}

fn is_signed(cx: &mut Cx, a: Args<'_>) -> R<bool> {
    match a.opt(3) {
        Some(v) => cx.truth(v),
        None => Ok(false),
    }
}

/// `to_bytes(length=1, byteorder='big', *, signed=False)`.
pub(super) fn to_bytes(cx: &mut Cx, a: Args<'_>) -> R {
    let len = match a.opt(1) {
        Some(v) => crate::objects::str::args::ssize(cx, v)?,
        None => 1,
    };
    let little = is_little(cx, a, 2, "to_bytes")?;
    let signed = is_signed(cx, a)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(cx.value_error("length argument must be non-negative"));
    };
    let Some(n) = view(cx, a.get(0)) else { return Ok(cx.not_implemented()) };
    if n.is_negative() && !signed {
        return Err(cx.overflow_error("can't convert negative int to unsigned"));
    }
    let Some(mut digits) = little_endian(n, len, signed) else {
        return Err(cx.overflow_error("int too big to convert"));
    };
    let fill = if n.is_negative() { 0xff } else { 0 };
    if digits.try_reserve_exact(len.saturating_sub(digits.len())).is_err() {
        return Err(cx.memory_error());
    }
    digits.resize(len, fill);
    if !little {
        digits.reverse();
    }
    bytes::try_new_bytes(cx, &digits)
}

/// The digits, as few as say the number, `None` if `len` bytes are not enough.
fn little_endian(n: IntRef<'_>, len: usize, signed: bool) -> Option<Vec<u8>> {
    let mut digits = match n {
        IntRef::Word(w) => w.to_le_bytes().to_vec(),
        IntRef::Big(b) if signed => b.to_signed_bytes_le(),
        IntRef::Big(b) => b.magnitude().to_bytes_le(),
    };
    if digits.len() > len {
        let negative = n.is_negative();
        let (kept, lost) = digits.split_at(len);
        let fill = if negative { 0xff } else { 0 };
        let sign_lost = signed && (kept.last().map_or(negative, |b| (b >> 7 != 0) != negative));
        if lost.iter().any(|&b| b != fill) || sign_lost {
            return None;
        }
        digits.truncate(len);
    }
    Some(digits)
}

/// `from_bytes(bytes, byteorder='big', *, signed=False)`.
pub(super) fn from_bytes(cx: &mut Cx, a: Args<'_>) -> R {
    let little = is_little(cx, a, 2, "from_bytes")?;
    let signed = is_signed(cx, a)?;
    let mut digits = bytes_from(cx, a.get(1))?;
    if !little {
        digits.reverse();
    }
    let n = from_little_endian(&digits, signed);
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Ok(new_int(cx, n)) };
    if std::ptr::eq(class, cx.builtin(Builtin::Int)) {
        return new_int_of(cx, class, n);
    }
    let n = new_int(cx, n);
    cx.call(class.as_ref(), &[n.r()])
}

fn from_little_endian(digits: &[u8], signed: bool) -> Int {
    let negative = signed && digits.last().is_some_and(|b| b >> 7 != 0);
    if digits.len() < 16 {
        let mut word = [if negative { 0xff } else { 0 }; 16];
        word[..digits.len()].copy_from_slice(digits);
        return Int::Word(i128::from_le_bytes(word));
    }
    match signed {
        true => BigInt::from_signed_bytes_le(digits).into(),
        false => BigInt::from_bytes_le(Sign::Plus, digits).into(),
    }
}

/// What `bytes(v)` would hold, without counting a number as a length.
fn bytes_from(cx: &mut Cx, v: Ref<'_>) -> R<Vec<u8>> {
    if let Some(made) = cx.try_special(Special::Bytes, v, &[])? {
        if !cx.is_instance_of(made.r(), Builtin::Bytes) {
            let got = cx.type_name(made.r());
            return Err(cx.type_error(format!("__bytes__ returned non-bytes (type {got})")));
        }
        return Ok(buffer::bytes_of(cx, made.r())?.into_owned());
    }
    if buffer::is_bytes_like(cx, v) {
        return Ok(buffer::contents_of(cx, v)?.into_owned());
    }
    let iterable = cx.class_of(v).special(cx, Special::Iter).is_some()
        || cx.class_of(v).special(cx, Special::GetItem).is_some();
    if cx.is_instance_of(v, Builtin::Str) || !iterable {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("cannot convert '{name}' object to bytes")));
    }
    let mut all = Vec::new();
    cx.for_each(v, |cx, item| {
        match u8::try_from(cx.index_clamped(item.r())?) {
            Ok(b) => all.push(b),
            Err(_) => return Err(cx.value_error("bytes must be in range(0, 256)")),
        }
        Ok(true)
    })?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_round_trip_in_twos_complement() {
        for w in [0, 1, -1, 127, 128, -128, -129, 255, 256, i64::MAX as i128, i128::MIN, i128::MAX] {
            let n = IntRef::Word(w);
            let len = (n.bits() / 8 + 1) as usize;
            let mut digits = little_endian(n, len, true).unwrap();
            digits.resize(len, if w < 0 { 0xff } else { 0 });
            assert_eq!(from_little_endian(&digits, true), Int::Word(w));
        }
        assert_eq!(little_endian(IntRef::Word(128), 1, true), None);
        assert_eq!(little_endian(IntRef::Word(-129), 1, true), None);
        assert_eq!(little_endian(IntRef::Word(256), 1, false), None);
        assert_eq!(little_endian(IntRef::Word(-128), 1, true), Some(vec![0x80]));
        let big = BigInt::from(1) << 127u32;
        assert_eq!(little_endian(IntRef::Big(&big), 16, true), None);
        assert_eq!(little_endian(IntRef::Big(&big), 16, false).map(|d| d.len()), Some(16));
        assert_eq!(from_little_endian(&[0xff; 16], false), Int::from((BigInt::from(1) << 128u32) - 1));
    }
}
