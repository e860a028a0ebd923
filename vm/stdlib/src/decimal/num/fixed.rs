//! Fixed-point numbers that are not negative: magnitudes of which the lowest `f` limbs are behind the point. Exponential function,
//! logarithm and the logarithm of ten, to within a few units of the last limb but one or two.

use super::div::div_rem;
use super::limbs::{self, BASE, LIMB, Res, add_assign, div_word, normalize, sub_assign, zeros};
use super::mul::mul;
use std::sync::{Arc, RwLock};

/// The logarithm of ten, to as many limbs as were needed so far.
static LN10: RwLock<Option<(usize, Arc<Vec<u64>>)>> = RwLock::new(None);

/// Longest logarithm of ten that is kept.
const KEPT: usize = 1 << 16;

/// `a * b`.
pub fn mul_fixed(a: &[u64], b: &[u64], f: usize) -> Res<Vec<u64>> {
    let mut product = mul(a, b)?;
    product.drain(..f.min(product.len()));
    Ok(product)
}

/// `a / b`.
pub fn div_fixed(a: &[u64], b: &[u64], f: usize) -> Res<Vec<u64>> {
    let mut dividend = zeros(f)?;
    dividend.try_reserve(a.len()).map_err(|_| limbs::NoMemory)?;
    dividend.extend_from_slice(a);
    Ok(div_rem(&dividend, b)?.0)
}

/// One.
fn one(f: usize) -> Res<Vec<u64>> {
    let mut a = zeros(f + 1)?;
    a[f] = 1;
    Ok(a)
}

/// `a += b`.
fn add_to(a: &mut Vec<u64>, b: &[u64]) {
    if a.len() < b.len() {
        a.resize(b.len(), 0);
    }
    if add_assign(a, b) {
        a.push(1);
    }
}

/// Divides by the power of two.
fn halve(a: &mut Vec<u64>, mut times: u32) {
    while times > 0 {
        let now = times.min(60);
        div_word(a, 1 << now);
        times -= now;
    }
    normalize(a);
}

/// e to the power of a number below 3.
pub fn exp(r: &[u64], f: usize) -> Res<Vec<u64>> {
    // With an argument made smaller by powers of two, fewer terms and more squarings are needed.
    let squarings = 6 + ((f * LIMB) as f64).sqrt() as u32 * 3 / 2;
    // Each squaring doubles the error: a limb more for each 60 of them, and one for the terms.
    let extra = squarings as usize / 60 + 2;
    let wide = f + extra;
    let mut x = zeros(extra)?;
    x.extend_from_slice(r);
    halve(&mut x, squarings);
    let mut sum = one(wide)?;
    let mut term = x.clone();
    let mut n = 1;
    while !term.is_empty() {
        add_to(&mut sum, &term);
        n += 1;
        term = mul_fixed(&term, &x, wide)?;
        div_word(&mut term, n);
        normalize(&mut term);
    }
    for _ in 0..squarings {
        sum = mul_fixed(&sum, &sum, wide)?;
    }
    sum.drain(..extra);
    Ok(sum)
}

/// The area hyperbolic tangent of `1 / n`.
fn atanh_inverse(n: u64, f: usize) -> Res<Vec<u64>> {
    let mut power = one(f)?;
    div_word(&mut power, n);
    normalize(&mut power);
    let mut sum = power.clone();
    let mut k = 1;
    while !power.is_empty() {
        k += 2;
        div_word(&mut power, n * n);
        normalize(&mut power);
        let mut term = power.clone();
        div_word(&mut term, k);
        normalize(&mut term);
        add_to(&mut sum, &term);
    }
    Ok(sum)
}

fn compute_ln10(f: usize) -> Res<Vec<u64>> {
    let mut sum = Vec::new();
    for (factor, n) in [(46, 31), (34, 49), (20, 161)] {
        let mut part = atanh_inverse(n, f)?;
        let carry = limbs::mul_word(&mut part, factor, 0);
        if carry > 0 {
            part.push(carry);
        }
        add_to(&mut sum, &part);
    }
    Ok(sum)
}

/// The logarithm of ten.
pub fn ln10(f: usize) -> Res<Vec<u64>> {
    let known = LN10.read().unwrap_or_else(|p| p.into_inner()).clone();
    if let Some((known_f, known)) = known
        && known_f >= f
    {
        return Ok(known[known_f - f..].to_vec());
    }
    let wide = f + f / 4 + 2;
    let made = compute_ln10(wide + 1)?[1..].to_vec();
    let result = made[wide - f..].to_vec();
    if wide <= KEPT {
        let mut known = LN10.write().unwrap_or_else(|p| p.into_inner());
        if known.as_ref().is_none_or(|(known_f, _)| *known_f < wide) {
            *known = Some((wide, Arc::new(made)));
        }
    }
    Ok(result)
}

/// A float that is not negative and below 2^60.
fn from_f64(x: f64, f: usize) -> Res<Vec<u64>> {
    let mut a = zeros(f + 1)?;
    a[f] = x as u64;
    if f > 0 {
        a[f - 1] = ((x - x.trunc()) * BASE as f64) as u64;
        a[f - 1] = a[f - 1].min(BASE - 1);
    }
    normalize(&mut a);
    Ok(a)
}

/// The natural logarithm of a number from 1 to 10.
pub fn ln(m: &[u64], f: usize) -> Res<Vec<u64>> {
    let limb = |i: usize| m.get(i).copied().unwrap_or(0) as f64;
    let start = limb(f) + limb(f - 1) / BASE as f64;
    let mut y = from_f64(start.ln().max(0.0), f)?;
    // Right digits so far; each step makes three times as many (Halley's iteration).
    let mut known = 14;
    while known < (f + 1) * LIMB {
        known *= 3;
        // No more limbs than this step can get right.
        let now = f.min(known / LIMB + 2);
        let skip = f - now;
        let (m, from) = (&m[skip.min(m.len())..], &y[skip.min(y.len())..]);
        let power = exp(from, now)?;
        let up = limbs::compare(limbs::trim(m), &power).is_ge();
        let difference = if up { limbs::sub(m, &power)? } else { limbs::sub(&power, m)? };
        let mut sum = power;
        add_to(&mut sum, m);
        let mut step = div_fixed(&difference, &sum, now)?;
        let carry = limbs::mul_word(&mut step, 2, 0);
        if carry > 0 {
            step.push(carry);
        }
        let mut next = from.to_vec();
        if up {
            add_to(&mut next, &step);
        } else {
            if next.len() < step.len() {
                next.resize(step.len(), 0);
            }
            // Near 1 the logarithm may come out a little below 0.
            if sub_assign(&mut next, &step) {
                next.clear();
            }
        }
        y = zeros(skip)?;
        y.extend_from_slice(&next);
        normalize(&mut y);
    }
    Ok(y)
}
