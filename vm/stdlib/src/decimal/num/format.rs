//! `__format__`: the format specification mini-language for decimals.

use super::ctx::{MAX_PREC, Round, signal};
use super::dec::{Dec, Kind};
use super::limbs::{NoMemory, Res};
use super::text;

/// A parsed specification.
#[derive(Clone, Debug)]
pub struct Spec {
    pub fill: char,
    /// `<`, `>`, `=` or `^`.
    pub align: char,
    /// `+`, `-` or a space.
    pub sign: char,
    pub no_negative_zero: bool,
    pub alternate: bool,
    pub zero_pad: bool,
    pub width: usize,
    /// What stands between groups of digits in front of the point; empty for nothing.
    pub separator: String,
    /// Lengths of the groups as C's `localeconv` has them: the last one is repeated unless `CHAR_MAX` follows.
    pub grouping: Vec<u8>,
    /// What stands between groups of three behind the point.
    pub fraction_separator: Option<char>,
    pub point: String,
    pub precision: Option<usize>,
    /// `e`, `f`, `g`, `%` and their capitals; `None` is `g` or `G` as the context says.
    pub kind: Option<char>,
    /// `n` and `N`: point, separator and grouping are the locale's.
    pub local: bool,
}

/// Why a specification is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    Syntax,
    /// A number in it is too large.
    Large,
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn number(chars: &mut Chars<'_>) -> Result<Option<usize>, Bad> {
    let mut found = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        let next = found.unwrap_or(0usize).checked_mul(10).and_then(|x| x.checked_add(digit as usize));
        found = Some(next.filter(|&x| x <= isize::MAX as usize).ok_or(Bad::Large)?);
    }
    Ok(found)
}

impl Spec {
    /// Reads `[[fill]align][sign][z][#][0][width][,|_][.precision[,|_]][type]`.
    pub fn parse(text: &str) -> Result<Spec, Bad> {
        let mut spec = Spec {
            fill: ' ',
            align: '>',
            sign: '-',
            no_negative_zero: false,
            alternate: false,
            zero_pad: false,
            width: 0,
            separator: String::new(),
            grouping: vec![3, 0],
            fraction_separator: None,
            point: ".".into(),
            precision: None,
            kind: None,
            local: false,
        };
        let is_align = |c: char| matches!(c, '<' | '>' | '=' | '^');
        let mut chars = text.chars().peekable();
        let mut aligned = false;
        if let Some(align) = text.chars().nth(1).filter(|&c| is_align(c)) {
            (spec.fill, spec.align, aligned) = (text.chars().next().unwrap_or(' '), align, true);
            chars.nth(1);
        } else if let Some(align) = chars.next_if(|&c| is_align(c)) {
            (spec.align, aligned) = (align, true);
        }
        if let Some(sign) = chars.next_if(|c| matches!(c, '+' | '-' | ' ')) {
            spec.sign = sign;
        }
        spec.no_negative_zero = chars.next_if_eq(&'z').is_some();
        spec.alternate = chars.next_if_eq(&'#').is_some();
        if chars.next_if_eq(&'0').is_some() {
            if aligned {
                return Err(Bad::Syntax);
            }
            (spec.zero_pad, spec.fill, spec.align) = (true, '0', '=');
        }
        spec.width = number(&mut chars)?.unwrap_or(0);
        let separator = |c: &char| matches!(c, ',' | '_');
        if let Some(c) = chars.next_if(separator) {
            spec.separator = c.into();
        }
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = number(&mut chars)?;
            spec.fraction_separator = chars.next_if(separator);
            if spec.precision.is_none() && spec.fraction_separator.is_none() {
                return Err(Bad::Syntax);
            }
        }
        spec.parse_kind(&mut chars)?;
        if spec.width > MAX_PREC as usize || spec.precision.is_some_and(|n| n > MAX_PREC as usize) {
            return Err(Bad::Syntax);
        }
        Ok(spec)
    }

    fn parse_kind(&mut self, chars: &mut Chars<'_>) -> Result<(), Bad> {
        self.kind = match chars.next() {
            None => None,
            Some(c @ ('n' | 'N')) => {
                if !self.separator.is_empty() || self.fraction_separator.is_some() {
                    return Err(Bad::Syntax);
                }
                self.local = true;
                Some(if c == 'n' { 'g' } else { 'G' })
            }
            Some(c @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) => Some(c),
            Some(_) => return Err(Bad::Syntax),
        };
        if chars.next().is_some() {
            return Err(Bad::Syntax);
        }
        if self.precision == Some(0) && matches!(self.kind, None | Some('g' | 'G')) {
            self.precision = Some(1);
        }
        Ok(())
    }
}

