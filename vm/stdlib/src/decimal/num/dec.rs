//! `Dec`: a sign, digits and an exponent; or an infinity, or one of the two kinds of NaN, whose digits are a payload.
//!
//! Up to 38 digits are two words in the number itself; more are limbs on the heap. Immutable once made.

use super::ctx::signal;
use super::limbs::{self, LIMB, NoMemory, Res, WIDE_POWERS, digits_u128};
use std::ops::Deref;

/// Most digits of a short magnitude.
pub const SHORT: usize = 38;

/// A magnitude: short if it is below 10^38, in limbs otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coef {
    /// Lower and upper word.
    Short([u64; 2]),
    Long(Box<[u64]>),
}

impl Coef {
    #[inline(always)]
    pub fn short(x: u128) -> Coef {
        debug_assert!(x < WIDE_POWERS[SHORT]);
        Coef::Short([x as u64, (x >> 64) as u64])
    }

    /// From normal limbs.
    pub fn from_limbs(a: Vec<u64>) -> Coef {
        match a.len() {
            0..=2 => Coef::short(limbs::join(&a)),
            _ => Coef::Long(a.into_boxed_slice()),
        }
    }

    /// The number, if it is short.
    #[inline(always)]
    pub fn get(&self) -> Option<u128> {
        match self {
            Coef::Short([low, high]) => Some((*high as u128) << 64 | *low as u128),
            Coef::Long(_) => None,
        }
    }

    #[inline(always)]
    pub fn is_zero(&self) -> bool {
        matches!(self, Coef::Short([0, 0]))
    }

    #[inline]
    pub fn digits(&self) -> usize {
        match self.get() {
            Some(x) => digits_u128(x),
            None => limbs::digits(&self.limbs()),
        }
    }

    /// The limbs, normal.
    #[inline]
    pub fn limbs(&self) -> Limbs<'_> {
        match self {
            Coef::Short([low, high]) => {
                let (limbs, n) = limbs::split((*high as u128) << 64 | *low as u128);
                Limbs::Own(limbs, n)
            }
            Coef::Long(limbs) => Limbs::Borrowed(limbs),
        }
    }

    /// A vector of the limbs.
    pub fn to_vec(&self) -> Res<Vec<u64>> {
        let limbs = self.limbs();
        let mut v = limbs::room(limbs.len() + 1)?;
        v.extend_from_slice(&limbs);
        Ok(v)
    }
}

/// The limbs of a magnitude.
pub enum Limbs<'a> {
    Own([u64; 3], usize),
    Borrowed(&'a [u64]),
}

