//! Powers: by repeated squaring for integer exponents, by exponential and logarithm for others, with the working precisions of
//! libmpdec, so that the results are the same; and powers modulo an integer.

use super::basic::{check_nans, div, mul};
use super::compare::compare_absolute;
use super::ctx::{Ctx, Round, signal};
use super::dec::{Dec, limbs_for, or_nan};
use super::exp_log::{exp, ln, nearly_one};
use super::limbs::{self, NoMemory, Res};
use super::quantum::to_i64;
use num_bigint::BigUint;
use std::cmp::Ordering;

/// Digits of the greatest exponent.
const EXP_DIGITS: i64 = 19;
/// An exponent beyond any range.
const HUGE: i64 = 1 << 61;

/// `a` to the power of `b`.
pub fn pow(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    let negative = a.negative && b.is_integer() && b.is_odd();
    if a.is_zero() {
        if b.is_zero() {
            return Dec::failed(status, signal::INVALID_OPERATION);
        }
        return if b.negative { Dec::infinity(negative) } else { Dec::zero(negative, 0) };
    }
    if a.negative && !b.is_integer() {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    if b.is_infinite() {
        return match compare_absolute(a, &Dec::one()) {
            Ordering::Equal => nearly_one(negative, c, status),
            order => match order.is_gt() != b.negative {
                true => Dec::infinity(false),
                false => Dec::zero(false, 0),
            },
        };
    }
    if a.is_infinite() {
        return match () {
            _ if b.is_zero() => Dec::new(negative, super::dec::Coef::short(1), 0),
            _ if b.negative => Dec::zero(negative, 0),
            _ => Dec::infinity(negative),
        };
    }
    if b.is_zero() {
        return Dec::short(negative, 1, 0);
    }
    let size = compare_absolute(a, &Dec::one());
    if size == Ordering::Equal {
        return or_nan(power_of_one(a, b, negative, c, status), status);
    }
    if let Some(result) = beyond_bounds(a, b, size.is_gt(), negative, c, status) {
        return result;
    }
    if b.is_integer() && b.adjusted() < EXP_DIGITS {
        return whole_power(a, b, negative, c, status);
    }
    let result = real_power(a, b, c, status);
    let result =
        if result.is_infinite() { Dec::short(negative, 1, HUGE) } else { result.with_sign(negative) };
    result.finish(c, status)
}

/// A power of 1 or -1, with as many zeros behind the point as multiplication gives.
fn power_of_one(a: &Dec, b: &Dec, negative: bool, c: &Ctx, status: &mut u32) -> Res<Dec> {
    if !b.is_integer() {
        return Ok(nearly_one(negative, c, status));
    }
    if b.negative {
        return Ok(Dec::short(negative, 1, 0));
    }
    let zeros = match to_i64(b) {
        _ if a.exp == 0 => 0,
        Some(n) => n.saturating_mul(-a.exp),
        None => i64::MAX,
    };
    let shift = if zeros > c.prec - 1 {
        *status |= signal::ROUNDED;
        c.prec - 1
    } else {
        zeros
    };
    let shift = shift.max(0);
    Ok(Dec::from_limbs(negative, limbs::shift_left(&[1], shift as usize)?, -shift))
}

/// The result if it is far beyond the range of exponents: that could not be computed.
fn beyond_bounds(a: &Dec, b: &Dec, greater: bool, negative: bool, c: &Ctx, status: &mut u32) -> Option<Dec> {
    // A lower bound of the exponent of |log10(a)|.
    let magnitude = match a.adjusted() {
        0 | -1 => {
            let difference = super::basic::sub(&a.clone().abs(), &Dec::one(), &Ctx::MAX, &mut 0);
            // log10(1 + x) is more than a quarter of x for x below 10.
            difference.adjusted() - 1
        }
        n => limbs::digits_u64(n.unsigned_abs().saturating_sub(n.is_negative() as u64).max(1)) as i64 - 1,
    };
    let overflows = greater != b.negative;
    let limit = if overflows { c.emax } else { -c.etiny() };
    let bound = magnitude.saturating_add(b.adjusted());
    if bound <= limbs::digits_u64(limit.unsigned_abs()) as i64 {
        return None;
    }
    let exp = if overflows { HUGE } else { -HUGE * 2 };
    Some(Dec::short(negative, 1, exp).finish(c, status))
}

/// Powers with integer exponents of at most 19 digits.
fn whole_power(a: &Dec, b: &Dec, negative: bool, c: &Ctx, status: &mut u32) -> Dec {
    let prec = c.prec + b.adjusted() + 1 + 2 + b.negative as i64;
    let work = Ctx { prec, round: Round::HalfEven, clamp: false, ..*c };
    let mut base = a.clone();
    if b.negative {
        let mut own = 0;
        base = div(&Dec::one(), a, &work, &mut own);
        *status |= own;
        if own & signal::ERRORS != 0 {
            return Dec::nan();
        }
    }
    let Ok((n, _)) = b.at_exponent(0) else { return Dec::failed(status, signal::MALLOC_ERROR) };
    let n = limbs::join(&n);
    let mut own = 0;
    let mut result = base.clone();
    let mut bit = 1u128 << (127 - n.leading_zeros());
    while bit > 1 {
        bit >>= 1;
        result = mul(&result, &result, &work, &mut own);
        if n & bit != 0 {
            result = mul(&result, &base, &work, &mut own);
        }
        if result.is_special() || result.is_zero() && own & signal::CLAMPED != 0 {
            break;
        }
    }
    *status |= own;
    // Rounding may ask for the greatest finite number instead of infinity.
    let result =
        if result.is_infinite() { Dec::short(negative, 1, HUGE) } else { result.with_sign(negative) };
    result.finish(c, status)
}

/// Powers of positive numbers with any exponent.
fn real_power(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    let work = Ctx::MAX.with_prec(a.digits().max(c.prec) + 4 + EXP_DIGITS);
    let mut own = 0;
    let log = ln(&a.clone().abs(), &work, &mut own);
    let product = mul(&log, b, &work, &mut own);
    let result = exp(&product, &work, &mut own);
    *status |= own & signal::ERRORS | signal::INEXACT | signal::ROUNDED;
    if result.is_zero() {
        *status |= own & (signal::UNDERFLOW | signal::SUBNORMAL | signal::CLAMPED);
    }
    if result.is_finite() && compare_absolute(&result, &Dec::one()).is_eq() {
        return nearly_one(false, c, status);
    }
    result
}

/// Limbs as a binary number.
pub fn to_big(a: &[u64]) -> BigUint {
    if a.len() <= 32 {
        return a.iter().rev().fold(BigUint::default(), |x, &limb| x * limbs::BASE + limb);
    }
    let half = a.len() / 2;
    let (low, high) = a.split_at(half);
    to_big(high) * BigUint::from(limbs::BASE).pow(half as u32) + to_big(low)
}

/// A binary number as normal limbs, by halves.
pub fn from_big(x: &BigUint) -> Res<Vec<u64>> {
    let words: Vec<u64> = x.iter_u64_digits().collect();
    // Powers of 2^64: the i-th is 2^(64 * 32 * 2^i).
    let mut powers: Vec<Vec<u64>> = Vec::new();
    while 32 << powers.len() < words.len() {
        let next = match powers.last() {
            None => from_words(&[&[0; 32][..], &[1]].concat())?,
            Some(last) => super::mul::mul(last, last)?,
        };
        powers.push(next);
    }
    join_words(&words, &powers)
}

fn join_words(words: &[u64], powers: &[Vec<u64>]) -> Res<Vec<u64>> {
    let Some((power, lower)) = powers.split_last() else { return from_words(words) };
    let half = 32 << lower.len();
    if words.len() <= half {
        return join_words(words, lower);
    }
    let high = super::mul::mul(&join_words(&words[half..], lower)?, power)?;
    limbs::add(&high, &join_words(&words[..half], lower)?)
}

/// Binary words as limbs, one after the other.
fn from_words(words: &[u64]) -> Res<Vec<u64>> {
    let mut out = limbs::room(limbs_for((words.len() as i64 * 1927).div_euclid(100) + 1) + 2)?;
    for &word in words.iter().rev() {
        // out * 2^64 + word, in two steps of half a word.
        for half in [word >> 32, word & 0xffff_ffff] {
            let carry = limbs::mul_word(&mut out, 1 << 32, half);
            if carry > 0 {
                out.push(carry);
            }
        }
    }
    Ok(out)
}

/// `base * 10^e` modulo `m`.
fn residue(d: &Dec, m: &BigUint) -> BigUint {
    to_big(&d.coef.limbs()) % m * BigUint::from(10u8).modpow(&BigUint::from(d.exp.max(0) as u64), m) % m
}

/// An integer without a fraction of zeros.
fn integral(d: &Dec) -> Res<Dec> {
    if d.exp >= 0 {
        return Ok(d.clone());
    }
    Ok(Dec::from_limbs(d.negative, d.at_exponent(0)?.0, 0))
}

/// `a` to the power of `b`, modulo `m`: all integers.
pub fn pow_mod(a: &Dec, b: &Dec, m: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b, m], c, status) {
        return nan;
    }
    let integers = a.is_integer() && b.is_integer() && m.is_integer();
    let defined = integers && !m.is_zero() && !(a.is_zero() && b.is_zero()) && (!b.negative || b.is_zero());
    if !defined || m.digits() + m.exp > c.prec {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    let negative = a.negative && b.is_odd();
    or_nan(pow_residue(a, b, m).map(|limbs| Dec::from_limbs(negative, limbs, 0)), status)
}

fn pow_residue(a: &Dec, b: &Dec, m: &Dec) -> Res<Vec<u64>> {
    let (a, b) = (integral(a)?, integral(b)?);
    let modulus = to_big(&m.at_exponent(0)?.0);
    let mut power = residue(&a, &modulus).modpow(&to_big(&b.coef.limbs()), &modulus);
    if b.exp > (1 << 24) {
        return Err(NoMemory);
    }
    for _ in 0..b.exp {
        power = power.modpow(&BigUint::from(10u8), &modulus);
    }
    from_big(&power)
}
