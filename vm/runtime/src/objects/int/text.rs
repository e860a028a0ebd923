//! Ints as text and back: digits in any base, signs, underscores, and the limit on their number.
//!
//! The limit (`sys.set_int_max_str_digits`) is in the VM; bases that are powers of two are free of it. Called by the
//! constructor, by `repr` and by formatting. No locks.

use super::num::{Int, IntRef};
use crate::objects::str::code_points;
use crate::objects::str::unicode;
use crate::prelude::*;
use num_bigint::{BigInt, BigUint, Sign};
use ungil_locks::primitive::Ordering;

/// Numbers with so many digits are never refused.
const THRESHOLD: usize = 640;
/// How many digits are read at once; longer numbers are read in halves.
const AT_ONCE: usize = 600;

/// Why a text is no int.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Invalid,
    /// More digits than the limit allows.
    TooLong(usize),
}

/// The limit on digits; 0 means none.
pub fn max_digits(cx: &Cx) -> usize {
    // ORD: relaxed; a setting.
    cx.vm.int_max_str_digits.load(Ordering::Relaxed)
}

/// Text with other scripts' digits and spaces as ASCII; anything else that is not ASCII becomes `?`.
pub fn ascii_digits(text: &[u8]) -> Vec<u8> {
    let convert = |c: u32| match c {
        0..0x80 => c as u8,
        _ if unicode::is_space(c) => b' ',
        _ => unicode::decimal_value(c).map_or(b'?', |digit| b'0' + digit as u8),
    };
    code_points::CodePoints::new(text).map(convert).collect()
}

/// The text without the white space around it that Python strips.
pub fn trim(text: &[u8]) -> &[u8] {
    let is_space = |b: &u8| matches!(b, b'\t'..=b'\r' | b' ');
    let start = text.iter().position(|b| !is_space(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !is_space(b)).map_or(start, |i| i + 1);
    &text[start..end]
}

/// A text that is known to be a number: its sign, its base, and its digits as text and as values.
pub struct Digits<'a> {
    pub negative: bool,
    pub radix: u32,
    pub text: &'a [u8],
    values: Vec<u8>,
}

impl Digits<'_> {
    /// How many digits there are, without the underscores between them.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    pub fn to_int(&self) -> Int {
        from_digits(&self.values, self.radix, self.negative)
    }
}

/// Reads an int as `int(text, base)` does: ASCII text, a base of 0 or 2 to 36, `limit` digits at most.
///
/// # Errors
/// [`Unreadable`].
pub fn parse(text: &[u8], base: u32, limit: usize) -> Result<Int, Unreadable> {
    digits(text, base, limit).map(|digits| digits.to_int())
}

/// The digits that [`parse`] makes a number of.
///
/// # Errors
/// [`Unreadable`].
pub fn digits(text: &[u8], base: u32, limit: usize) -> Result<Digits<'_>, Unreadable> {
    let text = trim(text);
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (radix, rest, zeros_only) = split_prefix(rest, base);
    let values = digit_values(rest, radix)?;
    if zeros_only && values.iter().any(|&d| d != 0) {
        return Err(Unreadable::Invalid);
    }
    if !radix.is_power_of_two() && values.len() > THRESHOLD && limit > 0 && values.len() > limit {
        return Err(Unreadable::TooLong(values.len()));
    }
    Ok(Digits { negative, radix, text: rest, values })
}

/// The base that a prefix stands for and what is behind it; whether only zeros may follow (`0012` in base 0).
fn split_prefix(text: &[u8], base: u32) -> (u32, &[u8], bool) {
    let prefix = match text {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 0,
    };
    if prefix != 0 && (base == 0 || base == prefix) {
        let rest = &text[2..];
        // One underscore may follow the prefix.
        return (prefix, rest.strip_prefix(b"_").unwrap_or(rest), false);
    }
    match base {
        0 => (10, text, text.first() == Some(&b'0')),
        _ => (base, text, false),
    }
}

/// The values of the digits; single underscores may stand between them.
fn digit_values(text: &[u8], radix: u32) -> Result<Vec<u8>, Unreadable> {
    let mut digits = Vec::with_capacity(text.len());
    let mut after_digit = false;
    for &b in text {
        if b == b'_' && after_digit {
            after_digit = false;
            continue;
        }
        match (b as char).to_digit(radix) {
            Some(digit) => digits.push(digit as u8),
            None => return Err(Unreadable::Invalid),
        }
        after_digit = true;
    }
    if after_digit { Ok(digits) } else { Err(Unreadable::Invalid) }
}

fn from_digits(digits: &[u8], radix: u32, negative: bool) -> Int {
    // 24 digits of any base fit 127 bits.
    if digits.len() <= 24 {
        let word = digits.iter().fold(0i128, |word, &d| word * radix as i128 + d as i128);
        return Int::Word(if negative { -word } else { word });
    }
    let sign = if negative { Sign::Minus } else { Sign::Plus };
    BigInt::from_biguint(sign, big_from_digits(digits, radix)).into()
}

