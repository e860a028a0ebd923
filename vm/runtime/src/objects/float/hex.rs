//! `float.hex` and `float.fromhex`: floats in hexadecimal notation, exactly.

use crate::objects::int::text::trim;

/// `x.hex()`.
pub fn show(x: f64) -> String {
    if !x.is_finite() {
        return super::text::repr(x);
    }
    let sign = if x.is_sign_negative() { "-" } else { "" };
    if x == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let bits = x.abs().to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let (lead, exponent) = match bits >> 52 {
        0 => (0, -1022),
        e => (1, e as i64 - 1023),
    };
    format!("{sign}0x{lead}.{mantissa:013x}p{exponent:+}")
}

/// Why a text is no hexadecimal float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Invalid,
    TooLarge,
}

/// Reads hexadecimal notation; rounds half to even.
///
/// # Errors
/// [`Unreadable`].
pub fn parse(text: &[u8]) -> Result<f64, Unreadable> {
    let text = trim(text);
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let magnitude = match rest.to_ascii_lowercase().as_slice() {
        b"inf" | b"infinity" => f64::INFINITY,
        b"nan" => f64::NAN,
        lower => finite(lower.strip_prefix(b"0x").unwrap_or(lower))?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

/// Digits, perhaps with a point, perhaps with an exponent of two.
fn finite(text: &[u8]) -> Result<f64, Unreadable> {
    let (digits, exponent) = match text.iter().position(|&b| b == b'p') {
        Some(i) => (&text[..i], read_exponent(&text[i + 1..])?),
        None => (text, 0),
    };
    // The first 64 significant bits; what follows only says whether there is more.
    let (mut mantissa, mut more, mut power) = (0u64, false, 0i64);
    let (mut behind_point, mut any) = (false, false);
    for &b in digits {
        if b == b'.' && !behind_point {
            behind_point = true;
            continue;
        }
        let Some(digit) = (b as char).to_digit(16) else { return Err(Unreadable::Invalid) };
        any = true;
        match mantissa >> 60 {
            0 => mantissa = mantissa << 4 | digit as u64,
            _ => {
                more |= digit != 0;
                power += 4;
            }
        }
        power -= 4 * behind_point as i64;
    }
    if !any {
        return Err(Unreadable::Invalid);
    }
    compose(mantissa, more, power.saturating_add(exponent)).ok_or(Unreadable::TooLarge)
}

fn read_exponent(text: &[u8]) -> Result<i64, Unreadable> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Unreadable::Invalid);
    }
    // Beyond this no number of digits makes a difference.
    const FAR: i64 = i64::MAX / 4;
    let value =
        digits.iter().fold(0i64, |v, b| v.saturating_mul(10).saturating_add((b - b'0') as i64).min(FAR));
    Ok(if negative { -value } else { value })
}

/// The float nearest to `(mantissa + more) * 2 ** power`, `more` being less than one; `None` if it is too large.
fn compose(mantissa: u64, more: bool, power: i64) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    let bits = 64 - mantissa.leading_zeros() as i64;
    if bits.saturating_add(power) > 1024 {
        return None;
    }
    if bits.saturating_add(power) < -1074 {
        return Some(0.0);
    }
    let extra = (bits - 53).max(-1074 - power);
    let (kept, power) = match extra {
        ..=0 => (mantissa, power),
        _ => {
            let wide = (mantissa as u128) << 1 | more as u128;
            let (unit, half) = (1u128 << (extra + 1), 1u128 << extra);
            let rest = wide & (unit - 1);
            let kept = wide >> (extra + 1);
            let up = rest > half || (rest == half && kept & 1 != 0);
            ((kept + up as u128) as u64, power + extra)
        }
    };
    let x = crate::objects::int::num::scale(kept as f64, power);
    x.is_finite().then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_exactly() {
        for (text, x) in [
            ("0x1.8p1", 3.0),
            ("1.8", 1.5),
            (" 0x.8p0 ", 0.5),
            ("0x1.0p-1075", 0.0),
            ("0x1.8p-1075", 5e-324),
            ("0x1p-1074", 5e-324),
            ("0x0.fffffffffffff8p1024", f64::MAX),
            ("0x1.fffffffffffff7p1023", f64::MAX),
            ("0x1.00000000000008p0", 1.0),
            ("0x1.000000000000080000000000001p0", 1.0000000000000002),
            ("0x1.00000000000018p0", 1.0000000000000004),
            ("0x0p99999999999999999999", 0.0),
            ("0x1p-99999999999999999999", 0.0),
            ("-0x1.fffffffffffffp+1023", f64::MIN),
            ("0x1234567890abcdef12345p-80", 0x1234567890abcdef12345u128 as f64 / 2f64.powi(80)),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(x), "{text}");
        }
        for text in ["", "zz", "0x", "0x1p", "1 x", ".", "0x1.2.3"] {
            assert_eq!(parse(text.as_bytes()), Err(Unreadable::Invalid), "{text}");
        }
        for text in ["0x1p1024", "0x1.fffffffffffff8p1023", "0x1p99999999999999999999"] {
            assert_eq!(parse(text.as_bytes()), Err(Unreadable::TooLarge), "{text}");
        }
    }

    #[test]
    fn shows_what_reads_back() {
        for x in [1.5, -0.0, 5e-324, f64::MAX, 0.1, -2.5e-310] {
            assert_eq!(parse(show(x).as_bytes()).map(f64::to_bits), Ok(x.to_bits()));
        }
        assert_eq!(show(1.5), "0x1.8000000000000p+0");
        assert_eq!(show(5e-324), "0x0.0000000000001p-1022");
    }
}
