//! Arithmetic of ints of any size, without objects: a machine word of 128 bits as long as that is enough, else a `BigInt`.
//!
//! Called by the methods of `int`, by the interpreter's slow paths and by `math`. Pure functions: no locks, no Python.
//! What may need much memory says so by [`Trouble`] before it allocates: the library behind it would end the process.

// The names are the field's; operators could not say what fails.
#![allow(clippy::should_implement_trait)]

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

/// The value of an int. Canonical: `Big` only if 128 bits are not enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Int {
    Word(i128),
    Big(BigInt),
}

/// A borrowed [`Int`].
#[derive(Clone, Copy, Debug)]
pub enum IntRef<'a> {
    Word(i128),
    Big(&'a BigInt),
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    ZeroDivision,
    /// "negative shift count"
    NegativeShift,
    /// "too many digits in integer"
    TooManyDigits,
    NoMemory,
    /// "int too large to convert to float"
    TooLargeForFloat,
    /// "integer division result too large for a float"
    QuotientTooLarge,
}

use Int::{Big, Word};

impl From<BigInt> for Int {
    #[inline]
    fn from(big: BigInt) -> Int {
        match big.to_i128() {
            Some(w) => Word(w),
            None => Big(big),
        }
    }
}

impl From<i64> for Int {
    #[inline]
    fn from(i: i64) -> Int {
        Word(i as i128)
    }
}

impl Int {
    /// A borrowed view.
    #[inline]
    pub fn r(&self) -> IntRef<'_> {
        match self {
            Word(w) => IntRef::Word(*w),
            Big(b) => IntRef::Big(b),
        }
    }

    pub fn into_big(self) -> BigInt {
        match self {
            Word(w) => w.into(),
            Big(b) => b,
        }
    }

    pub fn is_zero(&self) -> bool {
        matches!(self, Word(0))
    }
}

/// Whether there is memory for a number of so many bits; asked only for large ones.
fn room(bits: u64) -> Result<(), Trouble> {
    const ASK: u64 = 1 << 24;
    // What `Vec` can hold at most.
    const MOST: u64 = (isize::MAX as u64) / 2;
    if bits <= ASK {
        return Ok(());
    }
    if bits > MOST || Vec::<u8>::new().try_reserve_exact((bits / 4) as usize).is_err() {
        return Err(Trouble::NoMemory);
    }
    Ok(())
}

/// The two words as machine words, if both are.
#[inline(always)]
fn narrow(a: i128, b: i128) -> Option<(i64, i64)> {
    Some((i64::try_from(a).ok()?, i64::try_from(b).ok()?))
}

impl<'a> IntRef<'a> {
    /// The number as the other representation, which may cost an allocation.
    pub fn to_big(self) -> BigInt {
        match self {
            IntRef::Word(w) => w.into(),
            IntRef::Big(b) => b.clone(),
        }
    }

    pub fn to_int(self) -> Int {
        match self {
            IntRef::Word(w) => Word(w),
            IntRef::Big(b) => Big(b.clone()),
        }
    }

    #[inline]
    pub fn to_i64(self) -> Option<i64> {
        match self {
            IntRef::Word(w) => i64::try_from(w).ok(),
            IntRef::Big(_) => None,
        }
    }

    pub fn is_negative(self) -> bool {
        match self {
            IntRef::Word(w) => w < 0,
            IntRef::Big(b) => b.is_negative(),
        }
    }

    pub fn is_zero(self) -> bool {
        matches!(self, IntRef::Word(0))
    }

    pub fn is_odd(self) -> bool {
        match self {
            IntRef::Word(w) => w & 1 != 0,
            IntRef::Big(b) => b.is_odd(),
        }
    }

    /// Bits of the magnitude.
    pub fn bits(self) -> u64 {
        match self {
            IntRef::Word(w) => 128 - w.unsigned_abs().leading_zeros() as u64,
            IntRef::Big(b) => b.bits(),
        }
    }

    /// Applies an operation of `BigInt`s.
    #[inline(never)]
    fn with_big(self, other: IntRef<'_>, f: impl FnOnce(&BigInt, &BigInt) -> BigInt) -> Int {
        let (x, y);
        let a = match self {
            IntRef::Big(b) => b,
            IntRef::Word(w) => {
                x = BigInt::from(w);
                &x
            }
        };
        let b = match other {
            IntRef::Big(b) => b,
            IntRef::Word(w) => {
                y = BigInt::from(w);
                &y
            }
        };
        f(a, b).into()
    }

