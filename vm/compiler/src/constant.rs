//! Constants while a unit is compiled: their identity (for merging), and how literals become them.

use num_bigint::{BigInt, Sign};
use num_traits::FromPrimitive;
use ungil_bytecode::Const;

/// Tells constants apart as CPython's `_PyCode_ConstantKey` does: by type and by bits, so that `0`, `False`, `0.0` and
/// `-0.0` stay four constants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    None,
    True,
    False,
    Ellipsis,
    Int(BigInt),
    Float(u64),
    Complex(u64, u64),
    Str(Vec<u8>),
    Bytes(Vec<u8>),
    Tuple(Vec<Key>),
    FrozenSet(Vec<Key>),
    Slice(Vec<Key>),
}

/// The key of a constant; code has none and is never merged.
pub(crate) fn key(constant: &Const) -> Option<Key> {
    let all = |items: &[Const]| items.iter().map(key).collect::<Option<Vec<_>>>();
    Some(match constant {
        Const::None => Key::None,
        Const::True => Key::True,
        Const::False => Key::False,
        Const::Ellipsis => Key::Ellipsis,
        Const::Int(_) | Const::BigInt { .. } => Key::Int(big(constant)?),
        Const::Float(x) => Key::Float(x.to_bits()),
        Const::Complex { real, imag } => Key::Complex(real.to_bits(), imag.to_bits()),
        Const::Str(text) => Key::Str(text.clone()),
        Const::Bytes(bytes) => Key::Bytes(bytes.clone()),
        Const::Tuple(items) => Key::Tuple(all(items)?),
        Const::FrozenSet(items) => Key::FrozenSet(all(items)?),
        Const::Slice(parts) => Key::Slice(all(&parts[..])?),
        Const::Code(_) => return None,
    })
}

/// A key that is the same for constants that are equal: numbers of different types may be.
pub(crate) fn equality_key(constant: &Const) -> Option<Key> {
    let number = |x: f64| match (x.is_finite() && x.fract() == 0.0).then(|| BigInt::from_f64(x)) {
        Some(Some(whole)) => Key::Int(whole),
        _ => Key::Float(x.to_bits()),
    };
    Some(match constant {
        Const::True => Key::Int(BigInt::from(1)),
        Const::False => Key::Int(BigInt::from(0)),
        Const::Float(x) => number(*x),
        Const::Complex { real, imag } if *imag == 0.0 => number(*real),
        other => return key(other),
    })
}

/// The value of an int constant.
pub(crate) fn big(constant: &Const) -> Option<BigInt> {
    match constant {
        Const::Int(n) => Some(BigInt::from(*n)),
        Const::BigInt { negative, limbs } => {
            let sign = if *negative { Sign::Minus } else { Sign::Plus };
            Some(BigInt::from_slice(sign, limbs))
        }
        _ => None,
    }
}

/// An int constant in its smallest form.
pub(crate) fn int(value: &BigInt) -> Const {
    match i64::try_from(value) {
        Ok(small) => Const::Int(small),
        Err(_) => {
            let (sign, limbs) = value.to_u32_digits();
            Const::BigInt { negative: sign == Sign::Minus, limbs }
        }
    }
}

/// Text as a constant.
pub(crate) fn text(value: &str) -> Const {
    Const::Str(value.as_bytes().to_vec())
}

/// Whether a constant is true.
pub(crate) fn truth(constant: &Const) -> bool {
    match constant {
        Const::None | Const::False => false,
        Const::True | Const::Ellipsis | Const::Code(_) | Const::BigInt { .. } | Const::Slice(_) => true,
        Const::Int(n) => *n != 0,
        Const::Float(x) => *x != 0.0,
        Const::Complex { real, imag } => *real != 0.0 || *imag != 0.0,
        Const::Str(bytes) | Const::Bytes(bytes) => !bytes.is_empty(),
        Const::Tuple(items) | Const::FrozenSet(items) => !items.is_empty(),
    }
}
