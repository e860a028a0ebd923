//! Sums, products, quotients and remainders.

use super::ctx::{Ctx, Round, signal};
use super::dec::{Coef, Dec, Kind, SHORT, or_nan};
use super::div::{div_rem, sqrt};
use super::limbs::{self, Res, WIDE_POWERS};
use super::mul::{columns, mul as mul_limbs};
use std::cmp::Ordering;

/// The NaN that an operation with these operands gives, if one is.
#[cold]
fn nan_of(operands: &[&Dec], c: &Ctx, status: &mut u32) -> Option<Dec> {
    let signaling = operands.iter().find(|d| d.is_snan());
    if signaling.is_some() {
        *status |= signal::INVALID_OPERATION;
    }
    let found = signaling.or_else(|| operands.iter().find(|d| d.is_nan()))?;
    let quiet = Dec { kind: Kind::Quiet, ..(*found).clone() };
    Some(quiet.finish(c, status))
}

/// As [`nan_of`], quick where no operand is special.
#[inline(always)]
pub fn check_nans(operands: &[&Dec], c: &Ctx, status: &mut u32) -> Option<Dec> {
    match operands.iter().any(|d| d.is_nan()) {
        true => nan_of(operands, c, status),
        false => None,
    }
}

/// A magnitude of a sum or a product that two words hold, but perhaps not a short one.
#[inline]
fn wide(x: u128) -> Coef {
    if x < WIDE_POWERS[SHORT] {
        return Coef::short(x);
    }
    let (limbs, n) = limbs::split(x);
    Coef::from_limbs(limbs[..n].to_vec())
}

/// `a + b`.
#[inline]
pub fn add(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    add_signed(a, b, b.negative, c, status)
}

/// `a - b`.
#[inline]
pub fn sub(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    // A NaN keeps its sign.
    add_signed(a, b, !b.negative, c, status)
}

#[inline]
fn add_signed(a: &Dec, b: &Dec, b_negative: bool, c: &Ctx, status: &mut u32) -> Dec {
    if let (Some(x), Some(y)) = (a.coef.get(), b.coef.get())
        && a.is_finite()
        && b.is_finite()
        && (a.exp == b.exp || x != 0 && y != 0)
        && let Some((x, y, exp)) = aligned(x, y, a.exp, b.exp)
    {
        let (coef, negative) = if a.negative == b_negative {
            (wide(x + y), a.negative)
        } else if x > y {
            (Coef::short(x - y), a.negative)
        } else if x < y {
            (Coef::short(y - x), b_negative)
        } else {
            (Coef::short(0), c.round == Round::Floor)
        };
        return Dec::new(negative, coef, exp).finish(c, status);
    }
    add_slow(a, b, b_negative, c, status)
}

/// Two short magnitudes with the lower one of their exponents, if they still are short.
#[inline]
fn aligned(x: u128, y: u128, x_exp: i64, y_exp: i64) -> Option<(u128, u128, i64)> {
    let up = |x: u128, by: i64| {
        (limbs::digits_u128(x) as i64 + by <= SHORT as i64).then(|| x * WIDE_POWERS[by as usize])
    };
    match x_exp.cmp(&y_exp) {
        Ordering::Equal => Some((x, y, x_exp)),
        Ordering::Greater => Some((up(x, x_exp - y_exp)?, y, y_exp)),
        Ordering::Less => Some((x, up(y, y_exp - x_exp)?, x_exp)),
    }
}

#[inline(never)]
fn add_slow(a: &Dec, b: &Dec, b_negative: bool, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) if a.negative != b_negative => return Dec::failed(status, signal::INVALID_OPERATION),
        (true, _) => return Dec::infinity(a.negative),
        (_, true) => return Dec::infinity(b_negative),
        _ => {}
    }
    let result = add_long(a, b, b_negative, c);
    or_nan(result, status).finish(c, status)
}

