//! Floats as text in C's styles `e`, `f` and `g`, for `%` formatting. Without a sign, which is the caller's.
//!
//! The digits are those of Rust's formatting, which rounds the exact value to the nearest, ties to even, as C does.

/// More digits than any float has behind its point; what is asked for beyond is zeros.
const MOST_DIGITS: usize = 1100;

/// `|x|` in style `e`, `f` or `g` (in upper case for capital letters). `alternate` keeps the point and trailing zeros.
pub(crate) fn float_text(x: f64, style: u8, precision: usize, alternate: bool) -> String {
    let text = match (x.is_finite(), style.to_ascii_lowercase()) {
        (false, _) if x.is_nan() => "nan".to_string(),
        (false, _) => "inf".to_string(),
        (true, b'f') => fixed(x.abs(), precision, alternate),
        (true, b'e') => scientific(x.abs(), precision, alternate),
        (true, _) => general(x.abs(), precision, alternate),
    };
    if style.is_ascii_uppercase() { text.to_ascii_uppercase() } else { text }
}

/// The most digits behind the point for which [`scaled`] can tell.
const FEW_DIGITS: usize = 15;

/// `x * 10**precision` for `x` not negative, as the nearest integer, ties to even: exactly, from the binary fraction. `None`
/// where that takes more than a few words.
pub(crate) fn scaled(x: f64, precision: usize) -> Option<u128> {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i32;
    // From 2**-64 up to what has no fraction.
    if precision > FEW_DIGITS {
        return None;
    }
    if !(1023 - 64..1075).contains(&exponent) {
        return (x == 0.0).then_some(0);
    }
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let whole = u128::from(mantissa) * 10u128.pow(precision as u32);
    let shift = (1075 - exponent) as u32;
    let (quotient, rest, half) = (whole >> shift, whole & ((1 << shift) - 1), 1u128 << (shift - 1));
    Some(quotient + (rest > half || rest == half && quotient & 1 != 0) as u128)
}

/// As [`fixed`], for the numbers that most programs show.
fn fixed_quickly(x: f64, precision: usize) -> Option<String> {
    let digits = u64::try_from(scaled(x, precision)?).ok()?;
    let unit = 10u64.pow(precision as u32);
    let mut text = String::with_capacity(24);
    push_digits(&mut text, digits / unit, 1);
    if precision > 0 {
        text.push('.');
        push_digits(&mut text, digits % unit, precision);
    }
    Some(text)
}

/// Appends a number with leading zeros up to `least` digits.
fn push_digits(text: &mut String, mut n: u64, least: usize) {
    let mut buffer = [0; 20];
    let mut at = buffer.len();
    while n > 0 || buffer.len() - at < least {
        at -= 1;
        buffer[at] = b'0' + (n % 10) as u8;
        n /= 10;
    }
    text.extend(buffer[at..].iter().map(|&b| b as char));
}

fn fixed(x: f64, precision: usize, alternate: bool) -> String {
    if (precision > 0 || !alternate)
        && let Some(text) = fixed_quickly(x, precision)
    {
        return text;
    }
    let near = precision.min(MOST_DIGITS);
    let mut text = format!("{x:.near$}");
    text.extend(std::iter::repeat_n('0', precision - near));
    if alternate && precision == 0 {
        text.push('.');
    }
    text
}

/// Digits and decimal exponent of `x` with `precision` digits behind the first.
fn digits(x: f64, precision: usize) -> (String, i32) {
    let near = precision.min(MOST_DIGITS);
    let text = format!("{x:.near$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut mantissa = mantissa.to_string();
    mantissa.extend(std::iter::repeat_n('0', precision - near));
    (mantissa, exponent.parse().unwrap_or(0))
}

fn with_exponent(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

fn scientific(x: f64, precision: usize, alternate: bool) -> String {
    let (mut mantissa, exponent) = digits(x, precision);
    if alternate && precision == 0 {
        mantissa.push('.');
    }
    with_exponent(&mantissa, exponent)
}

fn general(x: f64, precision: usize, alternate: bool) -> String {
    let precision = precision.max(1);
    let (mantissa, exponent) = digits(x, precision - 1);
    let trim = |text: String| match text.contains('.') && !alternate {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false if alternate && !text.contains('.') => text + ".",
        false => text,
    };
    if exponent < -4 || exponent as i64 >= precision as i64 {
        return with_exponent(&trim(mantissa), exponent);
    }
    trim(fixed(x, (precision as i64 - 1 - exponent as i64) as usize, false))
}

#[cfg(test)]
mod tests {
    use super::float_text;

    #[test]
    fn quick_digits_are_those_of_the_exact_value() {
        let mut bits = 1u64;
        for i in 0..200_000 {
            // A linear congruential generator; exponents around those that take the quick way.
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let exponent = 950 + (bits >> 33) % 130;
            let x = f64::from_bits(
                exponent << 52 | bits & ((1 << 52) - 1) & !(u64::from(i % 3 == 0) * 0xffff_ffff_ffff),
            );
            let precision = (bits >> 20) as usize % 17;
            assert_eq!(float_text(x, b'f', precision, false), format!("{x:.precision$}"), "{x:e}");
        }
        assert_eq!(float_text(0.0, b'f', 3, false), "0.000");
        assert_eq!(float_text(0.0, b'f', 16, false).len(), 18);
        assert_eq!(float_text(0.0, b'f', 300, false).len(), 302);
    }

    #[test]
    fn styles_agree_with_c() {
        let cases = [
            (12345.678, b'e', 6, false, "1.234568e+04"),
            (1e100, b'G', 6, false, "1E+100"),
            (1e-5, b'g', 6, false, "1e-05"),
            (0.0001, b'g', 6, false, "0.0001"),
            (1.0, b'g', 6, true, "1.00000"),
            (100000.0, b'g', 6, true, "100000."),
            (1e6, b'g', 6, false, "1e+06"),
            (1.0, b'f', 0, true, "1."),
            (2.5, b'f', 0, false, "2"),
            (0.125, b'f', 2, false, "0.12"),
            (0.0, b'e', 2, false, "0.00e+00"),
            (0.0, b'g', 6, false, "0"),
            (f64::INFINITY, b'F', 6, false, "INF"),
        ];
        for (x, style, precision, alternate, expected) in cases {
            assert_eq!(float_text(x, style, precision, alternate), expected);
        }
        assert_eq!(float_text(1.0, b'f', 70_000, false).len(), 70_002);
    }
}
