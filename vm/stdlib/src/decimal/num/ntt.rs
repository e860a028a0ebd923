//! Products of long magnitudes by number-theoretic transforms modulo three primes below 2^62, whose results the Chinese
//! remainder theorem puts together: each limb is one coefficient, and sums of up to 2^40 products of limbs stay below the
//! product of the primes.
//!
//! The butterflies keep their values below four times the prime and multiply by constants with a precomputed quotient (Harvey,
//! "Faster arithmetic for number-theoretic transforms", 2014). The forward transform leaves its output in bit-reversed order,
//! which the backward one takes, so nothing is reordered. Lengths are 1 or 3 times a power of two: the factor 3 is split off first.

use super::limbs::{NoMemory, Res, div_base, room};
use std::sync::OnceLock;

/// A prime `k 2^40 + 1` and an element of the multiplicative group that generates it.
#[derive(Clone, Copy)]
struct Prime {
    p: u64,
    generator: u64,
}

const PRIMES: [Prime; 3] = [
    Prime { p: 4_611_615_649_683_210_241, generator: 11 },
    Prime { p: 4_611_549_678_985_543_681, generator: 19 },
    Prime { p: 4_611_546_380_450_660_353, generator: 5 },
];

/// Tables of roots for halves of at most `2^KEPT` are kept for the next time.
const KEPT: usize = 16;

/// A constant factor and `floor(factor 2^64 / p)`.
#[derive(Clone, Copy)]
struct Factor {
    w: u64,
    quotient: u64,
}

impl Factor {
    fn new(w: u64, p: u64) -> Factor {
        Factor { w, quotient: (((w as u128) << 64) / p as u128) as u64 }
    }

    /// `x * w` modulo the prime, below twice the prime, for any `x`.
    #[inline(always)]
    fn times(self, x: u64, p: u64) -> u64 {
        let q = ((self.quotient as u128 * x as u128) >> 64) as u64;
        self.w.wrapping_mul(x).wrapping_sub(q.wrapping_mul(p))
    }
}

fn mul_mod(a: u64, b: u64, p: u64) -> u64 {
    (a as u128 * b as u128 % p as u128) as u64
}

fn pow_mod(mut a: u64, mut e: u64, p: u64) -> u64 {
    let mut result = 1;
    while e > 0 {
        if e & 1 == 1 {
            result = mul_mod(result, a, p);
        }
        a = mul_mod(a, a, p);
        e >>= 1;
    }
    result
}

fn invert(a: u64, p: u64) -> u64 {
    pow_mod(a, p - 2, p)
}

/// `x` below `2 m`, reduced below `m`.
#[inline(always)]
fn once(x: u64, m: u64) -> u64 {
    if x >= m { x - m } else { x }
}

impl Prime {
    /// A root of unity of the order.
    fn root(self, order: u64) -> u64 {
        pow_mod(self.generator, (self.p - 1) / order, self.p)
    }

    /// The powers of the root of order `2 * half`, or of its inverse.
    fn powers(self, half: usize, backward: bool) -> Res<Box<[Factor]>> {
        let root = self.root(2 * half as u64);
        let root = if backward { invert(root, self.p) } else { root };
        let step = Factor::new(root, self.p);
        let mut table = Vec::new();
        table.try_reserve_exact(half).map_err(|_| NoMemory)?;
        let mut w = 1;
        for _ in 0..half {
            table.push(Factor::new(w, self.p));
            w = once(step.times(w, self.p), self.p);
        }
        Ok(table.into_boxed_slice())
    }
}

type Table = OnceLock<Box<[Factor]>>;

/// Tables by prime, direction and the logarithm of `half`.
static TABLES: [[[Table; KEPT + 1]; 2]; 3] =
    [const { [const { [const { OnceLock::new() }; KEPT + 1] }; 2] }; 3];

/// Runs `f` with the powers of the root of order `2 * half`.
fn with_powers(prime: usize, backward: bool, half: usize, f: impl FnOnce(&[Factor])) -> Res<()> {
    let level = half.trailing_zeros() as usize;
    if level > KEPT {
        f(&PRIMES[prime].powers(half, backward)?);
        return Ok(());
    }
    let place = &TABLES[prime][backward as usize][level];
    if place.get().is_none() {
        let made = PRIMES[prime].powers(half, backward)?;
        // Another thread may have made the same.
        let _ = place.set(made);
    }
    if let Some(table) = place.get() {
        f(table);
    }
    Ok(())
}

