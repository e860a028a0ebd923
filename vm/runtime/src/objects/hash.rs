//! Hashes of numbers and of the other objects whose hash needs no Python.
//!
//! Numbers that are equal have equal hashes whatever their classes: all are reduced modulo the prime `2**61 - 1`
//! (CPython's `sys.hash_info`). Called by dicts, sets and `hash()`. No locks.

use crate::objects::bytes::PyBytes;
use crate::objects::int::{self, IntRef, PyInt};
use crate::objects::str::PyStr;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use num_traits::Signed;

/// Bits of the prime modulus.
pub const BITS: u32 = 61;
/// The prime modulus.
pub const MODULUS: u64 = (1 << BITS) - 1;
/// `hash(float("inf"))`.
pub const INFINITY: i64 = 314159;
/// Factor of the imaginary part.
pub const IMAGINARY: u64 = 1_000_003;

/// -1 is no hash: it stands for an error in CPython's interface.
#[inline(always)]
fn not_minus_one(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

/// The hash of a machine word.
#[inline(always)]
pub fn hash_i64(i: i64) -> i64 {
    let magnitude = i.unsigned_abs();
    if magnitude < MODULUS {
        return not_minus_one(i);
    }
    let rest = (magnitude % MODULUS) as i64;
    not_minus_one(if i < 0 { -rest } else { rest })
}

/// The hash of an int.
pub fn hash_int(n: IntRef<'_>) -> i64 {
    let (rest, negative) = match n {
        // Dividing 128 bits takes long.
        IntRef::Word(w) if i64::try_from(w).is_ok() => return hash_i64(w as i64),
        IntRef::Word(w) => ((w.unsigned_abs() % MODULUS as u128) as u64, w < 0),
        IntRef::Big(b) => {
            // 2**64 is 8 modulo the prime.
            let fold = |rest: u64, digit: u64| ((rest as u128 * 8 + digit as u128) % MODULUS as u128) as u64;
            (b.iter_u64_digits().rev().fold(0, fold), b.is_negative())
        }
    };
    not_minus_one(if negative { -(rest as i64) } else { rest as i64 })
}

/// The hash of an object that is equal to itself alone.
#[inline(always)]
pub fn hash_identity(v: Value) -> i64 {
    (v.0 >> 4) as i64
}

/// The hash of a float.
pub fn hash_float(x: f64) -> i64 {
    let whole = x as i64;
    if whole as f64 == x && whole != i64::MAX {
        return hash_i64(whole);
    }
    if !x.is_finite() {
        return match x.is_nan() {
            // A NaN equals nothing: its hash is that of its identity, which for an immediate is its word.
            true => hash_identity(Value::from_float(x)),
            false if x > 0.0 => INFINITY,
            false => -INFINITY,
        };
    }
    let bits = x.abs().to_bits();
    let (mantissa, exponent) = match bits >> 52 {
        0 => (bits, -1074),
        e => ((bits & ((1 << 52) - 1)) | 1 << 52, e as i64 - 1075),
    };
    // 2 ** BITS is 1 modulo the prime: multiplying by a power of two is a rotation of the 61 bits.
    let turn = exponent.rem_euclid(BITS as i64) as u32;
    let rest = (mantissa << turn & MODULUS) | mantissa >> (BITS - turn);
    let rest = (rest % MODULUS) as i64;
    not_minus_one(if x < 0.0 { -rest } else { rest })
}

/// The hash of a complex number.
pub fn hash_complex(real: f64, imag: f64) -> i64 {
    let (a, b) = (hash_float(real) as u64, hash_float(imag) as u64);
    not_minus_one(a.wrapping_add(b.wrapping_mul(IMAGINARY)) as i64)
}

/// The hash of an address, as objects without a hash of their own have it.
#[inline]
pub fn hash_address(v: Ref<'_>) -> i64 {
    // Large objects lie at multiples of powers of two: tables look at the low bits first.
    let word = v.value().0.rotate_right(4);
    not_minus_one((word ^ word >> 6) as i64)
}

/// As [`known_hash`] where it is at hand: ints below 2^48, exact strings whose hash was asked for before, and classes.
#[inline(always)]
pub fn hash_at_hand(v: Value) -> Option<i64> {
    if v.is_int() {
        return Some(not_minus_one(v.int()));
    }
    if !v.is_ptr() {
        return None;
    }
    // SAFETY: the caller keeps it alive.
    let v = unsafe { Ref::from_value(v) };
    match v.header()?.shape_id() {
        // SAFETY: an exact string.
        id if id == Builtin::Str as u32 => unsafe { v.cast_unchecked::<PyStr>() }.hash_if_known(),
        id if id == Builtin::Type as u32 => Some(hash_address(v)),
        _ => None,
    }
}

/// The hash of an object if that needs no Python: immediates, exact strings and ints, tuples whose hash was asked for
/// before, objects that have the hash of their address. May resolve a special method of the object's class: no lock of
/// an object is held.
#[inline(always)]
pub fn known_hash(cx: &Cx, v: Ref<'_>) -> Option<i64> {
    match v.header() {
        Some(h) if h.shape_id() == Builtin::Str as u32 => {
            // SAFETY: an exact string.
            Some(unsafe { v.cast_unchecked::<PyStr>() }.hash(cx))
        }
        Some(h) if h.shape_id() == Builtin::Int as u32 => {
            // SAFETY: an exact int on the heap.
            Some(hash_int(unsafe { v.cast_unchecked::<PyInt>() }.value()))
        }
        Some(_) => known_hash_of_other(cx, v),
        None => hash_immediate(v.value()),
    }
}

#[inline(never)]
fn known_hash_of_other(cx: &Cx, v: Ref<'_>) -> Option<i64> {
    if cx.is_exactly(v, Builtin::Tuple) {
        // SAFETY: an exact tuple.
        return unsafe { v.cast_unchecked::<PyTuple>() }.known_hash();
    }
    if cx.is_exactly(v, Builtin::Type) || cx.is_exactly(v, Builtin::Function) {
        return Some(hash_address(v));
    }
    if cx.is_exactly(v, Builtin::Bytes) {
        // SAFETY: exact bytes.
        return Some(unsafe { v.cast_unchecked::<PyBytes>() }.hash(cx));
    }
    if cx.is_exactly(v, Builtin::WeakRef) {
        return crate::objects::weakref::known_hash(v);
    }
    let class = cx.class_of(v);
    if class.has_layout::<PyInt>() && class.same_special(cx, cx.builtin(Builtin::Int), Special::Hash) {
        // SAFETY: the class says what the layout is.
        return Some(hash_int(unsafe { v.cast_unchecked::<PyInt>() }.value()));
    }
    if class.has_layout::<PyTuple>() && class.same_special(cx, cx.builtin(Builtin::Tuple), Special::Hash) {
        // SAFETY: as above.
        return unsafe { v.cast_unchecked::<PyTuple>() }.known_hash();
    }
    let object = cx.builtin(Builtin::Object);
    class.same_special(cx, object, Special::Hash).then(|| hash_address(v))
}

#[inline]
fn hash_immediate(v: Value) -> Option<i64> {
    Some(match v {
        // All immediate ints are below the modulus.
        _ if v.is_int() => not_minus_one(v.int()),
        _ if v.is_float() => hash_float(v.float()),
        Value::FALSE => 0,
        Value::TRUE => 1,
        // What CPython 3.12 and later give for `None`.
        Value::NONE => 0xfca8_6420,
        Value::ELLIPSIS | Value::NOT_IMPLEMENTED => not_minus_one(v.0.rotate_right(3) as i64),
        _ => return None,
    })
}

/// The hash that a `__hash__` method gave.
///
/// # Errors
/// `TypeError` if it is no int.
pub fn from_result(cx: &mut Cx, result: Obj) -> R<i64> {
    match int::view(cx, result.r()) {
        // What fits a word is taken as it is, anything larger is reduced.
        Some(n) => Ok(n.to_i64().map_or_else(|| hash_int(n), not_minus_one)),
        None => Err(cx.type_error("__hash__ method should return an integer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;

    #[test]
    fn equal_numbers_have_equal_hashes() {
        for i in [0, 1, -1, 7, 1 << 60, -(1 << 61), (1 << 61) - 1, 1 << 62] {
            let word = IntRef::Word(i as i128);
            assert_eq!(hash_int(word), hash_i64(i));
            let x = i as f64;
            if x as i64 == i {
                assert_eq!(hash_float(x), hash_i64(i));
            }
        }
        for shift in [63u32, 64, 100, 200, 1000] {
            let big = BigInt::from(-3) << shift;
            assert_eq!(hash_int(IntRef::Big(&big)), hash_float(-3.0 * 2f64.powi(shift as i32)));
        }
    }

    /// What CPython 3.14 prints.
    #[test]
    fn hashes_are_cpythons() {
        assert_eq!(hash_int(IntRef::Big(&BigInt::from(10).pow(50))), 619332571178673746);
        assert_eq!(hash_float(1.5), 1152921504606846977);
        assert_eq!(hash_float(-1.0), -2);
        assert_eq!(hash_float(f64::INFINITY), 314159);
        assert_eq!(hash_complex(0.0, 1.0), 1000003);
        assert_eq!(hash_i64(-(1 << 61)), -2);
    }
}