/// The sum of finite numbers, exact but for what rounding to the context cannot tell.
fn add_long(a: &Dec, b: &Dec, b_negative: bool, c: &Ctx) -> Res<Dec> {
    let exp = a.exp.min(b.exp);
    match (a.coef.is_zero(), b.coef.is_zero()) {
        (true, true) => {
            let floor = c.round == Round::Floor;
            let negative = if a.negative == b_negative { a.negative } else { floor };
            return Ok(Dec::zero(negative, exp));
        }
        (true, false) => return widened(b, exp, c).map(|d| d.with_sign(b_negative)),
        (false, true) => return widened(a, exp, c),
        _ => {}
    }
    let (mut big, mut small) = ((a, a.negative), (b, b_negative));
    if big.0.exp < small.0.exp {
        (big, small) = (small, big);
    }
    // Far below the last digit that counts, any digits do.
    let speck;
    let far = big.0.exp + (big.0.digits() - c.prec - 2).min(-1);
    if small.0.adjusted() < far {
        speck = Dec::short(small.1, 1, far);
        small.0 = &speck;
    }
    let exp = small.0.exp;
    let x = big.0.shifted(big.0.exp - exp)?;
    let y = small.0.coef.limbs();
    if big.1 == small.1 {
        return Ok(Dec::from_limbs(big.1, limbs::add(&x, &y)?, exp));
    }
    Ok(match limbs::compare(&x, &y) {
        Ordering::Equal => Dec::zero(c.round == Round::Floor, exp),
        Ordering::Greater => Dec::from_limbs(big.1, limbs::sub(&x, &y)?, exp),
        Ordering::Less => Dec::from_limbs(small.1, limbs::sub(&y, &x)?, exp),
    })
}

/// A number with zeros at its end, down to the exponent; if that is more than there is room for, rounding notices.
fn widened(d: &Dec, exp: i64, c: &Ctx) -> Res<Dec> {
    d.rescaled(exp.max(d.exp - c.prec - 1), Round::Down, &mut 0)
}

/// The product of magnitudes.
#[inline]
fn product(a: &Coef, b: &Coef) -> Res<Coef> {
    if let (Some(x), Some(y)) = (a.get(), b.get()) {
        if (x | y) >> 64 == 0 {
            return Ok(wide(x as u64 as u128 * y as u64 as u128));
        }
        if let Some(product) = x.checked_mul(y) {
            return Ok(wide(product));
        }
    }
    let (x, y) = (a.limbs(), b.limbs());
    match std::ptr::eq(a, b) {
        true => Ok(Coef::from_limbs(mul_limbs(&x, &x)?)),
        false => Ok(Coef::from_limbs(mul_limbs(&x, &y)?)),
    }
}

/// `a * b`.
#[inline]
pub fn mul(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if a.is_special() || b.is_special() {
        return mul_special(a, b, c, status);
    }
    let (negative, exp) = (a.negative != b.negative, a.exp + b.exp);
    if let (Some(x), Some(y)) = (a.coef.get(), b.coef.get())
        && c.prec <= SHORT as i64
        && (x | y) >> 64 != 0
        && let Some((coef, cut)) = product_cut(x, y, c.prec)
    {
        // One digit more than the precision, the last one sticky.
        return Dec::short(negative, coef, exp + cut).finish(c, status);
    }
    or_nan(product(&a.coef, &b.coef).map(|coef| Dec::new(negative, coef, exp)), status).finish(c, status)
}

/// The product of short magnitudes that is no short one, cut to somewhat more digits than the precision, with a last digit that
/// tells what rounding must know; and how many digits are cut off.
#[inline(never)]
fn product_cut(x: u128, y: u128, prec: i64) -> Option<(u128, i64)> {
    if x.checked_mul(y).is_some() {
        return None;
    }
    let ((x, n), (y, m)) = (limbs::split(x), limbs::split(y));
    let mut out = [0; 4];
    columns(&mut out[..n + m], &x[..n], &y[..m]);
    let all = limbs::trim(&out[..n + m]);
    let cut = limbs::digits(all) as i64 - (prec + 1);
    if cut <= 0 || prec + 1 > SHORT as i64 {
        return None;
    }
    let (limb, rest) = (cut as usize / limbs::LIMB, cut as usize % limbs::LIMB);
    let unit = limbs::POWERS[rest];
    // What is left is at most 38 digits: parts of three limbs at most.
    let mut high = 0u128;
    for &part in all[limb + 1..].iter().rev() {
        high = high * limbs::BASE as u128 + part as u128;
    }
    let low = all[limb];
    let coef = high * WIDE_POWERS[limbs::LIMB - rest] + (low / unit) as u128;
    let lost = !low.is_multiple_of(unit) || limbs::any(&all[..limb]);
    let sticky = lost && coef.is_multiple_of(5);
    Some((coef + sticky as u128, cut))
}

