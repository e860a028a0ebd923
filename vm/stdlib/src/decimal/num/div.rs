//! Quotients of magnitudes: by long division for short ones (Knuth's algorithm D), by the recursive division of Burnikel and
//! Ziegler for long ones, which is nearly as quick as multiplication.

use super::limbs::{
    BASE, Res, add_assign, compare, div_base, div_word, increment, mul_word, normalize, room, sub_assign,
    trim, zeros,
};
use super::mul::mul;

/// Shortest divisor for which the recursive division is quicker.
const RECURSIVE: usize = 80;

/// Quotient and remainder, normal; the divisor is normal and not zero.
pub fn div_rem(a: &[u64], b: &[u64]) -> Res<(Vec<u64>, Vec<u64>)> {
    let a = trim(a);
    let mut copy = room(a.len() + 2)?;
    copy.extend_from_slice(a);
    if compare(a, b).is_lt() {
        return Ok((Vec::new(), copy));
    }
    if let &[divisor] = b {
        let rest = div_word(&mut copy, divisor);
        normalize(&mut copy);
        return Ok((copy, if rest == 0 { Vec::new() } else { vec![rest] }));
    }
    // Both are multiplied so that the divisor's highest limb is at least half of the base.
    let factor = BASE / (b[b.len() - 1] + 1);
    let mut divisor = room(b.len())?;
    divisor.extend_from_slice(b);
    mul_word(&mut divisor, factor, 0);
    let carry = mul_word(&mut copy, factor, 0);
    copy.push(carry);
    let (mut quotient, mut rest) = if b.len() < RECURSIVE || a.len() - b.len() < RECURSIVE {
        let quotient = long_division(&mut copy, &divisor)?;
        (quotient, copy)
    } else {
        by_blocks(&copy, &divisor)?
    };
    normalize(&mut quotient);
    if factor > 1 {
        div_word(&mut rest, factor);
    }
    normalize(&mut rest);
    Ok((quotient, rest))
}

/// The quotient of `a`, of which the remainder is left. The divisor's highest limb is at least half of the base; the highest
/// limbs of `a`, as many as the divisor has, are less than it.
fn long_division(a: &mut Vec<u64>, b: &[u64]) -> Res<Vec<u64>> {
    let n = b.len();
    let (top, second) = (b[n - 1], b[n - 2]);
    let mut quotient = zeros(a.len().saturating_sub(n))?;
    for j in (0..quotient.len()).rev() {
        let part = &mut a[j..=j + n];
        let wide = part[n] as u128 * BASE as u128 + part[n - 1] as u128;
        let (mut guess, mut rest) = match part[n] >= top {
            true => ((BASE - 1) as u128, wide - (BASE - 1) as u128 * top as u128),
            false => (wide / top as u128, wide % top as u128),
        };
        while rest < BASE as u128 && guess * second as u128 > rest * BASE as u128 + part[n - 2] as u128 {
            guess -= 1;
            rest += top as u128;
        }
        if sub_product(part, b, guess as u64) {
            guess -= 1;
            add_assign(part, b);
        }
        quotient[j] = guess as u64;
    }
    a.truncate(n);
    Ok(quotient)
}

/// `a -= b * factor`; gives whether something was missing, which one more `b` makes up for.
fn sub_product(a: &mut [u64], b: &[u64], factor: u64) -> bool {
    let mut carry = 0u64;
    let (low, high) = a.split_at_mut(b.len());
    for (x, &y) in low.iter_mut().zip(b) {
        let (above, below) = div_base(y as u128 * factor as u128 + carry as u128);
        let (rest, under) = x.overflowing_sub(below);
        *x = if under { rest.wrapping_add(BASE) } else { rest };
        carry = above + under as u64;
    }
    let (rest, under) = high[0].overflowing_sub(carry);
    high[0] = if under { rest.wrapping_add(BASE) } else { rest };
    under
}

/// Divides a long magnitude by blocks of the divisor's length.
fn by_blocks(a: &[u64], b: &[u64]) -> Res<(Vec<u64>, Vec<u64>)> {
    // The divisor gets zeros below until its length can be halved down to short ones.
    let halvings = (b.len() / RECURSIVE).next_power_of_two();
    let n = b.len().div_ceil(halvings) * halvings;
    let pad = n - b.len();
    let mut divisor = zeros(n)?;
    divisor[pad..].copy_from_slice(b);
    let mut all = zeros(pad)?;
    all.try_reserve_exact(a.len() + n).map_err(|_| super::limbs::NoMemory)?;
    all.extend_from_slice(a);
    all.resize(all.len().next_multiple_of(n), 0);
    let blocks = all.len() / n;
    let mut quotient = zeros(blocks * n)?;
    let mut rest = zeros(n)?;
    for i in (0..blocks).rev() {
        let (q, r) = two_by_one(&rest, &all[i * n..(i + 1) * n], &divisor)?;
        quotient[i * n..(i + 1) * n].copy_from_slice(&q);
        rest = r;
    }
    rest.drain(..pad);
    Ok((quotient, rest))
}

