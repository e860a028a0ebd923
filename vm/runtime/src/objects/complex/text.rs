//! Complex numbers as text and back. Pure functions.

use super::Parts;
use crate::objects::float::text::{Style, styled};
use crate::objects::int::text::{ascii_digits, trim};

fn part(x: f64) -> String {
    let sign = if x.is_sign_negative() && !x.is_nan() { "-" } else { "" };
    format!("{sign}{}", styled(x.abs(), Style::ReprWithoutPoint, 0, false))
}

/// `repr`: without the real part if that is a positive zero.
pub(super) fn repr((real, imag): Parts) -> String {
    let imag = part(imag);
    if real == 0.0 && real.is_sign_positive() {
        return format!("{imag}j");
    }
    let plus = if imag.starts_with('-') { "" } else { "+" };
    format!("({}{plus}{imag}j)", part(real))
}

/// Reads a complex number as `complex(text)` does.
pub(super) fn parse(text: &[u8]) -> Option<Parts> {
    let converted;
    let text = match text.is_ascii() {
        true => text,
        false => {
            converted = ascii_digits(text);
            &converted
        }
    };
    let plain = without_underscores(text)?;
    let mut text = trim(&plain);
    if let Some(inner) = text.strip_prefix(b"(") {
        text = trim(inner.strip_suffix(b")")?);
    }
    parse_plain(text)
}

/// Underscores may stand between digits.
fn without_underscores(text: &[u8]) -> Option<Vec<u8>> {
    let is_digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
    let misplaced = |i: usize| !is_digit(i.checked_sub(1)) || !is_digit(Some(i + 1));
    if text.iter().enumerate().any(|(i, &b)| b == b'_' && misplaced(i)) {
        return None;
    }
    Some(text.iter().copied().filter(|&b| b != b'_').collect())
}

fn parse_plain(text: &[u8]) -> Option<Parts> {
    let is_unit = |rest: &[u8]| matches!(rest, [b'j' | b'J']);
    let Some((first, used)) = float_prefix(text) else {
        // `j`, `+j`, `-j`
        let (sign, rest) = signed_unit(text);
        return is_unit(rest).then_some((0.0, sign));
    };
    let rest = &text[used..];
    if rest.is_empty() {
        return Some((first, 0.0));
    }
    if is_unit(rest) {
        return Some((0.0, first));
    }
    if !matches!(rest[0], b'+' | b'-') {
        return None;
    }
    match float_prefix(rest) {
        Some((second, used)) => is_unit(&rest[used..]).then_some((first, second)),
        None => {
            let (sign, rest) = signed_unit(rest);
            is_unit(rest).then_some((first, sign))
        }
    }
}

fn signed_unit(text: &[u8]) -> (f64, &[u8]) {
    match text {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] => (1.0, rest),
        _ => (1.0, text),
    }
}

/// A float at the front, and its length.
fn float_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let start = matches!(text.first(), Some(b'+' | b'-')) as usize;
    let lower: Vec<u8> = text[start..].iter().take(8).map(u8::to_ascii_lowercase).collect();
    let word = [&b"infinity"[..], b"inf", b"nan"].into_iter().find(|w| lower.starts_with(w));
    let end = match word {
        Some(word) => start + word.len(),
        None => number_end(text, start)?,
    };
    let x = std::str::from_utf8(&text[..end]).ok()?.parse().ok()?;
    Some((x, end))
}

/// Where a decimal number that begins at `start` ends.
fn number_end(text: &[u8], start: usize) -> Option<usize> {
    let digits = |from: usize| text[from.min(text.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(start);
    let mut end = start + whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = matches!(text.get(end + 1), Some(b'+' | b'-')) as usize;
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_python_reads() {
        for (text, parts) in [
            ("1+2j", (1.0, 2.0)),
            (" ( 1+2J ) ", (1.0, 2.0)),
            ("-j", (0.0, -1.0)),
            ("1e5j", (0.0, 1e5)),
            ("3-j", (3.0, -1.0)),
            ("infj", (0.0, f64::INFINITY)),
            ("1_0+2_0j", (10.0, 20.0)),
            ("1.e2-.5e-1j", (100.0, -0.05)),
            ("-Infinity+1j", (f64::NEG_INFINITY, 1.0)),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(parts), "{text}");
        }
        for text in ["", "x", "1+1", "1+1j+1j", "(1+2j", "1 + 2j", "1e", "()", "1__0", "1jj", "+", "1+2jx"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn shows_signs_of_zeros() {
        assert_eq!(repr((0.0, -0.0)), "-0j");
        assert_eq!(repr((-0.0, 1.0)), "(-0+1j)");
        assert_eq!(repr((f64::NAN, -1.0)), "(nan-1j)");
        assert_eq!(repr((1e22, 0.0)), "(1e+22+0j)");
    }
}
