//! Floats as text and back.
//!
//! The shortest digits that read back, and digits to a precision, are those of Rust's library, which rounds exact values half
//! to even as C does; the notation is Python's. Pure functions. Called by `float`, `complex`, formatting and others.

use crate::objects::int::text::{ascii_digits, trim};
use crate::objects::str::float_text::float_text;

/// How a float is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The shortest text that reads back.
    Repr,
    /// The same, without `.0` for whole numbers.
    ReprWithoutPoint,
    Fixed,
    Exponent,
    General,
    /// As `General`, but a whole number gets `.0`.
    GeneralWithPoint,
}

/// `repr(x)`.
pub fn repr(x: f64) -> String {
    let mut text = String::with_capacity(24);
    if x.is_sign_negative() && !x.is_nan() {
        text.push('-');
    }
    text + &styled(x.abs(), Style::Repr, 0, false)
}

/// A float without its sign. `alternate` keeps the point and, in style `General`, trailing zeros.
pub fn styled(x: f64, style: Style, precision: usize, alternate: bool) -> String {
    if x.is_nan() {
        return "nan".into();
    }
    if x.is_infinite() {
        return "inf".into();
    }
    match style {
        Style::Repr => shortest(x, true, alternate),
        Style::ReprWithoutPoint => shortest(x, false, alternate),
        Style::Fixed => float_text(x, b'f', precision, alternate),
        Style::Exponent => float_text(x, b'e', precision, alternate),
        Style::General => float_text(x, b'g', precision, alternate),
        Style::GeneralWithPoint => general_with_point(x, precision.max(1), alternate),
    }
}

/// Digits and decimal exponent of the shortest text that reads back.
fn shortest_digits(x: f64) -> (String, i32) {
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.to_string(), exponent.parse().unwrap_or(0))
}

/// Of two shortest texts that are equally near to `x`, the one that ends with an even digit, as C chooses.
fn settle_tie(text: String, x: f64) -> String {
    let Some(point) = text.find('.') else { return text };
    let decimals = text.len() - point - 1;
    // Halfway between two texts lie numbers with exactly one more decimal: as many as their fraction has bits.
    let mantissa = x.to_bits() & ((1 << 52) - 1) | 1 << 52;
    let fraction = 1075 - (x.to_bits() >> 52) as i64 - i64::from(mantissa.trailing_zeros());
    let is_odd = text.as_bytes().last().is_some_and(|digit| digit & 1 != 0);
    if !is_odd || fraction != decimals as i64 + 1 {
        return text;
    }
    let even = float_text(x, b'f', decimals, false);
    if even.parse() == Ok(x) { even } else { text }
}

fn shortest(x: f64, point: bool, alternate: bool) -> String {
    // The notation changes where CPython's does: from 1e16 on, and below 1e-4.
    if x == 0.0 || (1e-4..1e16).contains(&x) {
        let mut text = settle_tie(format!("{x}"), x);
        if !text.contains('.') {
            match (point, alternate) {
                (true, _) => text.push_str(".0"),
                (false, true) => text.push('.'),
                _ => {}
            }
        }
        return text;
    }
    let (mut mantissa, exponent) = shortest_digits(x);
    if alternate && !mantissa.contains('.') {
        mantissa.push('.');
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// `.0` needs room for one more digit, so the exponent comes one power of ten earlier.
fn general_with_point(x: f64, precision: usize, alternate: bool) -> String {
    let text = float_text(x, b'g', precision, alternate);
    if text.contains('e') {
        return text;
    }
    let whole = text.find('.').unwrap_or(text.len());
    if whole >= precision && x >= 1.0 {
        let scientific = float_text(x, b'e', precision - 1, alternate);
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        let mantissa = match mantissa.contains('.') && !alternate {
            true => mantissa.trim_end_matches('0').trim_end_matches('.'),
            false => mantissa,
        };
        return format!("{mantissa}e{exponent}");
    }
    match text.strip_suffix('.') {
        Some(digits) => format!("{digits}.0"),
        None if !text.contains('.') => text + ".0",
        None => text,
    }
}

/// Reads a float as `float(text)` does; `None` if it is none.
pub fn parse(text: &[u8]) -> Option<f64> {
    let converted;
    let text = match text.is_ascii() {
        true => text,
        false => {
            converted = ascii_digits(text);
            &converted
        }
    };
    parse_ascii(trim(text))
}

/// Reads a float without white space around it.
pub fn parse_ascii(text: &[u8]) -> Option<f64> {
    if !text.contains(&b'_') {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let mut plain = String::with_capacity(text.len());
    for (i, &b) in text.iter().enumerate() {
        if b != b'_' {
            plain.push(b as char);
            continue;
        }
        let is_digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
        if !is_digit(i.checked_sub(1)) || !is_digit(Some(i + 1)) {
            return None;
        }
    }
    plain.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_is_pythons() {
        for (x, text) in [
            (1e16, "1e+16"),
            (9999999999999998.0, "9999999999999998.0"),
            (1e22, "1e+22"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e300, "1.5e+300"),
            (-0.0, "-0.0"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "nan"),
            (100.0, "100.0"),
            (948_065.0 / 65_536.0, "14.466323852539062"),
        ] {
            assert_eq!(repr(x), text);
        }
        for (x, precision, text) in [
            (100.0, 3, "1e+02"),
            (99.95, 3, "1e+02"),
            (10.0, 3, "10.0"),
            (0.0, 3, "0.0"),
            (0.0001, 3, "0.0001"),
            (0.5, 1, "0.5"),
            (5.0, 1, "5e+00"),
        ] {
            assert_eq!(styled(x, Style::GeneralWithPoint, precision, false), text);
        }
    }

    #[test]
    fn reads_what_python_reads() {
        for (text, x) in [
            (" 1e5 ", 1e5),
            ("-INF", f64::NEG_INFINITY),
            ("1_0.0_1e1_0", 100100000000.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("\u{661}.5", 1.5),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(x), "{text}");
        }
        for text in ["", "1e", "nan(1)", "1__0", "_1", "1_", "0x1p3", ".", "1\0", "1_.0", "e5", "+-1"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
