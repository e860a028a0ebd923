//! Numbers from text and to text.

use super::ctx::{Ctx, MAX_EMAX, MAX_PREC, MIN_ETINY, signal};
use super::dec::{Coef, Dec, Kind};
use super::limbs;

/// The digits of a coefficient.
pub fn digits_text(coef: &Coef) -> Vec<u8> {
    let mut out = Vec::new();
    match coef.get() {
        Some(x) if x >> 64 == 0 => limbs::push_word(x as u64, limbs::digits_u64(x as u64), &mut out),
        _ => limbs::push_text(&coef.limbs(), &mut out),
    }
    out
}

/// What `str()` shows, or the notation whose exponents are multiples of three. `capitals`: `E`, not `e`.
pub fn to_text(d: &Dec, engineering: bool, capitals: bool) -> String {
    let mut out = Vec::with_capacity(48);
    if d.negative {
        out.push(b'-');
    }
    match d.kind {
        Kind::Finite => finite_text(d, engineering, capitals, &mut out),
        Kind::Infinite => out.extend(b"Infinity"),
        Kind::Quiet | Kind::Signaling => {
            out.extend_from_slice(if d.is_snan() { b"sNaN" } else { b"NaN" });
            if !d.coef.is_zero() {
                out.extend(digits_text(&d.coef));
            }
        }
    }
    // All that is written is ASCII.
    String::from_utf8(out).unwrap_or_default()
}

/// A number of one word without an exponent, at the end of the buffer: where it begins. `None` for any other number.
pub fn plain_text(d: &Dec, buffer: &mut [u8; 48]) -> Option<usize> {
    let Coef::Short([mut x, 0]) = d.coef else { return None };
    if d.kind != Kind::Finite || d.exp > 0 || d.exp < -19 {
        return None;
    }
    let places = d.exp.unsigned_abs() as usize;
    // With more zeros behind the point than five there is an exponent.
    if limbs::digits_u64(x) + 6 <= places {
        return None;
    }
    let mut at = buffer.len();
    let mut digits = 0;
    while x != 0 || digits <= places {
        if digits == places && places > 0 {
            at -= 1;
            buffer[at] = b'.';
        }
        at -= 1;
        buffer[at] = b'0' + (x % 10) as u8;
        x /= 10;
        digits += 1;
    }
    if d.negative {
        at -= 1;
        buffer[at] = b'-';
    }
    Some(at)
}

fn finite_text(d: &Dec, engineering: bool, capitals: bool, out: &mut Vec<u8>) {
    let start = out.len();
    match d.coef.get() {
        Some(x) if x >> 64 == 0 => limbs::push_word(x as u64, limbs::digits_u64(x as u64), out),
        _ => limbs::push_text(&d.coef.limbs(), out),
    }
    let length = (out.len() - start) as i64;
    let left = d.exp + length;
    let point = if d.exp <= 0 && left > -6 {
        left
    } else if !engineering {
        1
    } else if d.coef.is_zero() {
        (left + 1).rem_euclid(3) - 1
    } else {
        (left - 1).rem_euclid(3) + 1
    };
    place_point(out, start, point);
    if left != point {
        out.push(if capitals { b'E' } else { b'e' });
        let exp = left - point;
        out.push(if exp < 0 { b'-' } else { b'+' });
        let exp = exp.unsigned_abs();
        limbs::push_word(exp, limbs::digits_u64(exp), out);
    }
}

/// Puts a point behind so many of the digits from `start` on, with zeros where there are no digits.
pub fn place_point(out: &mut Vec<u8>, start: usize, point: i64) {
    let length = (out.len() - start) as i64;
    if point <= 0 {
        let zeros = point.unsigned_abs() as usize;
        out.splice(start..start, b"0.".iter().copied().chain(std::iter::repeat_n(b'0', zeros)));
    } else if point >= length {
        out.resize(start + point as usize, b'0');
    } else {
        out.insert(start + point as usize, b'.');
    }
}

