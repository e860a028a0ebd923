//! `exp`, `ln` and `log10`, correctly rounded (half to even, as in libmpdec): a value is computed to more digits than needed, and
//! to still more if those do not decide how it is rounded (Ziv's strategy). None of these results is a decimal number, but for
//! the few that are found out before, so that ends.

use super::basic::check_nans;
use super::ctx::{Ctx, Round, signal};
use super::dec::{Dec, limbs_for, or_nan};
use super::div::div_rem;
use super::fixed;
use super::limbs::{self, LIMB, Res};
use std::cmp::Ordering;

/// How far the last digit of an approximation may be off.
const ERROR: u64 = 4;

/// A number to at least so many digits, the last of which is off by at most [`ERROR`].
type Approximate<'a> = &'a dyn Fn(i64) -> Res<Dec>;

/// The number that `approximate` comes near to, rounded.
fn decide(approximate: Approximate<'_>, c: &Ctx, status: &mut u32) -> Res<Dec> {
    let c = Ctx { round: Round::HalfEven, ..*c };
    let mut digits = c.prec + 4;
    loop {
        let near = approximate(digits)?;
        let mut coef = near.coef.to_vec()?;
        // The part that rounding takes off must not be near one half.
        let cut = (near.digits() - c.prec).max(c.etiny() - near.exp);
        if cut >= 2 && (cut > near.digits() || is_decided(&coef, cut as usize)?) {
            if coef[0] % 5 == 0 {
                limbs::increment(&mut coef);
            }
            return Ok(Dec::from_limbs(near.negative, coef, near.exp).finish(&c, status));
        }
        digits += digits / 2 + LIMB as i64;
    }
}

/// Whether the lowest `cut` digits are clearly more or less than one half.
fn is_decided(coef: &[u64], cut: usize) -> Res<bool> {
    let mut lost = coef.to_vec();
    limbs::low_digits(&mut lost, cut);
    let half = limbs::shift_left(&[5], cut - 1)?;
    let distance = match limbs::compare(&lost, &half) {
        Ordering::Less => limbs::sub(&half, &lost)?,
        _ => limbs::sub(&lost, &half)?,
    };
    Ok(distance.len() > 1 || distance.first().is_some_and(|&low| low > 2 * ERROR))
}

/// `digits` digits of a fixed-point number.
fn to_dec(a: Vec<u64>, f: usize, digits: i64, negative: bool) -> Dec {
    let mut a = a;
    limbs::normalize(&mut a);
    let more = (limbs::digits(&a) as i64 - digits).max(0);
    limbs::shift_right(&mut a, more as usize);
    Dec::from_limbs(negative, a, more - (f * LIMB) as i64)
}

/// The magnitude of a finite number as a fixed-point one; what is too small for it is cut.
fn to_fixed(d: &Dec, f: usize) -> Res<Vec<u64>> {
    Ok(d.at_exponent(-((f * LIMB) as i64))?.0)
}

/// The number one, with as many zeros behind the point as the precision allows, for results that differ from it less.
pub fn nearly_one(negative: bool, c: &Ctx, status: &mut u32) -> Dec {
    *status |= signal::INEXACT | signal::ROUNDED;
    let power = limbs::shift_left(&[1], (c.prec - 1) as usize);
    or_nan(power.map(|a| Dec::from_limbs(negative, a, 1 - c.prec)), status)
}

/// e to the power of `a`.
pub fn exp(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a], c, status) {
        return nan;
    }
    if a.is_infinite() {
        return if a.negative { Dec::zero(false, 0) } else { Dec::infinity(false) };
    }
    if a.is_zero() {
        return Dec::one();
    }
    let even = Ctx { round: Round::HalfEven, ..*c };
    let adjusted = a.adjusted();
    if adjusted >= 19 {
        let exp = if a.negative { -(1 << 62) } else { 1 << 61 };
        return Dec::short(false, 1, exp).finish(&even, status);
    }
    if adjusted < -c.prec - 1 {
        // As in libmpdec, only what is not quite so near to 1 is below it, which matters where 1 is the least normal number.
        if !a.negative || adjusted < -c.prec - 4 {
            return nearly_one(false, &even, status).finish(&even, status);
        }
        let nines = limbs::shift_left(&[1], (c.prec + 2) as usize).and_then(|a| limbs::sub(&a, &[1]));
        return or_nan(nines.map(|a| Dec::from_limbs(false, a, -c.prec - 2)), status).finish(&even, status);
    }
    or_nan(decide(&|digits| exp_near(a, digits), c, status), status)
}