fn sign_text(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (_, '+') => "+",
        (_, ' ') => " ",
        _ => "",
    }
}

/// The number rounded to so many digits.
fn round_digits(d: Dec, places: i64, round: Round) -> Res<Dec> {
    if d.is_zero() || d.digits() <= places && d.adjusted() - places < d.exp {
        // More digits than it has: zeros.
        return match d.is_zero() {
            true => Ok(d),
            false => d.rescaled(d.adjusted() + 1 - places, round, &mut 0),
        };
    }
    let rounded = d.rescaled(d.adjusted() + 1 - places, round, &mut 0)?;
    match rounded.adjusted() == d.adjusted() {
        true => Ok(rounded),
        false => rounded.rescaled(rounded.adjusted() + 1 - places, round, &mut 0),
    }
}

/// The formatted number. `capitals`: what a missing type means.
pub fn format(d: &Dec, spec: &Spec, round: Round, capitals: bool, status: &mut u32) -> Option<String> {
    match try_format(d, spec, round, capitals) {
        Ok(text) => Some(text),
        Err(NoMemory) => {
            *status |= signal::MALLOC_ERROR;
            None
        }
    }
}

fn try_format(d: &Dec, spec: &Spec, round: Round, capitals: bool) -> Res<String> {
    if d.kind != Kind::Finite {
        let mut body = text::to_text(&d.clone().abs(), false, true);
        if spec.kind == Some('%') {
            body.push('%');
        }
        let plain = Spec { fill: ' ', align: '>', ..spec.clone() };
        let spec = if spec.zero_pad { &plain } else { spec };
        return align(sign_text(spec, d.negative), &body, spec);
    }
    let kind = spec.kind.unwrap_or(if capitals { 'G' } else { 'g' });
    let mut d = d.clone();
    if kind == '%' {
        d.exp = d.exp.saturating_add(2);
    }
    if let Some(precision) = spec.precision {
        let places = i64::try_from(precision).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        d = match kind {
            'e' | 'E' => round_digits(d, places + 1, round)?,
            'g' | 'G' if d.digits() > places => round_digits(d, places, round)?,
            'g' | 'G' => d,
            _ => d.rescaled(-places, round, &mut 0)?,
        };
    }
    let fixed = matches!(kind, 'f' | 'F' | '%');
    if d.is_zero() && d.exp > 0 && fixed {
        d.exp = 0;
    }
    let negative = d.negative && !(spec.no_negative_zero && d.is_zero());
    let digits = text::digits_text(&d.coef);
    let left = d.exp + digits.len() as i64;
    let place = match kind {
        'e' | 'E' if d.is_zero() => 1 - spec.precision.unwrap_or(0) as i64,
        'e' | 'E' => 1,
        'g' | 'G' if d.exp <= 0 && left > -6 => left,
        'g' | 'G' => 1,
        _ => left,
    };
    let (whole, fraction) = split_at_point(digits, place)?;
    lay_out(negative, &whole, &fraction, left - place, kind, spec)
}

/// The digits in front of the point and those behind it.
fn split_at_point(digits: Vec<u8>, place: i64) -> Res<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
    let mut digits = digits;
    if place <= 0 {
        let zeros = place.unsigned_abs() as usize;
        digits.try_reserve(zeros).map_err(|_| NoMemory)?;
        digits.splice(0..0, std::iter::repeat_n(b'0', zeros));
        return Ok(("0".into(), text(digits)));
    }
    let place = usize::try_from(place).map_err(|_| NoMemory)?;
    if place > digits.len() {
        digits.try_reserve(place - digits.len()).map_err(|_| NoMemory)?;
        digits.resize(place, b'0');
        return Ok((text(digits), String::new()));
    }
    let fraction = digits.split_off(place);
    Ok((text(digits), text(fraction)))
}

