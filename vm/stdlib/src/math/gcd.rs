//! The greatest common divisor by Lehmer's algorithm: the quotients of Euclid's algorithm are found from the leading 62 bits,
//! and applied to the whole numbers about 30 bits at a time (Knuth, volume 2, 4.5.2; Cohen, algorithm 1.3.7). Pure functions.

use num_bigint::BigUint;
use num_traits::ToPrimitive;
use ungil_runtime::objects::int::{Int, IntRef};

/// The greatest common divisor, not negative; 0 if both are.
pub fn gcd(a: IntRef<'_>, b: IntRef<'_>) -> Int {
    if let (IntRef::Word(a), IntRef::Word(b)) = (a, b) {
        return match i128::try_from(gcd_words(a.unsigned_abs(), b.unsigned_abs())) {
            Ok(w) => Int::Word(w),
            // The smallest word has no positive counterpart.
            Err(_) => IntRef::Word(i128::MIN).abs(),
        };
    }
    let magnitude = |n: IntRef<'_>| n.abs().into_big().into_parts().1;
    num_bigint::BigInt::from(gcd_big(magnitude(a), magnitude(b))).into()
}

fn gcd_words(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
            return gcd_u64(a, b) as u128;
        }
        (a, b) = (b, a % b);
    }
    a
}

/// Stein's binary algorithm.
fn gcd_u64(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let twos = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    loop {
        b >>= b.trailing_zeros();
        if a > b {
            std::mem::swap(&mut a, &mut b);
        }
        b -= a;
        if b == 0 {
            return a << twos;
        }
    }
}

/// Factors of a combination `a * x + b * y`, of opposite signs.
type Row = (i64, i64);

fn gcd_big(a: BigUint, b: BigUint) -> BigUint {
    let (a, b) = if a < b { (b, a) } else { (a, b) };
    if b == BigUint::ZERO {
        return a;
    }
    let (mut x, mut y) = (a.to_u64_digits(), b.to_u64_digits());
    while y.len() > 1 {
        match leading_quotients(&x, &y) {
            Some((first, second)) => {
                combine(&mut x, &mut y, first, second);
                if less(&x, &y) {
                    std::mem::swap(&mut x, &mut y);
                }
            }
            None => {
                let rest = (number(&x) % number(&y)).to_u64_digits();
                x = std::mem::replace(&mut y, rest);
            }
        }
    }
    let Some(&last) = y.first() else { return number(&x) };
    let rest = (number(&x) % last).to_u64().unwrap_or_default();
    gcd_u64(last, rest).into()
}

fn number(digits: &[u64]) -> BigUint {
    BigUint::new(digits.iter().flat_map(|&d| [d as u32, (d >> 32) as u32]).collect())
}

fn less(x: &[u64], y: &[u64]) -> bool {
    (x.len(), x.iter().rev().collect::<Vec<_>>()) < (y.len(), y.iter().rev().collect())
}

/// 62 bits of the digits, from bit `at`, which may be below 0 for numbers of a single digit.
fn window(digits: &[u64], at: usize) -> i64 {
    let digit = |i: usize| digits.get(i).copied().unwrap_or(0) as u128;
    let pair = digit(at / 64) | digit(at / 64 + 1) << 64;
    ((pair >> (at % 64)) as u64 & (u64::MAX >> 2)) as i64
}

/// As many steps of Euclid's algorithm as the leading bits of `x >= y` decide; `None` if they decide none.
fn leading_quotients(x: &[u64], y: &[u64]) -> Option<(Row, Row)> {
    let bits = x.len() * 64 - x.last()?.leading_zeros() as usize;
    let at = bits.checked_sub(62)?;
    let (mut high, mut low) = (window(x, at), window(y, at));
    let (mut first, mut second): (Row, Row) = ((1, 0), (0, 1));
    while low + second.0 != 0 && low + second.1 != 0 {
        let quotient = (high + first.0) / (low + second.0);
        if quotient != (high + first.1) / (low + second.1) {
            break;
        }
        let next = (first.0 - quotient * second.0, first.1 - quotient * second.1);
        (first, second) = (second, next);
        (high, low) = (low, high - quotient * low);
    }
    (first.1 != 0).then_some((first, second))
}

/// Puts the two combinations of `x` and `y` in their places.
fn combine(x: &mut Vec<u64>, y: &mut Vec<u64>, first: Row, second: Row) {
    y.resize(x.len(), 0);
    let (mut carry_x, mut carry_y) = (0i128, 0i128);
    for (x, y) in x.iter_mut().zip(y.iter_mut()) {
        let row = |(a, b): Row| a as i128 * *x as i128 + b as i128 * *y as i128;
        let (sum_x, sum_y) = (row(first) + carry_x, row(second) + carry_y);
        (*x, *y) = (sum_x as u64, sum_y as u64);
        (carry_x, carry_y) = (sum_x >> 64, sum_y >> 64);
    }
    for digits in [x, y] {
        let len = digits.iter().rposition(|&d| d != 0).map_or(0, |i| i + 1);
        digits.truncate(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;

    fn big(text: &str) -> Int {
        text.parse::<BigInt>().unwrap().into()
    }

    #[test]
    fn divisors_of_words() {
        let gcd = |a: i128, b: i128| gcd(IntRef::Word(a), IntRef::Word(b));
        assert_eq!(gcd(0, 0), Int::Word(0));
        assert_eq!(gcd(-12, 18), Int::Word(6));
        assert_eq!(gcd(1 << 100, 3 << 70), Int::Word(1 << 70));
        assert_eq!(gcd(i128::MIN, 0), big("170141183460469231731687303715884105728"));
    }

    #[test]
    fn divisors_of_large_numbers_are_euclids() {
        let euclid = |mut a: BigUint, mut b: BigUint| {
            while b != BigUint::ZERO {
                (a, b) = (b.clone(), a % b);
            }
            a
        };
        let mut state = BigUint::from(88172645463325252u64);
        let modulus = (BigUint::from(1u32) << 607u32) - 1u32;
        for round in 1u32..60 {
            state = (&state * &state + round) % &modulus;
            let common = BigUint::from(3u32).pow(round * 7);
            let (a, b) = (&state * &common, (&state >> (round * 5)) * &common * &common);
            assert_eq!(gcd_big(a.clone(), b.clone()), euclid(a, b));
        }
        // Neighbouring Fibonacci numbers need the most steps.
        let (mut a, mut b) = (BigUint::from(1u32), BigUint::from(1u32));
        for _ in 0..1000 {
            (a, b) = (b.clone(), a + b);
        }
        assert_eq!(gcd_big(a, b), BigUint::from(1u32));
    }
}
