//! Exponents: quantizing, rounding to integers, scaling, and the numbers next to one.

use super::basic::{add, check_nans, sub};
use super::compare::compare_values;
use super::ctx::{Ctx, MAX_EMAX, Round, signal};
use super::dec::{Dec, or_nan};
use super::limbs::Cut;
use super::round::{cut_short, goes_up};
use std::cmp::Ordering;

/// `a` with the exponent of `b`.
pub fn quantize(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if a.is_special() || b.is_special() {
        if let Some(nan) = check_nans(&[a, b], c, status) {
            return nan;
        }
        return match a.is_infinite() && b.is_infinite() {
            true => a.clone(),
            false => Dec::failed(status, signal::INVALID_OPERATION),
        };
    }
    if b.exp > c.emax || b.exp < c.etiny() {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    if a.coef.is_zero() {
        return Dec::zero(a.negative, b.exp).finish(c, status);
    }
    let digits = a.digits();
    if digits + (a.exp - b.exp) > c.prec {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    let mut own = 0;
    let result = match (a.coef.get(), b.exp - a.exp) {
        (Some(x), cut @ 1..) => {
            let (x, lost) = cut_short(x, cut as usize);
            own = if lost == Cut::Nothing { signal::ROUNDED } else { signal::ROUNDED | signal::INEXACT };
            let up = goes_up(c.round, a.negative, (x % 10) as u8, lost);
            Dec::short(a.negative, x + up as u128, b.exp)
        }
        _ => or_nan(a.rescaled(b.exp, c.round, &mut own), status),
    };
    let digits = result.digits();
    if digits > c.prec || result.exp + digits - 1 > c.emax {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    *status |= own;
    result.finish(c, status)
}

/// Rounded to an integer; the signals are those of the second form of the operation, and may be thrown away.
pub fn to_integral(a: &Dec, round: Round, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a], c, status) {
        return nan;
    }
    if a.is_infinite() || a.exp >= 0 {
        return a.clone();
    }
    or_nan(a.rescaled(0, round, status), status)
}

/// Whether the exponents are equal, or both numbers are of the same kind of special ones.
pub fn same_quantum(a: &Dec, b: &Dec) -> bool {
    match a.is_finite() && b.is_finite() {
        true => a.exp == b.exp,
        false => a.is_nan() && b.is_nan() || a.is_infinite() && b.is_infinite(),
    }
}

/// The exponent of the first digit.
pub fn logb(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a], c, status) {
        return nan;
    }
    if a.is_infinite() {
        return Dec::infinity(false);
    }
    if a.is_zero() {
        *status |= signal::DIVISION_BY_ZERO;
        return Dec::infinity(true);
    }
    Dec::from_i128(a.adjusted() as i128).finish(c, status)
}

/// The value of a finite integer if a word of half the range holds it.
pub fn to_i64(d: &Dec) -> Option<i64> {
    if d.is_zero() {
        return Some(0);
    }
    if !d.is_integer() || d.adjusted() > 18 {
        return None;
    }
    let (limbs, _) = d.at_exponent(0).ok()?;
    let x = super::limbs::join(&limbs) as i128;
    i64::try_from(if d.negative { -x } else { x }).ok()
}

/// `a * 10^b`.
pub fn scaleb(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    if !b.is_finite() || b.exp != 0 {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    // What a word does not hold is out of range, too.
    let limit = (c.emax.min(MAX_EMAX) as i128 + c.prec as i128) * 2;
    let n = match to_i64(b) {
        Some(n) if (n as i128).abs() <= limit => n,
        _ => return Dec::failed(status, signal::INVALID_OPERATION),
    };
    if a.is_infinite() {
        return a.clone();
    }
    let mut result = a.clone();
    result.exp = a.exp.saturating_add(n).clamp(-(1 << 62), 1 << 61);
    result.finish(c, status)
}

/// The greatest finite number.
fn greatest(negative: bool, c: &Ctx, status: &mut u32) -> Dec {
    let c = Ctx { round: Round::Down, clamp: false, ..*c };
    let mut own = 0;
    let d = Dec::short(negative, 1, c.emax + 1).finish(&c, &mut own);
    *status |= own & signal::MALLOC_ERROR;
    d
}

/// The next number in a direction.
fn next(a: &Dec, up: bool, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a], c, status) {
        return nan;
    }
    if a.is_infinite() {
        return if a.negative == up { greatest(a.negative, c, status) } else { a.clone() };
    }
    let c = Ctx { round: if up { Round::Ceiling } else { Round::Floor }, ..*c };
    let mut own = 0;
    let rounded = a.clone().finish(&c, &mut own);
    let result = if own & signal::INEXACT != 0 {
        rounded
    } else {
        let speck = Dec::short(false, 1, c.etiny() - 1);
        if up { add(a, &speck, &c, &mut own) } else { sub(a, &speck, &c, &mut own) }
    };
    *status |= own & signal::MALLOC_ERROR;
    result
}

pub fn next_minus(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    next(a, false, c, status)
}

pub fn next_plus(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    next(a, true, c, status)
}

/// The number next to `a` in the direction of `b`.
pub fn next_toward(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    let result = match compare_values(a, b) {
        Ordering::Equal => return a.clone().with_sign(b.negative),
        Ordering::Less => next(a, true, c, status),
        Ordering::Greater => next(a, false, c, status),
    };
    if result.is_infinite() {
        *status |= signal::OVERFLOW | signal::ROUNDED | signal::INEXACT;
    } else if result.is_finite() && result.adjusted() < c.emin {
        *status |= signal::UNDERFLOW | signal::SUBNORMAL | signal::ROUNDED | signal::INEXACT;
        if result.is_zero() {
            *status |= signal::CLAMPED;
        }
    }
    result
}