fn exp_near(a: &Dec, digits: i64) -> Res<Dec> {
    // The multiple of ln(10) that is taken off has up to 20 digits.
    let f = limbs_for(digits) + 3;
    let ln10 = fixed::ln10(f)?;
    let (quotient, mut rest) = div_rem(&to_fixed(a, f)?, &ln10)?;
    let mut power = limbs::join(&quotient) as i64;
    if a.negative {
        power = -power;
        if limbs::any(&rest) {
            power -= 1;
            rest = limbs::sub(&ln10, &rest)?;
        }
    }
    let mut near = to_dec(fixed::exp(&rest, f)?, f, digits, false);
    near.exp += power;
    Ok(near)
}

/// The number of digits that the logarithm of `a` loses because `a` is near 1.
fn lost_digits(a: &Dec) -> i64 {
    let one = Dec::one();
    let difference = super::basic::sub(a, &one, &Ctx::MAX, &mut 0);
    if difference.is_special() { 0 } else { (-difference.adjusted()).max(0) }
}

/// The natural logarithm of a positive number other than 1, as a fixed-point number with its sign.
fn ln_fixed(a: &Dec, f: usize) -> Res<(Vec<u64>, bool)> {
    let adjusted = a.adjusted();
    let mantissa = Dec { exp: 1 - a.digits(), ..a.clone() };
    let log = fixed::ln(&to_fixed(&mantissa, f)?, f)?;
    let power = adjusted.unsigned_abs();
    let mut product = fixed::ln10(f)?;
    let carry = limbs::mul_word(&mut product, power, 0);
    if carry > 0 {
        product.push(carry);
    }
    limbs::normalize(&mut product);
    if adjusted >= 0 {
        return Ok((limbs::add(&product, &log)?, false));
    }
    match limbs::compare(&product, &log) {
        Ordering::Less => Ok((limbs::sub(&log, &product)?, false)),
        _ => Ok((limbs::sub(&product, &log)?, true)),
    }
}

/// What both logarithms have in common: NaN, or the results for special arguments.
fn check_log(a: &Dec, c: &Ctx, status: &mut u32) -> Option<Dec> {
    if let Some(nan) = check_nans(&[a], c, status) {
        return Some(nan);
    }
    if a.is_zero() {
        return Some(Dec::infinity(true));
    }
    if a.negative {
        return Some(Dec::failed(status, signal::INVALID_OPERATION));
    }
    if a.is_infinite() {
        return Some(Dec::infinity(false));
    }
    None
}

/// If the number is a power of ten, which one.
fn power_of_ten(a: &Dec) -> Option<i64> {
    let digits = a.digits();
    let is_power =
        a.trailing_zeros() as i64 == digits - 1 && limbs::digit(&a.coef.limbs(), (digits - 1) as usize) == 1;
    is_power.then(|| a.adjusted())
}

/// The natural logarithm.
pub fn ln(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(special) = check_log(a, c, status) {
        return special;
    }
    if power_of_ten(a) == Some(0) {
        return Dec::zero(false, 0);
    }
    let lost = lost_digits(a);
    let near = |digits: i64| {
        let f = limbs_for(digits + lost) + 3;
        let (log, negative) = ln_fixed(a, f)?;
        Ok(to_dec(log, f, digits, negative))
    };
    or_nan(decide(&near, c, status), status)
}

/// The logarithm to base ten.
pub fn log10(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(special) = check_log(a, c, status) {
        return special;
    }
    if let Some(power) = power_of_ten(a) {
        let c = Ctx { round: Round::HalfEven, ..*c };
        return Dec::from_i128(power as i128).finish(&c, status);
    }
    let lost = lost_digits(a);
    let near = |digits: i64| {
        let f = limbs_for(digits + lost) + 3;
        let (log, negative) = ln_fixed(a, f)?;
        Ok(to_dec(fixed::div_fixed(&log, &fixed::ln10(f)?, f)?, f, digits, negative))
    };
    or_nan(decide(&near, c, status), status)
}
