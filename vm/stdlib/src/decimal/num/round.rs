//! Rounding of results to a context: precision, overflow, subnormal numbers, clamping.

use super::ctx::{Ctx, Round, signal};
use super::dec::{Coef, Dec, Kind, SHORT, or_nan};
use super::limbs::{self, Cut, Res, WIDE_POWERS};

/// Whether a magnitude that something was cut off from is to be increased. `last`: its last digit.
#[inline]
pub fn goes_up(round: Round, negative: bool, last: u8, cut: Cut) -> bool {
    if cut == Cut::Nothing {
        return false;
    }
    match round {
        Round::Up => true,
        Round::Down => false,
        Round::Ceiling => !negative,
        Round::Floor => negative,
        Round::HalfUp => cut >= Cut::Half,
        Round::HalfDown => cut > Cut::Half,
        Round::HalfEven => cut > Cut::Half || cut == Cut::Half && last & 1 == 1,
        Round::ZeroFiveUp => last == 0 || last == 5,
    }
}

/// `x / 10^n` and what was cut off.
#[inline]
pub fn cut_short(x: u128, n: usize) -> (u128, Cut) {
    if n > SHORT {
        return (0, if x == 0 { Cut::Nothing } else { Cut::BelowHalf });
    }
    if n == 0 {
        return (x, Cut::Nothing);
    }
    let (quotient, rest, half) = if x >> 64 == 0 && n < limbs::LIMB {
        let (unit, x) = (limbs::POWERS[n], x as u64);
        ((x / unit) as u128, (x % unit) as u128, (unit / 2) as u128)
    } else {
        let unit = WIDE_POWERS[n];
        let quotient = x / unit;
        (quotient, x - quotient * unit, unit / 2)
    };
    let cut = match rest {
        0 => Cut::Nothing,
        _ if rest < half => Cut::BelowHalf,
        _ if rest == half => Cut::Half,
        _ => Cut::AboveHalf,
    };
    (quotient, cut)
}

/// The coefficient divided by `10^n` and rounded; signals `ROUNDED` and perhaps `INEXACT`.
fn rounded(coef: &Coef, n: i64, round: Round, negative: bool, status: &mut u32) -> Res<Coef> {
    *status |= signal::ROUNDED;
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let (coef, cut) = match coef.get() {
        Some(x) => {
            let (x, cut) = cut_short(x, n);
            (Coef::short(x + goes_up(round, negative, (x % 10) as u8, cut) as u128), cut)
        }
        None => {
            let mut a = coef.to_vec()?;
            let cut = limbs::shift_right(&mut a, n);
            if goes_up(round, negative, limbs::digit(&a, 0), cut) && limbs::increment(&mut a) {
                a.push(1);
            }
            (Coef::from_limbs(a), cut)
        }
    };
    if cut != Cut::Nothing {
        *status |= signal::INEXACT;
    }
    Ok(coef)
}

/// The greatest number of the context's precision.
fn nines(prec: i64) -> Res<Coef> {
    let power = limbs::shift_left(&[1], usize::try_from(prec).unwrap_or(usize::MAX))?;
    Ok(Coef::from_limbs(limbs::sub(&power, &[1])?))
}

impl Dec {
    /// The number as the context allows it: what every operation ends with.
    #[inline]
    pub fn finish(self, c: &Ctx, status: &mut u32) -> Dec {
        if self.is_finite() {
            let digits = self.digits();
            let adjusted = self.exp + digits - 1;
            // Rounding may make the exponent one greater.
            if adjusted < c.emax && adjusted >= c.emin {
                if digits <= c.prec {
                    if !c.clamp || self.exp <= c.etop() {
                        return self;
                    }
                } else if let Some(x) = self.coef.get() {
                    let cut = (digits - c.prec) as usize;
                    return Dec::short_cut(self.negative, x, self.exp, cut, c, status);
                }
            }
        }
        or_nan(self.finish_slow(c, status), status)
    }

    /// A normal number, rounded by taking off `n` digits.
    #[inline]
    fn short_cut(negative: bool, x: u128, exp: i64, n: usize, c: &Ctx, status: &mut u32) -> Dec {
        let (mut x, cut) = cut_short(x, n);
        let mut exp = exp + n as i64;
        *status |= if cut == Cut::Nothing { signal::ROUNDED } else { signal::ROUNDED | signal::INEXACT };
        if goes_up(c.round, negative, (x % 10) as u8, cut) {
            x += 1;
            // A power of ten: the zero at its end goes.
            if x == WIDE_POWERS[c.prec as usize] {
                (x, exp) = (x / 10, exp + 1);
            }
        }
        Dec::short(negative, x, exp)
    }