/// By halves, so that the work is the multiplication's.
fn big_from_digits(digits: &[u8], radix: u32) -> BigUint {
    if digits.len() <= AT_ONCE || radix.is_power_of_two() {
        return BigUint::from_radix_be(digits, radix).unwrap_or_default();
    }
    let (high, low) = digits.split_at(digits.len() / 2);
    let power = BigUint::from(radix).pow(low.len() as u32);
    big_from_digits(high, radix) * power + big_from_digits(low, radix)
}

/// Decimal digits with a sign.
///
/// # Errors
/// `ValueError` if there are more digits than the limit allows.
pub fn decimal(cx: &mut Cx, n: IntRef<'_>) -> R<String> {
    match n {
        IntRef::Word(w) => Ok(match i64::try_from(w) {
            Ok(i) => i.to_string(),
            Err(_) => w.to_string(),
        }),
        IntRef::Big(b) => {
            let limit = max_digits(cx);
            // A digit is log2(10) = 3.32 bits.
            let surely = (b.bits() as f64 / 3.33) as usize;
            if limit > 0 && surely > limit {
                return Err(too_long_to_show(cx));
            }
            if let Some(text) = super::pylong::decimal(cx, n)? {
                return Ok(text);
            }
            let text = b.to_string();
            if limit > 0 && text.len() - (n.is_negative() as usize) > limit {
                return Err(too_long_to_show(cx));
            }
            Ok(text)
        }
    }
}

#[cold]
fn too_long_to_show(cx: &mut Cx) -> Err {
    let limit = max_digits(cx);
    cx.value_error(format!(
        "Exceeds the limit ({limit} digits) for integer string conversion; \
         use sys.set_int_max_str_digits() to increase the limit"
    ))
}

/// `ValueError` for a text with `digits` digits.
#[cold]
pub fn too_long_to_read(cx: &mut Cx, digits: usize) -> Err {
    let limit = max_digits(cx);
    cx.value_error(format!(
        "Exceeds the limit ({limit} digits) for integer string conversion: value has {digits} digits; \
         use sys.set_int_max_str_digits() to increase the limit"
    ))
}

/// The digits of the magnitude in base 2, 8, 10 or 16.
///
/// # Errors
/// As [`decimal`].
pub(crate) fn magnitude(cx: &mut Cx, n: IntRef<'_>, base: u32) -> R<String> {
    if base == 10 {
        let mut text = decimal(cx, n)?;
        if text.starts_with('-') {
            text.remove(0);
        }
        return Ok(text);
    }
    Ok(match n {
        IntRef::Word(w) => match (w.unsigned_abs(), base) {
            (m, 2) => format!("{m:b}"),
            (m, 8) => format!("{m:o}"),
            (m, _) => format!("{m:x}"),
        },
        IntRef::Big(b) => b.magnitude().to_str_radix(base),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_python_reads() {
        let good: [(&str, u32, i128); 12] = [
            ("12", 10, 12),
            (" -1_2 ", 10, -12),
            ("0x_f", 16, 15),
            ("0b1", 16, 177),
            ("z", 36, 35),
            ("0o17", 0, 15),
            ("0_0", 0, 0),
            ("+0B1_0", 0, 2),
            ("\t7\n", 10, 7),
            ("zzzzzzzzzzzzzzzzzzzzzzzz", 36, 36i128.pow(24) - 1),
            ("0", 0, 0),
            ("ff", 16, 255),
        ];
        for (text, base, value) in good {
            assert_eq!(parse(text.as_bytes(), base, 0), Ok(Int::Word(value)), "{text}");
        }
        for (text, base) in [
            ("", 10),
            ("-", 10),
            ("1__2", 10),
            ("_1", 10),
            ("1_", 10),
            ("012", 0),
            ("0x", 0),
            ("0b1", 3),
            ("- 1", 10),
            ("2", 2),
        ] {
            assert_eq!(parse(text.as_bytes(), base, 0), Err(Unreadable::Invalid), "{text}");
        }
    }

    #[test]
    fn long_numbers_are_read_in_halves_and_may_be_refused() {
        let text = "123456789".repeat(700);
        let whole: BigInt = text.parse().unwrap();
        assert_eq!(parse(text.as_bytes(), 10, 0), Ok(Int::Big(whole)));
        assert_eq!(parse(text.as_bytes(), 10, 4300), Err(Unreadable::TooLong(6300)));
        assert!(parse(text.as_bytes(), 16, 4300).is_ok());
        assert!(parse("1".repeat(640).as_bytes(), 10, 100).is_ok());
    }
}
