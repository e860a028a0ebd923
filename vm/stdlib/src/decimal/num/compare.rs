//! Comparisons, by value and in the total order; least and greatest.

use super::basic::check_nans;
use super::ctx::{Ctx, signal};
use super::dec::{Dec, Kind};
use super::limbs::{self, WIDE_POWERS};
use std::cmp::Ordering;

/// The order of two finite magnitudes.
#[inline]
fn compare_magnitudes(a: &Dec, b: &Dec) -> Ordering {
    if a.exp == b.exp
        && let (Some(x), Some(y)) = (a.coef.get(), b.coef.get())
    {
        return x.cmp(&y);
    }
    compare_magnitudes_slow(a, b)
}

fn compare_magnitudes_slow(a: &Dec, b: &Dec) -> Ordering {
    match (a.coef.is_zero(), b.coef.is_zero()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    let order = a.adjusted().cmp(&b.adjusted());
    if order != Ordering::Equal {
        return order;
    }
    if a.exp < b.exp {
        return compare_magnitudes_slow(b, a).reverse();
    }
    // As many digits as the difference of the lengths are to be added to the shorter one.
    let shift = a.exp - b.exp;
    if let (Some(x), Some(y)) = (a.coef.get(), b.coef.get()) {
        return (x * WIDE_POWERS[shift as usize]).cmp(&y);
    }
    let mut long = b.coef.limbs().to_vec();
    let cut = limbs::shift_right(&mut long, shift as usize);
    let order = limbs::compare(&a.coef.limbs(), &long);
    if order == Ordering::Equal && cut != limbs::Cut::Nothing { Ordering::Less } else { order }
}

/// The order of two magnitudes, infinities included.
pub fn compare_absolute(a: &Dec, b: &Dec) -> Ordering {
    match (a.is_infinite(), b.is_infinite()) {
        (false, false) => compare_magnitudes(a, b),
        (x, y) => x.cmp(&y),
    }
}

/// The order of two values that are no NaNs.
#[inline]
pub fn compare_values(a: &Dec, b: &Dec) -> Ordering {
    if a.is_zero() && b.is_zero() {
        return Ordering::Equal;
    }
    match (a.negative && !a.is_zero(), b.negative && !b.is_zero()) {
        (false, false) => compare_absolute(a, b),
        (true, true) => compare_absolute(b, a),
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
    }
}

fn as_dec(order: Ordering) -> Dec {
    Dec::short(order.is_lt(), order.is_ne() as u128, 0)
}

pub fn compare(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    match check_nans(&[a, b], c, status) {
        Some(nan) => nan,
        None => as_dec(compare_values(a, b)),
    }
}

pub fn compare_signal(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if a.is_nan() || b.is_nan() {
        *status |= signal::INVALID_OPERATION;
    }
    compare(a, b, c, status)
}

/// The place of a kind in the total order of magnitudes.
fn rank(d: &Dec) -> u8 {
    match d.kind {
        Kind::Finite => 0,
        Kind::Infinite => 1,
        Kind::Signaling => 2,
        Kind::Quiet => 3,
    }
}

/// The total order of magnitudes.
pub fn total_absolute(a: &Dec, b: &Dec) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| match a.kind {
        Kind::Finite => compare_magnitudes(a, b).then(a.exp.cmp(&b.exp)),
        Kind::Infinite => Ordering::Equal,
        // By the payload.
        Kind::Quiet | Kind::Signaling => limbs::compare(&a.coef.limbs(), &b.coef.limbs()),
    })
}

/// The total order.
pub fn total(a: &Dec, b: &Dec) -> Ordering {
    match (a.negative, b.negative) {
        (false, false) => total_absolute(a, b),
        (true, true) => total_absolute(b, a),
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
    }
}

pub fn compare_total(a: &Dec, b: &Dec) -> Dec {
    as_dec(total(a, b))
}

pub fn compare_total_mag(a: &Dec, b: &Dec) -> Dec {
    as_dec(total_absolute(a, b))
}

/// The greater or the less of two numbers; a quiet NaN gives way to a number.
fn choose(a: &Dec, b: &Dec, greater: bool, magnitudes: bool, c: &Ctx, status: &mut u32) -> Dec {
    let chosen = match (a.kind, b.kind) {
        (Kind::Quiet, _) if !b.is_nan() => b,
        (_, Kind::Quiet) if !a.is_nan() => a,
        _ => {
            if let Some(nan) = check_nans(&[a, b], c, status) {
                return nan;
            }
            let order = if magnitudes { compare_absolute(a, b) } else { compare_values(a, b) };
            let order = match order {
                Ordering::Equal if magnitudes => compare_values(a, b).then_with(|| total(a, b)),
                Ordering::Equal => total(a, b),
                order => order,
            };
            if (order.is_ge()) == greater { a } else { b }
        }
    };
    chosen.clone().finish(c, status)
}

pub fn max(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    choose(a, b, true, false, c, status)
}

pub fn min(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    choose(a, b, false, false, c, status)
}

pub fn max_mag(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    choose(a, b, true, true, c, status)
}

pub fn min_mag(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    choose(a, b, false, true, c, status)
}