fn lay_out(negative: bool, whole: &str, fraction: &str, exp: i64, kind: char, spec: &Spec) -> Res<String> {
    let sign = sign_text(spec, negative);
    let mut rest = String::new();
    if !fraction.is_empty() || spec.alternate {
        rest += &spec.point;
    }
    match spec.fraction_separator {
        None => rest += fraction,
        Some(separator) => {
            for (i, digit) in fraction.chars().enumerate() {
                if i > 0 && i % 3 == 0 {
                    rest.push(separator);
                }
                rest.push(digit);
            }
        }
    }
    if exp != 0 || matches!(kind, 'e' | 'E') {
        rest.push(if kind.is_ascii_uppercase() { 'E' } else { 'e' });
        rest += &format!("{exp:+}");
    }
    if kind == '%' {
        rest.push('%');
    }
    let least = match spec.zero_pad {
        true => spec.width.saturating_sub(rest.chars().count() + sign.len()),
        false => 0,
    };
    let body = grouped(whole, spec, least)? + &rest;
    align(sign, &body, spec)
}

/// The lengths of the groups from the right: the last one stands for all others, 0 for no more groups.
fn group_lengths(grouping: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    for &length in grouping {
        match length {
            0 => return lengths,
            127.. => {
                lengths.push(0);
                return lengths;
            }
            _ => lengths.push(length as usize),
        }
    }
    lengths.push(0);
    lengths
}

/// Digits with separators, filled up with zeros to the least width.
fn grouped(digits: &str, spec: &Spec, least: usize) -> Res<String> {
    let lengths = group_lengths(&spec.grouping);
    if spec.separator.is_empty() || lengths.is_empty() {
        let zeros = least.saturating_sub(digits.len());
        let mut out = String::new();
        out.try_reserve(zeros + digits.len()).map_err(|_| NoMemory)?;
        out.extend(std::iter::repeat_n('0', zeros));
        out += digits;
        return Ok(out);
    }
    let (mut left, mut least) = (digits, least as i64);
    let separator = spec.separator.chars().count() as i64;
    let mut groups: Vec<String> = Vec::new();
    let mut lengths = lengths.into_iter();
    let mut length = 0;
    loop {
        length = match lengths.next() {
            // What is left is one group.
            Some(0) => {
                let width = usize::try_from(least).unwrap_or(0).max(left.len()).max(1);
                groups.push(format!("{left:0>width$}"));
                break;
            }
            Some(next) => next,
            None => length,
        };
        let width = length.min(left.len().max(usize::try_from(least).unwrap_or(0)).max(1));
        let (rest, group) = left.split_at(left.len().saturating_sub(width));
        groups.try_reserve(1).map_err(|_| NoMemory)?;
        groups.push(format!("{group:0>width$}"));
        left = rest;
        least -= width as i64;
        if left.is_empty() && least <= 0 {
            break;
        }
        least -= separator;
    }
    groups.reverse();
    Ok(groups.join(&spec.separator))
}

fn align(sign: &str, body: &str, spec: &Spec) -> Res<String> {
    let padding = spec.width.saturating_sub(sign.len() + body.chars().count());
    let mut out = String::new();
    let size = padding.checked_mul(spec.fill.len_utf8()).ok_or(NoMemory)?;
    out.try_reserve(size.saturating_add(sign.len() + body.len())).map_err(|_| NoMemory)?;
    let (before, between, after) = match spec.align {
        '<' => (0, 0, padding),
        '^' => (padding / 2, 0, padding - padding / 2),
        '=' => (0, padding, 0),
        _ => (padding, 0, 0),
    };
    out.extend(std::iter::repeat_n(spec.fill, before));
    out += sign;
    out.extend(std::iter::repeat_n(spec.fill, between));
    out += body;
    out.extend(std::iter::repeat_n(spec.fill, after));
    Ok(out)
}