#[cold]
fn mul_special(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    if a.is_zero() || b.is_zero() {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    Dec::infinity(a.negative != b.negative)
}

/// `a * b + d`, rounded once.
pub fn fma(a: &Dec, b: &Dec, d: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if a.is_special() || b.is_special() {
        let mut own = 0;
        let product = mul_special(a, b, c, &mut own);
        *status |= own;
        return if own != 0 { product } else { add(&product, d, c, status) };
    }
    let product = match product(&a.coef, &b.coef) {
        Ok(coef) => Dec::new(a.negative != b.negative, coef, a.exp + b.exp),
        Err(_) => return Dec::failed(status, signal::MALLOC_ERROR),
    };
    add(&product, d, c, status)
}

/// `x` without up to `most` zeros at its end; how many.
#[inline]
fn strip(mut x: u128, most: i64) -> (u128, i64) {
    let mut stripped = 0;
    for n in [16, 8, 4, 2, 1, 1] {
        while stripped + n <= most && x != 0 {
            let unit = limbs::POWERS[n as usize] as u128;
            let quotient = if x >> 64 == 0 { (x as u64 / unit as u64) as u128 } else { x / unit };
            if quotient * unit != x {
                break;
            }
            (x, stripped) = (quotient, stripped + n);
        }
    }
    (x, stripped)
}

/// The coefficient without up to `most` zeros at its end.
fn strip_zeros(coef: &Coef, most: i64) -> Res<(Coef, i64)> {
    if let Some(x) = coef.get() {
        let (x, n) = strip(x, most);
        return Ok((Coef::short(x), n));
    }
    let mut a = coef.to_vec()?;
    let n = (limbs::trailing_zeros(&a) as i64).min(most.max(0));
    limbs::shift_right(&mut a, n as usize);
    Ok((Coef::from_limbs(a), n))
}

/// `a / b`.
pub fn div(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if a.is_special() || b.is_special() {
        return div_special(a, b, c, status);
    }
    let negative = a.negative != b.negative;
    if b.coef.is_zero() {
        if a.coef.is_zero() {
            return Dec::failed(status, signal::DIVISION_UNDEFINED);
        }
        *status |= signal::DIVISION_BY_ZERO;
        return Dec::infinity(negative);
    }
    if a.coef.is_zero() {
        return Dec::zero(negative, a.exp - b.exp).finish(c, status);
    }
    let quotient = match c.prec > HUGE {
        true => huge_quotient(a, b, c.prec),
        false => quotient(a, b, c.prec).map(|(d, _)| d),
    };
    or_nan(quotient.map(|d| d.with_sign(negative)), status).finish(c, status)
}

/// From which precision on a result of that many digits is only computed if there is no shorter, exact one.
const HUGE: i64 = 10_000_000;

/// The quotient to a precision that there may be no memory for: an exact one has few digits.
fn huge_quotient(a: &Dec, b: &Dec, prec: i64) -> Res<Dec> {
    // 1 / b has the most digits if b is a power of two: not four times as many as b.
    let enough = a.digits() + 4 * b.digits();
    if enough < prec
        && let (exact, true) = quotient(a, b, enough)?
    {
        return Ok(exact);
    }
    quotient(a, b, prec).map(|(d, _)| d)
}

/// The quotient of the magnitudes, to one digit more than the precision at least, the last one sticky; and whether it is exact.
fn quotient(a: &Dec, b: &Dec, prec: i64) -> Res<(Dec, bool)> {
    let ideal = a.exp - b.exp;
    let (a_digits, b_digits) = (a.digits(), b.digits());
    let shift = b_digits - a_digits + prec + 1;
    let exp = ideal - shift;
    if let (Some(x), Some(y)) = (a.coef.get(), b.coef.get())
        && shift >= 0
        && a_digits + shift <= SHORT as i64
    {
        let x = x * WIDE_POWERS[shift as usize];
        let quotient = x / y;
        if quotient * y == x {
            let (coef, n) = strip(quotient, shift);
            return Ok((Dec::short(false, coef, exp + n), true));
        }
        return Ok((Dec::short(false, quotient + quotient.is_multiple_of(5) as u128, exp), false));
    }
    let (mut quotient, rest) = match shift >= 0 {
        true => div_rem(&a.shifted(shift)?, &b.coef.limbs())?,
        false => div_rem(&a.coef.limbs(), &b.shifted(-shift)?)?,
    };
    if limbs::any(&rest) {
        if quotient.first().is_none_or(|low| low % 5 == 0) && limbs::increment(&mut quotient) {
            quotient.push(1);
        }
        return Ok((Dec::from_limbs(false, quotient, exp), false));
    }
    let (coef, n) = strip_zeros(&Coef::from_limbs(quotient), shift)?;
    Ok((Dec::new(false, coef, exp + n), true))
}

#[cold]
fn div_special(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    let negative = a.negative != b.negative;
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) => Dec::failed(status, signal::INVALID_OPERATION),
        (true, false) => Dec::infinity(negative),
        _ => {
            *status |= signal::CLAMPED;
            Dec::zero(negative, c.etiny())
        }
    }
}