    #[inline(never)]
    fn finish_slow(mut self, c: &Ctx, status: &mut u32) -> Res<Dec> {
        match self.kind {
            Kind::Finite => {}
            Kind::Infinite => return Ok(self),
            Kind::Quiet | Kind::Signaling => return self.fix_payload(c),
        }
        if self.coef.is_zero() {
            return Ok(self.finish_zero(c, status));
        }
        let digits = self.digits();
        let adjusted = self.exp + digits - 1;
        if adjusted > c.emax {
            return self.overflow(c, status);
        }
        if c.clamp && self.exp > c.etop() {
            return self.fold_down(c, status);
        }
        let mut cut_off = digits - c.prec;
        if adjusted < c.emin {
            *status |= signal::SUBNORMAL;
            cut_off = cut_off.max(c.etiny() - self.exp);
        }
        if cut_off > 0 {
            let subnormal = adjusted < c.emin;
            let mut own = 0;
            self.coef = rounded(&self.coef, cut_off, c.round, self.negative, &mut own)?;
            self.exp += cut_off;
            *status |= own;
            if subnormal && own & signal::INEXACT != 0 {
                *status |= signal::UNDERFLOW;
                if self.coef.is_zero() {
                    *status |= signal::CLAMPED;
                }
            }
            if self.digits() > c.prec {
                // A power of ten: the zero at its end goes.
                self.coef = rounded(&self.coef, 1, c.round, self.negative, status)?;
                self.exp += 1;
            }
            if self.adjusted() > c.emax {
                return self.overflow(c, status);
            }
        }
        Ok(self)
    }

    fn finish_zero(mut self, c: &Ctx, status: &mut u32) -> Dec {
        let top = if c.clamp { c.etop() } else { c.emax };
        let exp = self.exp.clamp(c.etiny(), top.max(c.etiny()));
        if exp != self.exp {
            *status |= signal::CLAMPED;
            self.exp = exp;
        }
        self
    }

    /// Zeros are added at the end so that the exponent is no more than it may be.
    fn fold_down(mut self, c: &Ctx, status: &mut u32) -> Res<Dec> {
        *status |= signal::CLAMPED;
        if self.adjusted() < c.emin {
            *status |= signal::SUBNORMAL;
        }
        self.coef = Coef::from_limbs(self.shifted(self.exp - c.etop())?);
        self.exp = c.etop();
        Ok(self)
    }

    fn overflow(self, c: &Ctx, status: &mut u32) -> Res<Dec> {
        *status |= signal::OVERFLOW | signal::INEXACT | signal::ROUNDED;
        let to_infinity = match c.round {
            Round::Down | Round::ZeroFiveUp => false,
            Round::Ceiling => !self.negative,
            Round::Floor => self.negative,
            _ => true,
        };
        if to_infinity {
            return Ok(Dec::infinity(self.negative));
        }
        Ok(Dec::new(self.negative, nines(c.prec)?, c.etop()))
    }

    /// The payload of a NaN loses upper digits that are too many.
    fn fix_payload(mut self, c: &Ctx) -> Res<Dec> {
        let most = c.prec - c.clamp as i64;
        if self.digits() > most {
            let mut a = self.coef.to_vec()?;
            limbs::low_digits(&mut a, usize::try_from(most).unwrap_or(0));
            self.coef = Coef::from_limbs(a);
        }
        Ok(self)
    }

    /// The number with exponent `exp`, rounded. Signals `ROUNDED` and `INEXACT`.
    #[inline]
    pub fn rescaled(&self, exp: i64, round: Round, status: &mut u32) -> Res<Dec> {
        if self.coef.is_zero() {
            return Ok(Dec::zero(self.negative, exp));
        }
        if self.exp >= exp {
            let coef = match (self.coef.get(), self.exp - exp) {
                (_, 0) => self.coef.clone(),
                (Some(x), n) if n + self.digits() <= SHORT as i64 => Coef::short(x * WIDE_POWERS[n as usize]),
                (_, n) => Coef::from_limbs(self.shifted(n)?),
            };
            return Ok(Dec::new(self.negative, coef, exp));
        }
        let coef = rounded(&self.coef, exp - self.exp, round, self.negative, status)?;
        Ok(Dec::new(self.negative, coef, exp))
    }
}