/// `(high, low) / b`, all of the same length, `high < b`: quotient and remainder of that length.
fn two_by_one(high: &[u64], low: &[u64], b: &[u64]) -> Res<(Vec<u64>, Vec<u64>)> {
    let n = b.len();
    if !n.is_multiple_of(2) || n < RECURSIVE {
        let mut all = room(2 * n + 1)?;
        all.extend_from_slice(low);
        all.extend_from_slice(high);
        let quotient = long_division(&mut all, b)?;
        return Ok((quotient, all));
    }
    let half = n / 2;
    let (upper, rest) = three_by_two(high, &low[half..], b)?;
    let (mut quotient, rest) = three_by_two(&rest, &low[..half], b)?;
    quotient.extend_from_slice(&upper);
    Ok((quotient, rest))
}

/// `(high, low) / b` with `low` of half the length of the others, `high < b`: a quotient of half the length.
fn three_by_two(high: &[u64], low: &[u64], b: &[u64]) -> Res<(Vec<u64>, Vec<u64>)> {
    let n = b.len();
    let half = n / 2;
    let (b0, b1) = b.split_at(half);
    let (mut quotient, upper) = if compare(&high[half..], b1).is_lt() {
        let (quotient, mut rest) = two_by_one(&high[half..], &high[..half], b1)?;
        rest.push(0);
        (quotient, rest)
    } else {
        // The quotient is the greatest there is; the rest is high - (BASE^half - 1) b1 = high + b1 - BASE^half b1.
        let mut rest = zeros(n + 1)?;
        rest[..n].copy_from_slice(high);
        add_assign(&mut rest, b1);
        sub_assign(&mut rest[half..], b1);
        rest.truncate(half + 1);
        let mut quotient = zeros(half)?;
        quotient.fill(BASE - 1);
        (quotient, rest)
    };
    let mut rest = room(n + 2)?;
    rest.extend_from_slice(low);
    rest.extend_from_slice(&upper);
    let product = mul(&quotient, b0)?;
    // What is missing is made up for by at most two more of the divisor.
    let mut missing = sub_assign(&mut rest, &product);
    while missing {
        missing = !add_assign(&mut rest, b);
        decrement(&mut quotient);
    }
    rest.truncate(n);
    Ok((quotient, rest))
}

fn decrement(a: &mut [u64]) {
    for limb in a {
        if *limb > 0 {
            *limb -= 1;
            return;
        }
        *limb = BASE - 1;
    }
}

/// `floor(sqrt(a))`, and whether that is not exact; Newton's iteration from the root of the upper half.
pub fn sqrt(a: &[u64]) -> Res<(Vec<u64>, bool)> {
    let a = trim(a);
    if a.len() <= 2 {
        let x = super::limbs::join(a);
        let root = sqrt_u128(x);
        let (limbs, n) = super::limbs::split(root);
        return Ok((limbs[..n].to_vec(), root * root != x));
    }
    // The root of all but an even number of limbs below, and one more so that it is not too small.
    let cut = ((a.len() - 1) / 4 * 2).max(2);
    let (mut x, _) = sqrt(&a[cut..])?;
    if increment(&mut x) {
        x.push(1);
    }
    x.splice(0..0, std::iter::repeat_n(0, cut / 2));
    loop {
        let (quotient, rest) = div_rem(a, &x)?;
        if !compare(&quotient, &x).is_lt() {
            let inexact = quotient != x || super::limbs::any(&rest);
            return Ok((x, inexact));
        }
        x = super::limbs::add(&x, &quotient)?;
        div_word(&mut x, 2);
        normalize(&mut x);
    }
}

/// `floor(sqrt(x))`.
pub fn sqrt_u128(x: u128) -> u128 {
    let mut root = (x as f64).sqrt() as u128;
    // Good to 52 bits at least; one step of Newton's gives the rest but for the last unit.
    if root > 0 {
        root = (root + x / root) / 2;
    }
    while root.checked_mul(root).is_none_or(|square| square > x) {
        root -= 1;
    }
    while (root + 1).checked_mul(root + 1).is_some_and(|square| square <= x) {
        root += 1;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::num::limbs::add;

    #[test]
    fn quotients_times_divisors_are_dividends() {
        let mut seed = 5u64;
        let mut next = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            [0, BASE - 1, BASE / 2, seed % BASE][(seed >> 62) as usize]
        };
        for (n, m) in [(3, 2), (9, 4), (100, 50), (160, 80), (161, 80), (400, 81), (700, 333), (333, 160)] {
            for top in [1, BASE / 2, BASE - 1] {
                let a: Vec<u64> = (0..n).map(|_| next()).chain([top]).collect();
                let b: Vec<u64> = (0..m).map(|_| next()).chain([BASE - top]).collect();
                let (quotient, rest) = div_rem(&a, &b).expect("memory");
                assert!(compare(&rest, &b).is_lt(), "{n} by {m} limbs");
                let product = mul(&quotient, &b).expect("memory");
                assert!(add(&product, &rest).expect("memory") == a, "{n} by {m} limbs");
                let square = mul(&a, &a).expect("memory");
                assert!(sqrt(&square).expect("memory") == (a.clone(), false), "{n} limbs");
            }
        }
    }

    #[test]
    fn roots_of_words() {
        for x in [0, 1, 2, 3, 4, 99, 1 << 64, (1 << 64) - 1, u128::MAX, (u64::MAX as u128).pow(2)] {
            let root = sqrt_u128(x);
            assert!(root * root <= x && (root + 1).checked_mul(root + 1).is_none_or(|square| square > x));
        }
    }
}