    pub fn add(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Word(a), IntRef::Word(b)) => match a.checked_add(b) {
                Some(w) => Word(w),
                None => (BigInt::from(a) + b).into(),
            },
            (IntRef::Big(a), IntRef::Word(w)) | (IntRef::Word(w), IntRef::Big(a)) => match i64::try_from(w) {
                Ok(w) => (a + w).into(),
                Err(_) => (a + w).into(),
            },
            (IntRef::Big(a), IntRef::Big(b)) => (a + b).into(),
        }
    }

    pub fn sub(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Word(a), IntRef::Word(b)) => match a.checked_sub(b) {
                Some(w) => Word(w),
                None => (BigInt::from(a) - b).into(),
            },
            (IntRef::Big(a), IntRef::Word(w)) => (a - w).into(),
            (IntRef::Word(w), IntRef::Big(a)) => (w - a).into(),
            (IntRef::Big(a), IntRef::Big(b)) => (a - b).into(),
        }
    }

    /// # Errors
    /// [`Trouble::NoMemory`].
    pub fn mul(self, other: IntRef<'_>) -> Result<Int, Trouble> {
        match (self, other) {
            (IntRef::Word(a), IntRef::Word(b)) => {
                if let Some((x, y)) = narrow(a, b) {
                    return Ok(Word(x as i128 * y as i128));
                }
                Ok(match a.checked_mul(b) {
                    Some(w) => Word(w),
                    None => (BigInt::from(a) * b).into(),
                })
            }
            (IntRef::Big(a), IntRef::Word(w)) | (IntRef::Word(w), IntRef::Big(a)) => {
                room(a.bits() + 128)?;
                Ok(match i64::try_from(w) {
                    Ok(w) => (a * w).into(),
                    Err(_) => (a * w).into(),
                })
            }
            (IntRef::Big(a), IntRef::Big(b)) => {
                room(a.bits() + b.bits())?;
                Ok((a * b).into())
            }
        }
    }

    /// Quotient rounded down, and remainder with the divisor's sign.
    ///
    /// # Errors
    /// [`Trouble::ZeroDivision`].
    pub fn div_mod(self, other: IntRef<'_>) -> Result<(Int, Int), Trouble> {
        match (self, other) {
            (_, IntRef::Word(0)) => Err(Trouble::ZeroDivision),
            (IntRef::Word(a), IntRef::Word(b)) => {
                if let Some((x, y)) = narrow(a, b)
                    && x != i64::MIN
                {
                    let (q, r) = x.div_mod_floor(&y);
                    return Ok((q.into(), r.into()));
                }
                if a == i128::MIN && b == -1 {
                    return Ok((Big(-BigInt::from(a)), Word(0)));
                }
                let (q, r) = a.div_mod_floor(&b);
                Ok((Word(q), Word(r)))
            }
            (IntRef::Big(a), IntRef::Word(w)) if i64::try_from(w).is_ok() => Ok(div_mod_word(a, w as i64)),
            (IntRef::Big(a), IntRef::Big(b)) if is_short(a, b) => Ok(short_div_mod(a, b)),
            _ => {
                let mut rest = Word(0);
                let quotient = self.with_big(other, |a, b| {
                    let (q, r) = a.div_mod_floor(b);
                    rest = r.into();
                    q
                });
                Ok((quotient, rest))
            }
        }
    }

    /// # Errors
    /// [`Trouble::ZeroDivision`].
    pub fn floor_div(self, other: IntRef<'_>) -> Result<Int, Trouble> {
        self.div_mod(other).map(|(q, _)| q)
    }

    /// # Errors
    /// [`Trouble::ZeroDivision`].
    pub fn modulo(self, other: IntRef<'_>) -> Result<Int, Trouble> {
        match (self, other) {
            (IntRef::Big(a), IntRef::Word(w)) if w != 0 && i64::try_from(w).is_ok() => {
                let rest = (a % (w as i64)).to_i64().unwrap_or_default();
                Ok(if rest != 0 && (rest < 0) != (w < 0) { Word(rest as i128 + w) } else { rest.into() })
            }
            (IntRef::Big(a), IntRef::Big(b)) if is_short(a, b) => Ok(short_div_mod(a, b).1),
            (IntRef::Big(a), IntRef::Big(b)) => Ok(a.mod_floor(b).into()),
            _ => self.div_mod(other).map(|(_, r)| r),
        }
    }

    pub fn bit_and(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Word(a), IntRef::Word(b)) => Word(a & b),
            // Only the low digits matter under a mask that is not negative.
            (IntRef::Big(a), IntRef::Word(w)) | (IntRef::Word(w), IntRef::Big(a)) if w >= 0 => {
                Word(low_word(a) & w)
            }
            _ => self.with_big(other, |a, b| a & b),
        }
    }

    pub fn bit_or(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Word(a), IntRef::Word(b)) => Word(a | b),
            _ => self.with_big(other, |a, b| a | b),
        }
    }

    pub fn bit_xor(self, other: IntRef<'_>) -> Int {
        match (self, other) {
            (IntRef::Word(a), IntRef::Word(b)) => Word(a ^ b),
            _ => self.with_big(other, |a, b| a ^ b),
        }
    }

    /// # Errors
    /// [`Trouble::NegativeShift`], [`Trouble::TooManyDigits`], [`Trouble::NoMemory`].
    pub fn shl(self, other: IntRef<'_>) -> Result<Int, Trouble> {
        if other.is_negative() {
            return Err(Trouble::NegativeShift);
        }
        if self.is_zero() {
            return Ok(Word(0));
        }
        let Some(by) = other.to_i64() else { return Err(Trouble::TooManyDigits) };
        if let IntRef::Word(w) = self
            && self.bits() as i64 + by < 127
        {
            return Ok(Word(w << by));
        }
        room(self.bits().saturating_add(by as u64))?;
        Ok((self.to_big() << by).into())
    }

    /// # Errors
    /// [`Trouble::NegativeShift`].
    pub fn shr(self, other: IntRef<'_>) -> Result<Int, Trouble> {
        if other.is_negative() {
            return Err(Trouble::NegativeShift);
        }
        let by = other.to_i64().unwrap_or(i64::MAX);
        Ok(match self {
            IntRef::Word(w) => Word(w >> by.min(127)),
            IntRef::Big(b) => (b >> by).into(),
        })
    }

    pub fn neg(self) -> Int {
        match self {
            IntRef::Word(w) if w != i128::MIN => Word(-w),
            _ => (-self.to_big()).into(),
        }
    }

    pub fn abs(self) -> Int {
        if self.is_negative() { self.neg() } else { self.to_int() }
    }

    /// `~self`.
    pub fn invert(self) -> Int {
        match self {
            IntRef::Word(w) => Word(!w),
            IntRef::Big(b) => (!b).into(),
        }
    }

    /// `self ** exponent`, the exponent not negative.
    ///
    /// # Errors
    /// [`Trouble::NoMemory`].
    pub fn pow(self, exponent: IntRef<'_>) -> Result<Int, Trouble> {
        if let IntRef::Word(w @ -1..=1) = self {
            return Ok(match w {
                1 => Word(1),
                0 => Word(exponent.is_zero() as i128),
                _ => Word(if exponent.is_odd() { -1 } else { 1 }),
            });
        }
        let Some(n) = exponent.to_i64().and_then(|n| u32::try_from(n).ok()) else {
            return Err(Trouble::NoMemory);
        };
        if let IntRef::Word(w) = self
            && let Some(w) = w.checked_pow(n)
        {
            return Ok(Word(w));
        }
        room(self.bits().saturating_mul(n as u64))?;
        if let IntRef::Word(w) = self
            && w.unsigned_abs().is_power_of_two()
        {
            let power = BigInt::from(1) << (w.unsigned_abs().trailing_zeros() as u64 * n as u64);
            return Ok((if w < 0 && n & 1 != 0 { -power } else { power }).into());
        }
        Ok(self.to_big().pow(n).into())
    }

    pub fn cmp(self, other: IntRef<'_>) -> Ordering {
        match (self, other) {
            (IntRef::Word(a), IntRef::Word(b)) => a.cmp(&b),
            (IntRef::Big(a), IntRef::Big(b)) => a.cmp(b),
            (IntRef::Big(a), IntRef::Word(_)) => {
                if a.is_negative() {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (IntRef::Word(_), IntRef::Big(b)) => {
                if b.is_negative() {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
        }
    }

    /// The order of an int and a float by their exact values; `None` if the float is not a number.
    pub fn cmp_float(self, x: f64) -> Option<Ordering> {
        // 2.0 ** 127: no word is as large.
        const BEYOND: f64 = 170141183460469231731687303715884105728.0;
        if x.is_nan() {
            return None;
        }
        if x.abs() < BEYOND {
            let whole = x.trunc();
            let order = match self {
                IntRef::Word(w) => w.cmp(&(whole as i128)),
                IntRef::Big(_) => self.cmp(IntRef::Word(0)),
            };
            return Some(order.then_with(|| {
                if whole < x {
                    Ordering::Less
                } else {
                    if whole > x { Ordering::Greater } else { Ordering::Equal }
                }
            }));
        }
        let below = if x > 0.0 { Ordering::Less } else { Ordering::Greater };
        Some(match self {
            IntRef::Big(b) if x.is_finite() => b.cmp(&from_f64(x).into_big()),
            _ => below,
        })
    }

    /// The nearest float.
    ///
    /// # Errors
    /// [`Trouble::TooLargeForFloat`].
    pub fn to_f64(self) -> Result<f64, Trouble> {
        match self {
            IntRef::Word(w) => Ok(w as f64),
            IntRef::Big(b) => match b.to_f64() {
                Some(x) if x.is_finite() => Ok(x),
                _ => Err(Trouble::TooLargeForFloat),
            },
        }
    }

    /// `self / other`, correctly rounded.
    ///
    /// # Errors
    /// [`Trouble::ZeroDivision`], [`Trouble::QuotientTooLarge`].
    pub fn true_div(self, other: IntRef<'_>) -> Result<f64, Trouble> {
        const EXACT: u128 = 1 << 53;
        match (self, other) {
            (_, IntRef::Word(0)) => Err(Trouble::ZeroDivision),
            (IntRef::Word(a), IntRef::Word(b)) if a.unsigned_abs() <= EXACT && b.unsigned_abs() <= EXACT => {
                Ok(a as f64 / b as f64)
            }
            _ => true_div_big(self, other),
        }
    }
}

/// The low 128 bits of the two's complement.
fn low_word(a: &BigInt) -> i128 {
    let mut digits = a.iter_u64_digits();
    let low = digits.next().unwrap_or(0) as u128 | (digits.next().unwrap_or(0) as u128) << 64;
    if a.is_negative() { (low as i128).wrapping_neg() } else { low as i128 }
}

/// The most bits by which a dividend may exceed its divisor for [`short_div_mod`].
const SHORT: u64 = 28;

/// Whether two long numbers have a quotient so small that [`short_div_mod`] finds it.
fn is_short(a: &BigInt, b: &BigInt) -> bool {
    let (n, m) = (a.bits(), b.bits());
    m >= 128 && n >= m && n - m <= SHORT
}

/// As [`IntRef::div_mod`] for long numbers with a small quotient: it is guessed from the leading digits, and one product
/// shows whether it was right. A long division would take many passes for the same.
fn short_div_mod(a: &BigInt, b: &BigInt) -> (Int, Int) {
    let (x, y) = (a.magnitude(), b.magnitude());
    let shift = x.bits() - 64;
    // The divisor's part has at least 64 - SHORT bits, so this is the quotient or one less.
    let mut quotient = (bits_from(x, shift) as u128 / (bits_from(y, shift) as u128 + 1)) as u64;
    let mut rest = x - y * quotient;
    while rest >= *y {
        rest -= y;
        quotient += 1;
    }
    if a.is_negative() != b.is_negative() {
        let exact = rest.is_zero();
        if !exact {
            rest = y - rest;
            quotient += 1;
        }
        return (Word(-(quotient as i128)), BigInt::from_biguint(b.sign(), rest).into());
    }
    (Word(quotient as i128), BigInt::from_biguint(b.sign(), rest).into())
}

/// The 64 bits from bit `shift` on, of which at most 64 bits are left.
fn bits_from(x: &BigUint, shift: u64) -> u64 {
    let (at, by) = ((shift / 64) as usize, shift % 64);
    let digit = |i: usize| {
        let digits = x.iter_u64_digits();
        let behind = digits.len().checked_sub(i + 1);
        behind.and_then(|behind| digits.rev().nth(behind)).unwrap_or(0)
    };
    let low = digit(at) >> by;
    if by == 0 { low } else { low | digit(at + 1) << (64 - by) }
}

/// Floor division by a machine word: one pass, the remainder from the low digits.
fn div_mod_word(a: &BigInt, b: i64) -> (Int, Int) {
    let mut quotient = a / b;
    let low = |v: &BigInt| low_word(v) as i64;
    let mut rest = low(a).wrapping_sub(low(&quotient).wrapping_mul(b));
    if rest != 0 && (rest < 0) != (b < 0) {
        quotient -= 1;
        rest = rest.wrapping_add(b);
    }
    (quotient.into(), rest.into())
}

/// Scales so that the integer quotient has two bits more than a float's mantissa, and rounds that half to even.
fn true_div_big(a: IntRef<'_>, b: IntRef<'_>) -> Result<f64, Trouble> {
    if a.is_zero() {
        return Ok(if b.is_negative() { -0.0 } else { 0.0 });
    }
    let negative = a.is_negative() != b.is_negative();
    let signed = |x: f64| if negative { -x } else { x };
    let distance = a.bits() as i64 - b.bits() as i64;
    if distance > f64::MAX_EXP as i64 {
        return Err(Trouble::QuotientTooLarge);
    }
    if distance < f64::MIN_EXP as i64 - f64::MANTISSA_DIGITS as i64 - 1 {
        return Ok(signed(0.0));
    }
    let shift = distance.max(f64::MIN_EXP as i64) - f64::MANTISSA_DIGITS as i64 - 2;
    let (x, y) = (a.abs().into_big(), b.abs().into_big());
    let (x, y) = if shift <= 0 { (x << -shift, y) } else { (x, y << shift) };
    let (quotient, rest) = x.div_rem(&y);
    let quotient = quotient.to_u128().unwrap_or(u128::MAX) as u64 | !rest.is_zero() as u64;
    let bits = 64 - quotient.leading_zeros() as i64;
    let extra = bits.max(f64::MIN_EXP as i64 - shift) - f64::MANTISSA_DIGITS as i64;
    let half = 1u64 << (extra - 1);
    let mut rounded = quotient;
    if rounded & half != 0 && rounded & (3 * half - 1) != 0 {
        rounded += half;
    }
    rounded &= !(2 * half - 1);
    let result = scale(rounded as f64, shift);
    if result.is_infinite() { Err(Trouble::QuotientTooLarge) } else { Ok(signed(result)) }
}

/// `x * 2 ** by` in two steps, so that the factors are in range; exact if the result is representable.
pub fn scale(x: f64, by: i64) -> f64 {
    let half = by / 2;
    x * 2f64.powi(half as i32) * 2f64.powi((by - half) as i32)
}

/// The whole part of a finite float.
pub fn from_f64(x: f64) -> Int {
    const BEYOND: f64 = 170141183460469231731687303715884105728.0;
    if x.abs() < BEYOND {
        return Word(x as i128);
    }
    let bits = x.abs().to_bits();
    let exponent = (bits >> 52) as i64 - 1075;
    let mantissa = (bits & ((1 << 52) - 1)) | 1 << 52;
    let sign = if x < 0.0 { Sign::Minus } else { Sign::Plus };
    (BigInt::from_biguint(sign, mantissa.into()) << exponent).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big(text: &str) -> Int {
        text.parse::<BigInt>().unwrap().into()
    }

    #[test]
    fn division_rounds_down_in_every_representation() {
        for (a, b, q, r) in [
            ("-7", "2", "-4", "1"),
            (
                "-170141183460469231731687303715884105728",
                "-1",
                "170141183460469231731687303715884105728",
                "0",
            ),
            (
                "-340282366920938463463374607431768211456",
                "10",
                "-34028236692093846346337460743176821146",
                "4",
            ),
            (
                "340282366920938463463374607431768211456",
                "-10",
                "-34028236692093846346337460743176821146",
                "-4",
            ),
            (
                "5",
                "-340282366920938463463374607431768211456",
                "-1",
                "-340282366920938463463374607431768211451",
            ),
        ] {
            let (a, b) = (big(a), big(b));
            assert_eq!(a.r().div_mod(b.r()), Ok((big(q), big(r))));
            assert_eq!(a.r().modulo(b.r()), Ok(big(r)));
        }
        assert_eq!(Word(1).r().div_mod(Word(0).r()), Err(Trouble::ZeroDivision));
    }

    #[test]
    fn true_division_is_correctly_rounded() {
        let power = |n: u32| Int::from(BigInt::from(10).pow(n));
        assert_eq!(power(400).r().true_div(power(399).r()), Ok(10.0));
        assert_eq!(power(50).r().true_div(big("3").r()), Ok(3.333_333_333_333_333e49));
        assert_eq!(Word(1).r().true_div(power(320).r()), Ok(1e-320));
        assert_eq!(Word(1).r().true_div(power(400).r()), Ok(0.0));
        assert_eq!(power(400).r().true_div(Word(2).r()), Err(Trouble::QuotientTooLarge));
        assert_eq!(Word((1 << 53) + 1).r().true_div(Word(1).r()), Ok(9007199254740992.0));
        assert_eq!(Word((1 << 53) + 3).r().true_div(Word(1).r()), Ok(9007199254740996.0));
    }

    #[test]
    fn conversion_to_float_rounds_half_to_even() {
        let n = |low: i64| Int::from((BigInt::from(1) << 200u32) + (BigInt::from(low) << 147u32));
        assert_eq!(n(1).r().to_f64(), Ok(2f64.powi(200)));
        assert_eq!(n(3).r().to_f64(), Ok(2f64.powi(200) + 2f64.powi(149)));
        let above = Int::from(n(1).into_big() + 1);
        assert_eq!(above.r().to_f64(), Ok(2f64.powi(200) + 2f64.powi(148)));
        assert_eq!(Int::from(BigInt::from(1) << 1024u32).r().to_f64(), Err(Trouble::TooLargeForFloat));
    }

    #[test]
    fn ints_and_floats_compare_exactly() {
        let big = Int::from(BigInt::from(1) << 130u32);
        assert_eq!(Word((1 << 53) + 1).r().cmp_float(9007199254740992.0), Some(Ordering::Greater));
        assert_eq!(Word(3).r().cmp_float(3.5), Some(Ordering::Less));
        assert_eq!(Word(-3).r().cmp_float(-3.5), Some(Ordering::Greater));
        assert_eq!(big.r().cmp_float(2f64.powi(130)), Some(Ordering::Equal));
        assert_eq!(big.r().cmp_float(f64::INFINITY), Some(Ordering::Less));
        assert_eq!(big.r().cmp_float(f64::NAN), None);
        assert_eq!(big.r().cmp_float(1.0), Some(Ordering::Greater));
    }

    #[test]
    fn shifts_and_powers_say_when_they_cannot() {
        assert_eq!(Word(1).r().shl(Word(-1).r()), Err(Trouble::NegativeShift));
        assert_eq!(Word(1).r().shl(Word(1 << 70).r()), Err(Trouble::TooManyDigits));
        assert_eq!(Word(1).r().shl(Word(1 << 62).r()), Err(Trouble::NoMemory));
        assert_eq!(Word(-1).r().shr(Word(1 << 70).r()), Ok(Word(-1)));
        assert_eq!(Word(-2).r().pow(Word(127).r()), Ok(Word(i128::MIN)));
        assert_eq!(Word(-2).r().pow(Word(129).r()), Ok(Big(-(BigInt::from(1) << 129u32))));
        assert_eq!(Word(-1).r().pow(Word((1 << 80) + 1).r()), Ok(Word(-1)));
    }

    #[test]
    fn masking_looks_at_the_low_digits() {
        let a = Int::from(-(BigInt::from(1) << 200u32) - 5);
        assert_eq!(a.r().bit_and(Word(0xff).r()), Word(0xfb));
        let a = Int::from((BigInt::from(1) << 200u32) + 5);
        assert_eq!(a.r().bit_and(Word(i128::MAX).r()), Word(5));
    }
}
