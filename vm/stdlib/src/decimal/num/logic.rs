//! Operations on the digits: logical ones on numbers of zeros and ones, shifts and rotations.

use super::basic::check_nans;
use super::ctx::{Ctx, signal};
use super::dec::{Dec, or_nan};
use super::limbs::{self, LIMB, NoMemory, Res};
use super::quantum::to_i64;

/// Whether the number is one of zeros and ones.
fn is_logical(d: &Dec) -> bool {
    if !d.is_finite() || d.negative || d.exp != 0 {
        return false;
    }
    d.coef.limbs().iter().all(|&limb| {
        let mut x = limb;
        while x > 0 && x % 10 <= 1 {
            x /= 10;
        }
        x == 0
    })
}

/// A limb of digits made of two.
fn combine(a: u64, b: u64, f: fn(bool, bool) -> bool, digits: usize) -> u64 {
    (0..digits).rev().fold(0, |out, i| {
        let digit = |x: u64| (x / limbs::POWERS[i]) & 1 == 1;
        out * 10 + f(digit(a), digit(b)) as u64
    })
}

/// The lowest `prec` digits of two operands, combined.
fn logical(a: &Dec, b: &Dec, prec: i64, f: fn(bool, bool) -> bool) -> Res<Dec> {
    let (x, y) = (a.coef.limbs(), b.coef.limbs());
    // Beyond the longer one all digits are the same, and they are ones only in `invert`.
    let length = if f(false, false) { prec } else { prec.min(a.digits().max(b.digits())) };
    let length = usize::try_from(length).map_err(|_| NoMemory)?;
    let mut out = limbs::room(length.div_ceil(LIMB))?;
    for i in 0..length.div_ceil(LIMB) {
        let limb = |x: &[u64]| x.get(i).copied().unwrap_or(0);
        out.push(combine(limb(&x), limb(&y), f, LIMB.min(length - i * LIMB)));
    }
    limbs::normalize(&mut out);
    Ok(Dec::from_limbs(false, out, 0))
}

fn checked(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32, f: fn(bool, bool) -> bool) -> Dec {
    if !is_logical(a) || !is_logical(b) {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    or_nan(logical(a, b, c.prec, f), status)
}

pub fn and(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    checked(a, b, c, status, |x, y| x & y)
}

pub fn or(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    checked(a, b, c, status, |x, y| x | y)
}

pub fn xor(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    checked(a, b, c, status, |x, y| x ^ y)
}

pub fn invert(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    checked(a, &Dec::zero(false, 0), c, status, |x, _| !x)
}

/// The operand of a shift, at most the precision.
fn places(b: &Dec, c: &Ctx) -> Option<i64> {
    if !b.is_finite() || b.exp != 0 {
        return None;
    }
    to_i64(b).filter(|n| n.unsigned_abs() <= c.prec as u64)
}

/// The lowest `prec` digits.
fn cap(mut a: Vec<u64>, prec: i64) -> Vec<u64> {
    if limbs::digits(&a) as i64 > prec {
        limbs::low_digits(&mut a, prec as usize);
    }
    a
}

/// The digits shifted to the left by `n`, or to the right, with zeros coming in.
fn shift_digits(a: &[u64], n: i64, prec: i64) -> Res<Vec<u64>> {
    if n >= 0 {
        return Ok(cap(limbs::shift_left(a, n as usize)?, prec));
    }
    let mut copy = cap(a.to_vec(), prec);
    limbs::shift_right(&mut copy, n.unsigned_abs() as usize);
    Ok(copy)
}

fn with_places(
    a: &Dec,
    b: &Dec,
    c: &Ctx,
    status: &mut u32,
    f: impl FnOnce(&[u64], i64) -> Res<Vec<u64>>,
) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    let Some(n) = places(b, c) else { return Dec::failed(status, signal::INVALID_OPERATION) };
    if a.is_infinite() {
        return a.clone();
    }
    or_nan(f(&a.coef.limbs(), n).map(|digits| Dec::from_limbs(a.negative, digits, a.exp)), status)
}

pub fn shift(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    with_places(a, b, c, status, |digits, n| shift_digits(digits, n, c.prec))
}

pub fn rotate(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    with_places(a, b, c, status, |digits, n| {
        let n = if n < 0 { n + c.prec } else { n };
        // What leaves at the left comes back at the right.
        let capped = cap(digits.to_vec(), c.prec);
        let high = shift_digits(&capped, n, c.prec)?;
        let low = shift_digits(&capped, n - c.prec, c.prec)?;
        limbs::add(&high, &low)
    })
}