/// Quotient and remainder of finite numbers, `b` not 0; `None` if the quotient has more digits than the precision.
fn whole(a: &Dec, b: &Dec, prec: i64) -> Res<Option<(Dec, Dec)>> {
    let negative = a.negative != b.negative;
    let ideal = a.exp.min(b.exp);
    let difference = if a.coef.is_zero() { i64::MIN } else { a.adjusted() - b.adjusted() };
    if difference <= -2 {
        let exp = if a.coef.is_zero() { ideal } else { ideal.max(a.exp - prec - 1) };
        let rest = a.rescaled(exp, Round::Down, &mut 0)?;
        return Ok(Some((Dec::zero(negative, 0), rest)));
    }
    if difference > prec {
        return Ok(None);
    }
    if let (Some(x), Some(y)) = (a.coef.get(), b.coef.get())
        && let Some((x, y, exp)) = aligned(x, y, a.exp, b.exp)
    {
        let quotient = x / y;
        let rest = Dec::short(a.negative, x - quotient * y, exp);
        let fits = limbs::digits_u128(quotient) as i64 <= prec;
        return Ok(fits.then(|| (Dec::short(negative, quotient, 0), rest)));
    }
    let (x, y) = (a.shifted(a.exp - ideal)?, b.shifted(b.exp - ideal)?);
    let (quotient, rest) = div_rem(&x, &y)?;
    if limbs::digits(&quotient) as i64 > prec {
        return Ok(None);
    }
    Ok(Some((Dec::from_limbs(negative, quotient, 0), Dec::from_limbs(a.negative, rest, ideal))))
}

/// [`whole`] with the signals of what has no quotient.
fn whole_or_nan(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> (Dec, Dec) {
    match whole(a, b, c.prec) {
        Ok(Some(both)) => both,
        Ok(None) => (Dec::failed(status, signal::DIVISION_IMPOSSIBLE), Dec::nan()),
        Err(_) => (Dec::failed(status, signal::MALLOC_ERROR), Dec::nan()),
    }
}

/// `a // b`, towards zero.
pub fn div_int(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    let negative = a.negative != b.negative;
    if a.is_infinite() {
        return match b.is_infinite() {
            true => Dec::failed(status, signal::INVALID_OPERATION),
            false => Dec::infinity(negative),
        };
    }
    if b.is_infinite() {
        return Dec::zero(negative, 0);
    }
    if b.is_zero() {
        if a.is_zero() {
            return Dec::failed(status, signal::DIVISION_UNDEFINED);
        }
        *status |= signal::DIVISION_BY_ZERO;
        return Dec::infinity(negative);
    }
    whole_or_nan(a, b, c, status).0.finish(c, status)
}

/// `a % b`, with the sign of `a`.
pub fn rem(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    if a.is_infinite() {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    if b.is_infinite() {
        return a.clone().finish(c, status);
    }
    if b.is_zero() {
        let why = if a.is_zero() { signal::DIVISION_UNDEFINED } else { signal::INVALID_OPERATION };
        return Dec::failed(status, why);
    }
    whole_or_nan(a, b, c, status).1.finish(c, status)
}

/// `divmod(a, b)`.
pub fn div_mod(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> (Dec, Dec) {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return (nan.clone(), nan);
    }
    let negative = a.negative != b.negative;
    if a.is_infinite() {
        let rest = Dec::failed(status, signal::INVALID_OPERATION);
        return if b.is_infinite() { (rest.clone(), rest) } else { (Dec::infinity(negative), rest) };
    }
    if b.is_infinite() {
        let rest = a.clone().finish(c, status);
        return (Dec::zero(negative, 0), rest);
    }
    if b.is_zero() {
        if a.is_zero() {
            let undefined = Dec::failed(status, signal::DIVISION_UNDEFINED);
            return (undefined.clone(), undefined);
        }
        *status |= signal::DIVISION_BY_ZERO | signal::INVALID_OPERATION;
        return (Dec::infinity(negative), Dec::nan());
    }
    let (quotient, rest) = whole_or_nan(a, b, c, status);
    (quotient.finish(c, status), rest.finish(c, status))
}

/// The remainder of the division whose quotient is rounded to the nearest integer.
pub fn rem_near(a: &Dec, b: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a, b], c, status) {
        return nan;
    }
    if a.is_infinite() {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    if b.is_infinite() {
        return a.clone().finish(c, status);
    }
    if b.is_zero() {
        let why = if a.is_zero() { signal::DIVISION_UNDEFINED } else { signal::INVALID_OPERATION };
        return Dec::failed(status, why);
    }
    match near(a, b, c.prec) {
        Ok(Some(rest)) => rest.finish(c, status),
        Ok(None) => Dec::failed(status, signal::DIVISION_IMPOSSIBLE),
        Err(_) => Dec::failed(status, signal::MALLOC_ERROR),
    }
}

fn near(a: &Dec, b: &Dec, prec: i64) -> Res<Option<Dec>> {
    let Some((quotient, rest)) = whole(a, b, prec)? else { return Ok(None) };
    if a.coef.is_zero() || a.adjusted() - b.adjusted() <= -2 {
        return Ok(Some(rest));
    }
    // The remainder has the lower exponent.
    let divisor = b.shifted(b.exp - rest.exp)?;
    let own = rest.coef.limbs();
    let twice = limbs::add(&own, &own)?;
    let order = limbs::compare(&twice, &divisor);
    if order.is_lt() || order.is_eq() && !quotient.is_odd() {
        return Ok(Some(rest));
    }
    let mut next = quotient.coef.to_vec()?;
    if limbs::increment(&mut next) || next.is_empty() {
        next.push(1);
    }
    if limbs::digits(&next) as i64 > prec {
        return Ok(None);
    }
    Ok(Some(Dec::from_limbs(!a.negative, limbs::sub(&divisor, &own)?, rest.exp)))
}

/// `+a`.
pub fn plus(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a], c, status) {
        return nan;
    }
    let negative = a.negative && (!a.is_zero() || c.round == Round::Floor);
    a.clone().with_sign(negative).finish(c, status)
}