/// The number that ASCII text writes; signals `CONVERSION_SYNTAX` if it writes none. The context's precision limits the payload of
/// NaNs.
pub fn parse(text: &[u8], c: &Ctx, status: &mut u32) -> Dec {
    match parse_text(text, c) {
        Some(Ok(d)) => d,
        Some(Err(_)) => Dec::failed(status, signal::MALLOC_ERROR),
        None => Dec::failed(status, signal::CONVERSION_SYNTAX),
    }
}

fn parse_text(text: &[u8], c: &Ctx) -> Option<limbs::Res<Dec>> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest.first().is_some_and(|c| c.is_ascii_digit() || *c == b'.') {
        return parse_number(rest, negative);
    }
    let lower = rest.get(..rest.len().min(8))?.to_ascii_lowercase();
    if rest.len() <= 8 && (lower == b"inf" || lower == b"infinity") {
        return Some(Ok(Dec::infinity(negative)));
    }
    let (kind, payload) = match lower.as_slice() {
        [b'n', b'a', b'n', ..] => (Kind::Quiet, &rest[3..]),
        [b's', b'n', b'a', b'n', ..] => (Kind::Signaling, &rest[4..]),
        _ => return None,
    };
    if !payload.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = payload.iter().take_while(|&&c| c == b'0').count();
    let payload = &payload[zeros..];
    if payload.len() as i64 > c.prec - c.clamp as i64 {
        return None;
    }
    Some(limbs::parse(payload).map(|a| Dec { kind, ..Dec::from_limbs(negative, a, 0) }))
}

fn parse_number(text: &[u8], negative: bool) -> Option<limbs::Res<Dec>> {
    let end = text.iter().position(|c| matches!(c, b'e' | b'E')).unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at(end);
    let exp = match exponent {
        [] => 0,
        [_, rest @ ..] => parse_exponent(rest)?,
    };
    let point = mantissa.iter().position(|&c| c == b'.');
    let (whole, fraction) = match point {
        Some(i) => (&mantissa[..i], &mantissa[i + 1..]),
        None => (mantissa, &mantissa[mantissa.len()..]),
    };
    let all_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    // Exponents beyond any range are as good as infinite ones, and stay clear of overflow.
    let exp = exp.saturating_sub(fraction.len() as i64).clamp(-(1 << 62), 1 << 61);
    if whole.len() + fraction.len() <= 38 {
        let value = |x: u128, part: &[u8]| part.iter().fold(x, |x, c| x * 10 + (c - b'0') as u128);
        let coef = if whole.len() + fraction.len() <= 19 {
            let value = |x: u64, part: &[u8]| part.iter().fold(x, |x, c| x * 10 + (c - b'0') as u64);
            value(value(0, whole), fraction) as u128
        } else {
            value(value(0, whole), fraction)
        };
        return Some(Ok(Dec::short(negative, coef, exp)));
    }
    Some(
        match fraction.is_empty() {
            true => limbs::parse(whole),
            false => limbs::parse(&[whole, fraction].concat()),
        }
        .map(|a| Dec::from_limbs(negative, a, exp)),
    )
}

/// An exponent with its sign; huge ones saturate.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let x = digits.iter().fold(0i64, |x, c| x.saturating_mul(10).saturating_add((c - b'0') as i64));
    Some(if negative { -x } else { x })
}

/// A number exactly as it was written: what does not fit the widest context is invalid.
pub fn exact(d: Dec, status: &mut u32) -> Dec {
    if !d.is_finite() {
        return d;
    }
    let fits = match d.coef.is_zero() {
        true => (MIN_ETINY..=MAX_EMAX).contains(&d.exp),
        false => d.digits() <= MAX_PREC && d.exp >= MIN_ETINY && d.adjusted() <= MAX_EMAX,
    };
    if fits { d } else { Dec::failed(status, signal::INVALID_OPERATION) }
}
