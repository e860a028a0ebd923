//! Magnitudes: slices of limbs in base 10^19, the lowest first. Plain functions on memory that the caller owns.
//!
//! Used by everything in `num`. A magnitude is normal if its highest limb is not 0; zero has no limbs. What allocates
//! gives `NoMemory` instead of ending the process, since sizes come from the program (`prec` may be 10^18).

use std::cmp::Ordering;

/// Decimal digits of a limb.
pub const LIMB: usize = 19;
/// The base.
pub const BASE: u64 = 10_000_000_000_000_000_000;
/// floor((2^128 - 1) / BASE) - 2^64.
const RECIPROCAL: u64 = ((u128::MAX / BASE as u128) - (1 << 64)) as u64;

/// There is no memory for a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

pub type Res<T> = Result<T, NoMemory>;

/// The powers of ten that a word holds.
pub const POWERS: [u64; 20] = {
    let mut powers = [1u64; 20];
    let mut i = 1;
    while i < 20 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// The powers of ten that two words hold.
pub const WIDE_POWERS: [u128; 39] = {
    let mut powers = [1u128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// More limbs than any machine has room for; the system might promise them nevertheless.
const MOST: usize = 1 << 37;

/// An empty vector with room.
pub fn room(n: usize) -> Res<Vec<u64>> {
    let mut v = Vec::new();
    if n > MOST {
        return Err(NoMemory);
    }
    v.try_reserve_exact(n).map_err(|_| NoMemory)?;
    Ok(v)
}

/// So many zeros.
pub fn zeros(n: usize) -> Res<Vec<u64>> {
    let mut v = room(n)?;
    v.resize(n, 0);
    Ok(v)
}

/// Digits of a word; 1 for 0.
#[inline]
pub fn digits_u64(x: u64) -> usize {
    // 1233 / 4096 is a little more than log10(2).
    let guess = ((64 - (x | 1).leading_zeros()) as usize * 1233) >> 12;
    guess + (x >= POWERS[guess] || guess == 0) as usize
}

/// Digits of two words; 1 for 0.
#[inline]
pub fn digits_u128(x: u128) -> usize {
    if x >> 64 == 0 {
        return digits_u64(x as u64);
    }
    let guess = ((128 - x.leading_zeros()) as usize * 1233) >> 12;
    guess + (guess >= 39 || x >= WIDE_POWERS[guess]) as usize
}

/// Quotient and remainder by the base of what is less than `BASE * 2^64` (Möller and Granlund 2011).
#[inline(always)]
pub fn div_base(x: u128) -> (u64, u64) {
    let (high, low) = ((x >> 64) as u64, x as u64);
    let q = (RECIPROCAL as u128 * high as u128).wrapping_add(x);
    let mut quotient = ((q >> 64) as u64).wrapping_add(1);
    let mut rest = low.wrapping_sub(quotient.wrapping_mul(BASE));
    if rest > q as u64 {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(BASE);
    }
    if rest >= BASE {
        quotient += 1;
        rest -= BASE;
    }
    (quotient, rest)
}

/// Without the zero limbs above.
#[inline]
pub fn trim(a: &[u64]) -> &[u64] {
    let mut n = a.len();
    while n > 0 && a[n - 1] == 0 {
        n -= 1;
    }
    &a[..n]
}

/// Takes the zero limbs above off.
#[inline]
pub fn normalize(a: &mut Vec<u64>) {
    a.truncate(trim(a).len());
}

/// Digits of a normal magnitude; 1 for zero.
pub fn digits(a: &[u64]) -> usize {
    match a.last() {
        Some(&top) => (a.len() - 1) * LIMB + digits_u64(top),
        None => 1,
    }
}

/// The limbs of a number, normal: an array and how many of it count.
#[inline]
pub fn split(x: u128) -> ([u64; 3], usize) {
    if x < BASE as u128 {
        return ([x as u64, 0, 0], (x != 0) as usize);
    }
    if ((x >> 64) as u64) < BASE {
        let (high, low) = div_base(x);
        if high < BASE {
            return ([low, high, 0], 2);
        }
        return ([low, high - BASE, 1], 3);
    }
    let (rest, low) = (x / BASE as u128, (x % BASE as u128) as u64);
    ([low, (rest % BASE as u128) as u64, (rest / BASE as u128) as u64], 3)
}

/// The number that at most 38 digits make.
#[inline]
pub fn join(a: &[u64]) -> u128 {
    match *a {
        [] => 0,
        [low] => low as u128,
        [low, high, ..] => high as u128 * BASE as u128 + low as u128,
    }
}

pub fn compare(a: &[u64], b: &[u64]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// Whether there is anything but zeros.
pub fn any(a: &[u64]) -> bool {
    a.iter().any(|&limb| limb != 0)
}

/// `a += b`, from the lowest limb on; gives the carry out of `a`, which is no shorter.
#[inline]
pub fn add_assign(a: &mut [u64], b: &[u64]) -> bool {
    let mut carry = false;
    let (low, high) = a.split_at_mut(b.len());
    for (x, &y) in low.iter_mut().zip(b) {
        let (sum, over) = x.overflowing_add(y + carry as u64);
        carry = over || sum >= BASE;
        *x = if carry { sum.wrapping_sub(BASE) } else { sum };
    }
    for x in high {
        if !carry {
            return false;
        }
        *x += 1;
        carry = *x == BASE;
        if carry {
            *x = 0;
        }
    }
    carry
}

/// `a -= b`; gives whether something was missing.
#[inline]
pub fn sub_assign(a: &mut [u64], b: &[u64]) -> bool {
    let mut borrow = false;
    let (low, high) = a.split_at_mut(b.len());
    for (x, &y) in low.iter_mut().zip(b) {
        let (rest, under) = x.overflowing_sub(y + borrow as u64);
        borrow = under;
        *x = if under { rest.wrapping_add(BASE) } else { rest };
    }
    for x in high {
        if !borrow {
            return false;
        }
        borrow = *x == 0;
        *x = if borrow { BASE - 1 } else { *x - 1 };
    }
    borrow
}

/// `a + b`, normal if they are.
pub fn add(a: &[u64], b: &[u64]) -> Res<Vec<u64>> {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut sum = room(long.len() + 1)?;
    sum.extend_from_slice(long);
    if add_assign(&mut sum, short) {
        sum.push(1);
    }
    Ok(sum)
}

/// `a - b`, which must not be negative.
pub fn sub(a: &[u64], b: &[u64]) -> Res<Vec<u64>> {
    let mut rest = room(a.len())?;
    rest.extend_from_slice(a);
    sub_assign(&mut rest, trim(b));
    normalize(&mut rest);
    Ok(rest)
}

/// Adds one; gives the carry.
pub fn increment(a: &mut [u64]) -> bool {
    for limb in a {
        *limb += 1;
        if *limb != BASE {
            return false;
        }
        *limb = 0;
    }
    true
}

/// `a * factor + carry` in place; gives the carry.
pub fn mul_word(a: &mut [u64], factor: u64, mut carry: u64) -> u64 {
    for limb in a {
        let (high, low) = div_base(*limb as u128 * factor as u128 + carry as u128);
        *limb = low;
        carry = high;
    }
    carry
}

/// `a / divisor` in place for a divisor of less than the base; gives the remainder.
pub fn div_word(a: &mut [u64], divisor: u64) -> u64 {
    let mut rest = 0u64;
    for limb in a.iter_mut().rev() {
        let wide = rest as u128 * BASE as u128 + *limb as u128;
        if wide >> 64 == 0 {
            *limb = wide as u64 / divisor;
            rest = wide as u64 % divisor;
        } else {
            *limb = (wide / divisor as u128) as u64;
            rest = (wide % divisor as u128) as u64;
        }
    }
    rest
}

/// `a * 10^n`, normal.
pub fn shift_left(a: &[u64], n: usize) -> Res<Vec<u64>> {
    if a.is_empty() {
        return Ok(Vec::new());
    }
    let (limbs, rest) = (n / LIMB, n % LIMB);
    let mut shifted = room(a.len().checked_add(limbs + 1).ok_or(NoMemory)?)?;
    shifted.resize(limbs, 0);
    shifted.extend_from_slice(a);
    if rest > 0 {
        let carry = mul_word(&mut shifted[limbs..], POWERS[rest], 0);
        if carry > 0 {
            shifted.push(carry);
        }
    }
    Ok(shifted)
}

/// What was cut off a magnitude, compared with one half of the last place that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    Nothing,
    BelowHalf,
    Half,
    AboveHalf,
}

impl Cut {
    /// Of the first digit that was cut off, and whether there is anything behind it.
    #[inline]
    pub fn of(first: u64, more: bool) -> Cut {
        match (first, more) {
            (0, false) => Cut::Nothing,
            (0..=4, _) => Cut::BelowHalf,
            (5, false) => Cut::Half,
            _ => Cut::AboveHalf,
        }
    }
}

/// `floor(a / 10^n)` in `a`, normal, and what was cut off.
pub fn shift_right(a: &mut Vec<u64>, n: usize) -> Cut {
    let (limbs, rest) = (n / LIMB, n % LIMB);
    if limbs >= a.len() {
        let cut = if limbs == a.len() && rest == 0 && !a.is_empty() {
            let top = a[limbs - 1];
            let unit = POWERS[LIMB - 1];
            Cut::of(top / unit, !top.is_multiple_of(unit) || any(&a[..limbs - 1]))
        } else if any(a) {
            Cut::BelowHalf
        } else {
            Cut::Nothing
        };
        a.clear();
        return cut;
    }
    let cut = match rest {
        0 if limbs == 0 => return Cut::Nothing,
        0 => {
            let (top, unit) = (a[limbs - 1], POWERS[LIMB - 1]);
            Cut::of(top / unit, !top.is_multiple_of(unit) || any(&a[..limbs - 1]))
        }
        _ => {
            let lost = a[limbs] % POWERS[rest];
            let unit = POWERS[rest - 1];
            Cut::of(lost / unit, !lost.is_multiple_of(unit) || any(&a[..limbs]))
        }
    };
    let left = a.len() - limbs;
    if rest == 0 {
        a.copy_within(limbs.., 0);
    } else {
        let (divisor, factor) = (POWERS[rest], POWERS[LIMB - rest]);
        for i in 0..left {
            let above = if limbs + i + 1 < a.len() { a[limbs + i + 1] % divisor } else { 0 };
            a[i] = a[limbs + i] / divisor + above * factor;
        }
    }
    a.truncate(left);
    normalize(a);
    cut
}

/// The lowest `n` digits of `a`, normal.
pub fn low_digits(a: &mut Vec<u64>, n: usize) {
    let (limbs, rest) = (n / LIMB, n % LIMB);
    if limbs < a.len() {
        a[limbs] %= POWERS[rest];
        a.truncate(limbs + 1);
    }
    normalize(a);
}

/// The digit with the value 10^i.
pub fn digit(a: &[u64], i: usize) -> u8 {
    a.get(i / LIMB).map_or(0, |limb| (limb / POWERS[i % LIMB] % 10) as u8)
}

/// How many zeros a normal magnitude that is not zero ends with.
pub fn trailing_zeros(a: &[u64]) -> usize {
    let whole = a.iter().take_while(|&&limb| limb == 0).count();
    let Some(&limb) = a.get(whole) else { return 0 };
    let mut n = 0;
    while n < LIMB && limb % POWERS[n + 1] == 0 {
        n += 1;
    }
    whole * LIMB + n
}

/// The digits as text, the highest first.
pub fn push_text(a: &[u64], out: &mut Vec<u8>) {
    let Some((&top, rest)) = a.split_last() else {
        out.push(b'0');
        return;
    };
    push_word(top, digits_u64(top), out);
    for &limb in rest.iter().rev() {
        push_word(limb, LIMB, out);
    }
}

/// A word in `width` digits.
pub fn push_word(mut x: u64, width: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut at = start + width;
    while x != 0 && at > start {
        at -= 1;
        out[at] = b'0' + (x % 10) as u8;
        x /= 10;
    }
}

/// The magnitude that ASCII digits write, normal.
pub fn parse(text: &[u8]) -> Res<Vec<u64>> {
    let mut a = room(text.len().div_ceil(LIMB))?;
    for chunk in text.rchunks(LIMB) {
        a.push(chunk.iter().fold(0, |x, c| x * 10 + (c - b'0') as u64));
    }
    normalize(&mut a);
    Ok(a)
}