/// The forward transform of a power of two of values below twice the prime, in place.
fn forward(prime: usize, a: &mut [u64]) -> Res<()> {
    let p = PRIMES[prime].p;
    let mut half = a.len() / 2;
    while half > 0 {
        with_powers(prime, false, half, |table| {
            for block in a.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for ((x, y), w) in low.iter_mut().zip(high).zip(table) {
                    let (u, v) = (*x, *y);
                    *x = once(u + v, 2 * p);
                    *y = w.times(u + 2 * p - v, p);
                }
            }
        })?;
        half /= 2;
    }
    Ok(())
}

/// The backward transform, not divided by the length.
fn backward(prime: usize, a: &mut [u64]) -> Res<()> {
    let p = PRIMES[prime].p;
    let mut half = 1;
    while half < a.len() {
        with_powers(prime, true, half, |table| {
            for block in a.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for ((x, y), w) in low.iter_mut().zip(high).zip(table) {
                    let (u, v) = (*x, w.times(*y, p));
                    *x = once(u + v, 2 * p);
                    *y = once(u + 2 * p - v, 2 * p);
                }
            }
        })?;
        half *= 2;
    }
    Ok(())
}

/// The step that splits a length of three thirds, forward or backward.
fn thirds(prime: usize, a: &mut [u64], back: bool) {
    let p = PRIMES[prime].p;
    let n = a.len();
    let third = n / 3;
    let turn = |root: u64| if back { invert(root, p) } else { root };
    let step = Factor::new(turn(PRIMES[prime].root(n as u64)), p);
    let cube = turn(PRIMES[prime].root(3));
    let (cube, cube2) = (Factor::new(cube, p), Factor::new(mul_mod(cube, cube, p), p));
    let reduce = |x: u64| once(once(x, 2 * p), p);
    let mul = |x: u64, y: u64| mul_mod(x, y, p);
    let mut w = 1;
    for i in 0..third {
        let (x, y, z) = (reduce(a[i]), reduce(a[third + i]), reduce(a[2 * third + i]));
        let w2 = mul(w, w);
        let (y, z) = if back { (mul(y, w), mul(z, w2)) } else { (y, z) };
        let second = once(x + once(cube.times(y, p), p), p) + once(cube2.times(z, p), p);
        let last = once(x + once(cube2.times(y, p), p), p) + once(cube.times(z, p), p);
        let (second, last) = (once(second, p), once(last, p));
        a[i] = once(once(x + y, p) + z, p);
        (a[third + i], a[2 * third + i]) =
            if back { (second, last) } else { (mul(second, w), mul(last, w2)) };
        w = once(step.times(w, p), p);
    }
}

fn transform(prime: usize, a: &mut [u64]) -> Res<()> {
    if a.len().is_power_of_two() {
        return forward(prime, a);
    }
    thirds(prime, a, false);
    a.chunks_exact_mut(a.len() / 3).try_for_each(|third| forward(prime, third))
}

fn transform_back(prime: usize, a: &mut [u64]) -> Res<()> {
    if a.len().is_power_of_two() {
        return backward(prime, a);
    }
    a.chunks_exact_mut(a.len() / 3).try_for_each(|third| backward(prime, third))?;
    thirds(prime, a, true);
    Ok(())
}

/// Limbs as values below twice the prime, filled up with zeros.
fn load(prime: usize, limbs: &[u64], n: usize) -> Res<Vec<u64>> {
    let p = PRIMES[prime].p;
    let mut a = room(n)?;
    // A limb is less than three times the prime.
    a.extend(limbs.iter().map(|&limb| once(limb, 2 * p)));
    a.resize(n, 0);
    Ok(a)
}

/// The cyclic convolution of length `n` modulo one prime, fully reduced.
fn convolve(prime: usize, x: &[u64], y: &[u64], n: usize) -> Res<Vec<u64>> {
    let p = PRIMES[prime].p;
    let mut a = load(prime, x, n)?;
    transform(prime, &mut a)?;
    let scale = Factor::new(invert(n as u64 % p, p), p);
    let barrett = Barrett::new(p);
    if std::ptr::eq(x, y) {
        a.iter_mut().for_each(|u| *u = scale.times(barrett.mul(*u, *u), p));
    } else {
        let mut b = load(prime, y, n)?;
        transform(prime, &mut b)?;
        a.iter_mut().zip(&b).for_each(|(u, &v)| *u = scale.times(barrett.mul(*u, v), p));
    }
    transform_back(prime, &mut a)?;
    a.iter_mut().for_each(|u| *u = once(*u, p));
    Ok(a)
}

