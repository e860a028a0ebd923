//! `factorial`, `perm` and `comb`.
//!
//! Products are made of halves of like size, so that the work is that of multiplying large numbers. What may take long is
//! done while the thread is detached: it needs no objects.

use super::ints::value;
use num_bigint::{BigInt, BigUint};
use ungil_runtime::objects::int::{self, Int, IntRef, Trouble, new_int, trouble};
use ungil_runtime::prelude::*;

/// Results with more bits are computed detached.
const LONG: u64 = 1 << 16;

pub fn factorial(cx: &mut Cx, a: Args<'_>) -> R {
    let n = value(cx, a.get(0))?;
    factorial_of(cx, n.r())
}

fn factorial_of(cx: &mut Cx, n: IntRef<'_>) -> R {
    if n.is_negative() {
        return Err(cx.value_error("factorial() not defined for negative values"));
    }
    let Some(n) = n.to_i64() else {
        let most = i64::MAX;
        return Err(cx.overflow_error(format!("factorial() argument should not exceed {most}")));
    };
    let n = n as u64;
    // 33! is the last below 2 ** 127.
    if n <= 33 {
        return Ok(new_int(cx, Int::Word((1..=n as i128).product())));
    }
    let bits = n.saturating_mul(n.ilog2() as u64 + 1);
    computed(cx, bits, move || factorial_big(n))
}

/// The number that `f` computes, which has at most so many bits.
fn computed(cx: &mut Cx, bits: u64, f: impl FnOnce() -> BigUint) -> R {
    // The results of the last multiplication and its operands.
    let bytes = usize::try_from(bits / 4).unwrap_or(usize::MAX);
    if bits > LONG && Vec::<u8>::new().try_reserve_exact(bytes).is_err() {
        return Err(trouble(cx, Trouble::NoMemory));
    }
    let result = if bits > LONG { cx.detached(f) } else { f() };
    if bits > LONG {
        cx.safepoint()?;
    }
    Ok(int::new_big(cx, BigInt::from(result)))
}

/// The odd part is the product of the odd parts of `n`, `n / 2`, `n / 4`, ...; the rest is a shift.
fn factorial_big(n: u64) -> BigUint {
    let (mut inner, mut odd_part) = (BigUint::from(1u32), BigUint::from(1u32));
    for shift in (0..n.ilog2()).rev() {
        let (low, high) = ((n >> (shift + 1)) + 1, n >> shift);
        inner *= odd_product(low | 1, high);
        odd_part *= &inner;
    }
    odd_part << (n - n.count_ones() as u64)
}

/// The product of the odd numbers from `low`, which is odd, to `high`.
fn odd_product(low: u64, high: u64) -> BigUint {
    if low > high {
        return BigUint::from(1u32);
    }
    product((high - low) / 2 + 1, &|i| low + 2 * i)
}

/// The product of `f(0)` to `f(count - 1)`.
fn product(count: u64, f: &impl Fn(u64) -> u64) -> BigUint {
    fn range(from: u64, to: u64, f: &impl Fn(u64) -> u64) -> BigUint {
        if to - from > 8 {
            let middle = from + (to - from) / 2;
            return range(from, middle, f) * range(middle, to, f);
        }
        let (mut result, mut word) = (BigUint::from(1u32), 1u64);
        for i in from..to {
            let factor = f(i);
            word = match word.checked_mul(factor) {
                Some(word) => word,
                None => {
                    result *= word;
                    factor
                }
            };
        }
        result * word
    }
    range(0, count, f)
}

/// Both arguments, neither below 0.
fn arguments(cx: &mut Cx, a: Args<'_>) -> R<(Int, Int)> {
    let (n, k) = (value(cx, a.get(0))?, value(cx, a.get(1))?);
    for (name, v) in [("n", &n), ("k", &k)] {
        if v.r().is_negative() {
            return Err(cx.value_error(format!("{name} must be a non-negative integer")));
        }
    }
    Ok((n, k))
}