impl Deref for Limbs<'_> {
    type Target = [u64];

    #[inline]
    fn deref(&self) -> &[u64] {
        match self {
            Limbs::Own(limbs, n) => &limbs[..*n],
            Limbs::Borrowed(limbs) => limbs,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Finite,
    Infinite,
    Quiet,
    Signaling,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Dec {
    pub coef: Coef,
    pub exp: i64,
    pub negative: bool,
    pub kind: Kind,
}

impl Dec {
    #[inline(always)]
    pub fn new(negative: bool, coef: Coef, exp: i64) -> Dec {
        Dec { coef, exp, negative, kind: Kind::Finite }
    }

    #[inline(always)]
    pub fn short(negative: bool, coef: u128, exp: i64) -> Dec {
        Dec::new(negative, Coef::short(coef), exp)
    }

    pub fn zero(negative: bool, exp: i64) -> Dec {
        Dec::short(negative, 0, exp)
    }

    pub fn one() -> Dec {
        Dec::short(false, 1, 0)
    }

    pub fn infinity(negative: bool) -> Dec {
        Dec { kind: Kind::Infinite, ..Dec::zero(negative, 0) }
    }

    pub fn nan() -> Dec {
        Dec { kind: Kind::Quiet, ..Dec::zero(false, 0) }
    }

    /// The result of an operation that fails.
    #[cold]
    pub fn failed(status: &mut u32, why: u32) -> Dec {
        *status |= why;
        Dec::nan()
    }

    /// From an integer that any two words hold.
    pub fn from_i128(x: i128) -> Dec {
        let (negative, x) = (x < 0, x.unsigned_abs());
        if x < WIDE_POWERS[SHORT] {
            return Dec::short(negative, x, 0);
        }
        let (limbs, n) = limbs::split(x);
        Dec::new(negative, Coef::from_limbs(limbs[..n].to_vec()), 0)
    }

    /// From normal limbs.
    pub fn from_limbs(negative: bool, limbs: Vec<u64>, exp: i64) -> Dec {
        Dec::new(negative, Coef::from_limbs(limbs), exp)
    }

    #[inline(always)]
    pub fn is_finite(&self) -> bool {
        self.kind == Kind::Finite
    }

    #[inline(always)]
    pub fn is_special(&self) -> bool {
        self.kind != Kind::Finite
    }

    pub fn is_infinite(&self) -> bool {
        self.kind == Kind::Infinite
    }

    #[inline(always)]
    pub fn is_nan(&self) -> bool {
        matches!(self.kind, Kind::Quiet | Kind::Signaling)
    }

    pub fn is_snan(&self) -> bool {
        self.kind == Kind::Signaling
    }

    #[inline(always)]
    pub fn is_zero(&self) -> bool {
        self.is_finite() && self.coef.is_zero()
    }

    #[inline]
    pub fn digits(&self) -> i64 {
        self.coef.digits() as i64
    }

    /// The exponent that the number has with one digit before the point.
    #[inline]
    pub fn adjusted(&self) -> i64 {
        self.exp + self.digits() - 1
    }

    /// The exponent of the first digit, of the number that it is in front of the point.
    pub fn is_integer(&self) -> bool {
        if !self.is_finite() {
            return false;
        }
        self.exp >= 0 || self.coef.is_zero() || self.trailing_zeros() >= self.exp.unsigned_abs()
    }

    /// Zeros at the end of the digits of a number that is not 0.
    pub fn trailing_zeros(&self) -> u64 {
        limbs::trailing_zeros(&self.coef.limbs()) as u64
    }

    /// Whether an integer is odd.
    pub fn is_odd(&self) -> bool {
        match usize::try_from(-self.exp) {
            _ if self.exp > 0 => false,
            Ok(place) => limbs::digit(&self.coef.limbs(), place) & 1 == 1,
            Err(_) => false,
        }
    }

    pub fn with_sign(mut self, negative: bool) -> Dec {
        self.negative = negative;
        self
    }

    /// Negated as `copy_negate` does: NaNs and zeros too.
    pub fn negated(self) -> Dec {
        let negative = !self.negative;
        self.with_sign(negative)
    }

    pub fn abs(self) -> Dec {
        self.with_sign(false)
    }

    /// Whether the first digit of the range of normal numbers is reached.
    pub fn is_normal(&self, emin: i64) -> bool {
        self.is_finite() && !self.coef.is_zero() && self.adjusted() >= emin
    }

    pub fn is_subnormal(&self, emin: i64) -> bool {
        self.is_finite() && !self.coef.is_zero() && self.adjusted() < emin
    }

    /// The digits shifted to the left by `n`, as limbs.
    pub fn shifted(&self, n: i64) -> Res<Vec<u64>> {
        limbs::shift_left(&self.coef.limbs(), usize::try_from(n).map_err(|_| NoMemory)?)
    }

    /// The value of the coefficient with digits taken off or zeros added so that the exponent is `exp`; what is taken off is
    /// cut.
    pub fn at_exponent(&self, exp: i64) -> Res<(Vec<u64>, limbs::Cut)> {
        if self.exp >= exp {
            return Ok((self.shifted(self.exp - exp)?, limbs::Cut::Nothing));
        }
        let mut a = self.coef.to_vec()?;
        let cut = limbs::shift_right(&mut a, usize::try_from(exp - self.exp).unwrap_or(usize::MAX));
        Ok((a, cut))
    }
}

/// The result of what may find no memory.
pub fn or_nan(result: Res<Dec>, status: &mut u32) -> Dec {
    match result {
        Ok(d) => d,
        Err(NoMemory) => Dec::failed(status, signal::MALLOC_ERROR),
    }
}

/// Limbs for so many digits.
pub fn limbs_for(digits: i64) -> usize {
    (digits.max(0) as usize).div_ceil(LIMB)
}