/// Products of two variables modulo a prime between 2^61 and 2^62.
struct Barrett {
    p: u64,
    /// floor(2^125 / p) of 63 or 64 bits.
    quotient: u64,
}

impl Barrett {
    fn new(p: u64) -> Barrett {
        Barrett { p, quotient: ((1u128 << 125) / p as u128) as u64 }
    }

    /// Any factors below twice the prime; the result is below four times it.
    #[inline(always)]
    fn mul(&self, a: u64, b: u64) -> u64 {
        let x = a as u128 * b as u128;
        // The product is below 2^126, its upper part below 2^64.
        let q = (((x >> 62) as u64 as u128 * self.quotient as u128) >> 63) as u64;
        (x as u64).wrapping_sub(q.wrapping_mul(self.p))
    }
}

/// The least length of 1 or 3 times a power of two.
fn length(n: usize) -> usize {
    let two = n.next_power_of_two();
    if two / 4 * 3 >= n { two / 4 * 3 } else { two }
}

/// `out = x * y`; `out` has just the room for it.
pub fn mul_into(out: &mut [u64], x: &[u64], y: &[u64]) -> Res<()> {
    if out.len() >= 1 << 38 {
        return Err(NoMemory);
    }
    let n = length(out.len());
    let r1 = convolve(0, x, y, n)?;
    let r2 = convolve(1, x, y, n)?;
    let r3 = convolve(2, x, y, n)?;
    let [p1, p2, p3] = PRIMES.map(|prime| prime.p);
    let in_2 = Factor::new(invert(p1 % p2, p2), p2);
    let in_3 = Factor::new(invert(p1 % p3, p3), p3);
    let second_in_3 = Factor::new(invert(p2 % p3, p3), p3);
    let product = p1 as u128 * p2 as u128;
    let (product_low, product_high) = (product as u64, (product >> 64) as u64);
    let mut carry = 0u128;
    for (to, ((&a, &b), &c)) in out.iter_mut().zip(r1.iter().zip(&r2).zip(&r3)) {
        // The mixed radix digits of the coefficient: a + p1 (u + p2 v).
        let u = once(in_2.times(b + p2 - once(a, p2), p2), p2);
        let v = once(in_3.times(c + p3 - once(a, p3), p3), p3);
        let v = once(second_in_3.times(v + p3 - once(u, p3), p3), p3);
        let low = a as u128 + p1 as u128 * u as u128;
        let (low, over) = low.overflowing_add(carry);
        let (low, over2) = low.overflowing_add(v as u128 * product_low as u128);
        let shifted = v as u128 * product_high as u128;
        let (low, over3) = low.overflowing_add(shifted << 64);
        let high = (shifted >> 64) as u64 + over as u64 + over2 as u64 + over3 as u64;
        let (q1, rest) = div_base((high as u128) << 64 | low >> 64);
        let (q0, limb) = div_base((rest as u128) << 64 | low as u64 as u128);
        carry = (q1 as u128) << 64 | q0 as u128;
        *to = limb;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::num::limbs::zeros;
    use crate::decimal::num::mul::columns;

    #[test]
    fn transforms_agree_with_columns() {
        let mut seed = 1u64;
        let mut next = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed.rotate_left(21) % crate::decimal::num::limbs::BASE
        };
        for (n, m) in [(1, 1), (5, 2), (40, 33), (96, 96), (100, 28), (500, 400), (700, 700)] {
            let x: Vec<u64> = (0..n).map(|_| next()).collect();
            let y: Vec<u64> = (0..m).map(|_| next()).collect();
            let mut by_columns = zeros(n + m).expect("memory");
            let mut by_transforms = by_columns.clone();
            columns(&mut by_columns, &x, &y);
            mul_into(&mut by_transforms, &x, &y).expect("memory");
            assert!(by_columns == by_transforms, "{n} by {m} limbs");
        }
        let most = vec![crate::decimal::num::limbs::BASE - 1; 600];
        let (mut one, mut other) = (vec![0; 1200], vec![0; 1200]);
        columns(&mut one, &most, &most);
        mul_into(&mut other, &most, &most).expect("memory");
        assert!(one == other);
    }
}