pub fn perm(cx: &mut Cx, a: Args<'_>) -> R {
    if a.opt_not_none(1).is_none() {
        return factorial(cx, a);
    }
    let (n, k) = arguments(cx, a)?;
    if n.r().cmp(k.r()).is_lt() {
        return Ok(cx.int(0));
    }
    let Some(k) = k.r().to_i64() else {
        let most = i64::MAX;
        return Err(cx.overflow_error(format!("k must not exceed {most}")));
    };
    let bits = n.r().bits().saturating_mul(k as u64);
    match n {
        Int::Word(w) if bits < 127 => Ok(new_int(cx, Int::Word((0..k as i128).map(|i| w - i).product()))),
        Int::Word(w) if w <= u64::MAX as i128 => {
            computed(cx, bits, move || product(k as u64, &|i| w as u64 - i))
        }
        n => {
            let n = n.into_big().into_parts().1;
            computed(cx, bits, move || falling(&n, 0, k as u64))
        }
    }
}

/// `(n - from) * ... * (n - to + 1)`.
fn falling(n: &BigUint, from: u64, to: u64) -> BigUint {
    match to - from {
        0 => BigUint::from(1u32),
        1 => n - from,
        count => falling(n, from, from + count / 2) * falling(n, from + count / 2, to),
    }
}

pub fn comb(cx: &mut Cx, a: Args<'_>) -> R {
    let (n, k) = arguments(cx, a)?;
    let other = n.r().sub(k.r());
    if other.r().is_negative() {
        return Ok(cx.int(0));
    }
    let k = if other.r().cmp(k.r()).is_lt() { other } else { k };
    let Some(k) = k.r().to_i64().map(|k| k as u64) else {
        let most = i64::MAX;
        return Err(cx.overflow_error(format!("min(n - k, k) must not exceed {most}")));
    };
    if let Int::Word(w) = n
        && let Ok(n) = u64::try_from(w)
        && let Some(result) = comb_word(n, k)
    {
        return Ok(new_int(cx, Int::Word(result)));
    }
    // Neither n ** k nor 2 ** n is exceeded.
    let most = n.r().to_i64().map_or(u64::MAX, |n| n as u64);
    let bits = n.r().bits().saturating_mul(k).min(most);
    let n = n.into_big().into_parts().1;
    computed(cx, bits, move || comb_big(&n, k))
}

/// Pascal's way along a row, `None` if 127 bits are not enough.
fn comb_word(n: u64, k: u64) -> Option<i128> {
    let mut result = 1u64;
    for i in 0..k {
        let Some(next) = result.checked_mul(n - i) else {
            return comb_wide(n, k, i, result);
        };
        result = next / (i + 1);
    }
    Some(result as i128)
}

/// Goes on from place `from` with wider words.
fn comb_wide(n: u64, k: u64, from: u64, so_far: u64) -> Option<i128> {
    let mut result = so_far as i128;
    for i in from..k {
        result = result.checked_mul((n - i) as i128)? / (i as i128 + 1);
    }
    Some(result)
}

/// `C(n, k) = C(n, j) * C(n - j, k - j) / C(k, j)` with `j` half of `k`.
fn comb_big(n: &BigUint, k: u64) -> BigUint {
    if let Ok(n) = u64::try_from(n)
        && let Some(result) = comb_word(n, k)
    {
        return BigUint::from(result as u128);
    }
    match k {
        0 => return BigUint::from(1u32),
        1 => return n.clone(),
        _ => {}
    }
    let j = k / 2;
    comb_big(n, j) * comb_big(&(n - j), k - j) / comb_big(&k.into(), j)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_are_products() {
        let mut plain = BigUint::from(1u32);
        for n in 1u64..400 {
            plain *= n;
            assert_eq!(factorial_big(n), plain, "{n}");
        }
    }

    #[test]
    fn rows_of_pascals_triangle() {
        let mut row = vec![BigUint::from(1u32)];
        for n in 1u64..180 {
            let mut next = vec![BigUint::from(1u32)];
            next.extend(row.windows(2).map(|w| &w[0] + &w[1]));
            next.push(BigUint::from(1u32));
            row = next;
            for k in 0..=n / 2 {
                assert_eq!(comb_big(&n.into(), k), row[k as usize], "{n} {k}");
            }
        }
        let n = BigUint::from(1u32) << 100u32;
        assert_eq!(comb_big(&n, 2), &n * (&n - 1u32) / 2u32);
        assert_eq!(falling(&n, 0, 3), &n * (&n - 1u32) * (&n - 2u32));
    }
}