/// `-a`.
pub fn minus(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a], c, status) {
        return nan;
    }
    let negative = !a.negative && (!a.is_zero() || c.round == Round::Floor);
    a.clone().with_sign(negative).finish(c, status)
}

/// `abs(a)`.
pub fn abs(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if a.negative { minus(a, c, status) } else { plus(a, c, status) }
}

/// The number without zeros at its end.
pub fn reduce(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a], c, status) {
        return nan;
    }
    let rounded = a.clone().finish(c, status);
    if !rounded.is_finite() {
        return rounded;
    }
    if rounded.is_zero() {
        return Dec::zero(rounded.negative, 0);
    }
    let most = if c.clamp { c.etop() } else { c.emax };
    let stripped = strip_zeros(&rounded.coef, most - rounded.exp);
    let result = stripped.map(|(coef, n)| Dec::new(rounded.negative, coef, rounded.exp + n));
    or_nan(result, status).finish(c, status)
}

/// The square root, rounded half to even.
pub fn square_root(a: &Dec, c: &Ctx, status: &mut u32) -> Dec {
    if let Some(nan) = check_nans(&[a], c, status) {
        return nan;
    }
    // The exponent of a zero, and of an exact root.
    let ideal = a.exp.div_euclid(2);
    if a.is_zero() {
        return Dec::zero(a.negative, ideal).finish(c, status);
    }
    if a.negative {
        return Dec::failed(status, signal::INVALID_OPERATION);
    }
    if a.is_infinite() {
        return Dec::infinity(false);
    }
    let c = Ctx { round: Round::HalfEven, ..*c };
    // As for quotients: an exact root has no more digits than its square.
    let enough = a.digits() + 1;
    let exact =
        if c.prec > HUGE && enough < c.prec { root(a, ideal, enough) } else { Ok((Dec::one(), false)) };
    let result = match exact {
        Ok((exact, true)) => Ok(exact),
        _ => root(a, ideal, c.prec).map(|(d, _)| d),
    };
    or_nan(result, status).finish(&c, status)
}

/// The root to one digit more than the precision at least, the last one sticky; and whether it is exact.
fn root(a: &Dec, ideal: i64, prec: i64) -> Res<(Dec, bool)> {
    let odd = a.exp.rem_euclid(2);
    // Digits of the integer part of the root without a shift.
    let length = (a.digits() + odd + 1) / 2;
    let shift = prec + 1 - length;
    let (radicand, mut inexact) = if shift >= 0 {
        (a.shifted(2 * shift + odd)?, false)
    } else {
        let mut radicand = a.shifted(odd)?;
        let cut = limbs::shift_right(&mut radicand, (-2 * shift) as usize);
        (radicand, cut != limbs::Cut::Nothing)
    };
    let (mut root, more) = sqrt(&radicand)?;
    inexact |= more;
    let exp = ideal - shift;
    if inexact {
        if root.first().is_some_and(|low| low % 5 == 0) && limbs::increment(&mut root) {
            root.push(1);
        }
        return Ok((Dec::from_limbs(false, root, exp), false));
    }
    let (coef, n) = strip_zeros(&Coef::from_limbs(root), shift)?;
    Ok((Dec::new(false, coef, exp + n), true))
}
