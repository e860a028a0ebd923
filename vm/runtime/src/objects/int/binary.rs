//! Operators of `int` as methods: arithmetic forward and reflected, comparison, power with a modulus.

use super::num::{Int, IntRef};
use super::small::{binary_int, int_result};
use super::{new_int, view};
use crate::prelude::*;
use num_bigint::BigInt;

/// `a op b`, `NotImplemented` unless both are ints.
fn operate(cx: &mut Cx, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> R {
    let (Some(x), Some(y)) = (view(cx, a), view(cx, b)) else { return Ok(cx.not_implemented()) };
    match binary_int(cx, op, x, y) {
        Some(result) => result,
        None => Ok(cx.not_implemented()),
    }
}

macro_rules! operators {
    ($($op:ident $reflected:ident,)*) => {
        &[$(
            (Special::$op, Full(|cx, a| operate(cx, BinaryOp::$op, a.get(0), a.get(1)))),
            (Special::$reflected, Full(|cx, a| operate(cx, BinaryOp::$op, a.get(1), a.get(0)))),
        )*]
    };
}

/// All but the power.
pub(super) const OPERATORS: &[(Special, NativeFn)] = operators! {
    Add RAdd, Sub RSub, Mul RMul, Mod RMod, DivMod RDivMod, Shl RShl, Shr RShr, And RAnd, Xor RXor, Or ROr,
    FloorDiv RFloorDiv, TrueDiv RTrueDiv,
};

/// The six comparisons.
pub(super) const COMPARISONS: &[(Special, NativeFn)] = &[
    (Special::Lt, Leaf(|cx, a| compare(cx, a, CompareOp::Lt))),
    (Special::Le, Leaf(|cx, a| compare(cx, a, CompareOp::Le))),
    (Special::Eq, Leaf(|cx, a| compare(cx, a, CompareOp::Eq))),
    (Special::Ne, Leaf(|cx, a| compare(cx, a, CompareOp::Ne))),
    (Special::Gt, Leaf(|cx, a| compare(cx, a, CompareOp::Gt))),
    (Special::Ge, Leaf(|cx, a| compare(cx, a, CompareOp::Ge))),
];

fn compare(cx: &Cx, a: Args<'_>, op: CompareOp) -> R {
    Ok(match (view(cx, a.get(0)), view(cx, a.get(1))) {
        (Some(x), Some(y)) => cx.bool(op.holds(x.cmp(y))),
        _ => cx.not_implemented(),
    })
}

/// `__pow__(self, value, mod=None)`.
pub(super) fn pow(cx: &mut Cx, a: Args<'_>) -> R {
    power(cx, a.get(0), a.get(1), a.opt_not_none(2))
}

/// `__rpow__(self, value, mod=None)`.
pub(super) fn rpow(cx: &mut Cx, a: Args<'_>) -> R {
    power(cx, a.get(1), a.get(0), a.opt_not_none(2))
}

fn power(cx: &mut Cx, base: Ref<'_>, exponent: Ref<'_>, modulus: Option<Ref<'_>>) -> R {
    let Some(modulus) = modulus else { return operate(cx, BinaryOp::Pow, base, exponent) };
    match (view(cx, base), view(cx, exponent), view(cx, modulus)) {
        (Some(x), Some(y), Some(z)) => mod_power(cx, x, y, z),
        _ => Ok(cx.not_implemented()),
    }
}

/// `pow(a, b, c)`: the result has the modulus's sign.
fn mod_power(cx: &mut Cx, a: IntRef<'_>, b: IntRef<'_>, c: IntRef<'_>) -> R {
    if c.is_zero() {
        return Err(cx.value_error("pow() 3rd argument cannot be 0"));
    }
    if let (Some(x), Some(y), Some(z)) = (a.to_i64(), b.to_i64(), c.to_i64())
        && y >= 0
        && z > 0
    {
        let base = x.rem_euclid(z) as u64;
        return Ok(cx.int(word_power(base, y as u64, z as u64) as i64));
    }
    let modulus = c.abs().into_big();
    let one = BigInt::from(1);
    if modulus == one {
        return Ok(cx.int(0));
    }
    let mut base = a.to_big();
    if b.is_negative() {
        match base.modinv(&modulus) {
            Some(inverse) => base = inverse,
            None => return Err(cx.value_error("base is not invertible for the given modulus")),
        }
    }
    let result = Int::from(base.modpow(&b.abs().into_big(), &modulus));
    let negative = c.is_negative() && !result.is_zero();
    Ok(new_int(cx, if negative { result.r().add(c) } else { result }))
}

/// `base ** exponent % modulus`, `base` below the modulus.
fn word_power(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let times = |a: u64, b: u64| (a as u128 * b as u128 % modulus as u128) as u64;
    let mut result = 1 % modulus;
    while exponent > 0 {
        if exponent & 1 != 0 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

/// `round(n, digits)`: to a multiple of a power of ten, half to even.
pub(super) fn round(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(n) = view(cx, a.get(0)) else { return Ok(cx.not_implemented()) };
    let Some(digits) = a.opt_not_none(1) else { return Ok(new_int(cx, n.to_int())) };
    let digits = cx.index_clamped(digits)?;
    if digits >= 0 {
        return Ok(new_int(cx, n.to_int()));
    }
    // A power of ten with more digits than `n` has bits is more than twice as large.
    if digits.unsigned_abs() as u64 > n.bits() + 1 {
        return Ok(cx.int(0));
    }
    let rounded = IntRef::Word(10)
        .pow(IntRef::Word(digits.unsigned_abs() as i128))
        .and_then(|unit| round_to(n, unit.r()));
    int_result(cx, rounded)
}

/// The multiple of `unit` nearest to `n`, half to even.
pub(crate) fn round_to(n: IntRef<'_>, unit: IntRef<'_>) -> Result<Int, super::Trouble> {
    let (mut quotient, rest) = n.div_mod(unit)?;
    let twice = rest.r().add(rest.r());
    let up = match twice.r().cmp(unit) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient.r().is_odd(),
        std::cmp::Ordering::Greater => true,
    };
    if up {
        quotient = quotient.r().add(IntRef::Word(1));
    }
    quotient.r().mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_to_the_even_multiple() {
        let round = |n: i128| round_to(IntRef::Word(n), IntRef::Word(10)).unwrap();
        for (n, expected) in
            [(15, 20), (25, 20), (-15, -20), (-25, -20), (26, 30), (-26, -30), (4, 0), (0, 0)]
        {
            assert_eq!(round(n), Int::Word(expected));
        }
    }

    #[test]
    fn powers_of_words_do_not_overflow() {
        let p = (1u64 << 63) - 25;
        assert_eq!(word_power(3, p - 1, p), 1);
        assert_eq!(word_power(5, 0, 1), 0);
    }
}
