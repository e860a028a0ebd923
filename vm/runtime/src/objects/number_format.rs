//! `__format__` of numbers: the format specification mini-language applied to ints, floats and complex numbers.
//!
//! Called by the methods of the three types. Specifications are parsed by `str/spec.rs`; digits come from the types. No locks.

use crate::objects::float::text::{self as float_text, Style};
use crate::objects::int::text as int_text;
use crate::objects::int::{self, IntRef};
use crate::objects::str::args::expect_str;
use crate::objects::str::spec::{Spec, unknown_kind};
use crate::objects::str::{PyStr, StrBuf, code_points};
use crate::objects::{complex, float};
use crate::prelude::*;

/// Longest width or precision that C's `int` holds.
pub const MOST: usize = i32::MAX as usize - 1024;

/// The parsed specification, or the text of the object if the specification is empty.
enum Wanted {
    Plain(Obj),
    Spec(Spec),
}

fn wanted(cx: &mut Cx, a: Args<'_>) -> R<Wanted> {
    let spec: &PyStr = expect_str(cx, a.get(1), "__format__() argument")?;
    if spec.is_empty() {
        return cx.to_str(a.get(0)).map(Wanted::Plain);
    }
    Spec::parse(cx, spec.as_bytes(), a.get(0), true).map(Wanted::Spec)
}

/// The parts of a number that has been written out: everything ASCII but a code point of kind `c`.
#[derive(Default)]
struct Number {
    sign: &'static str,
    prefix: &'static str,
    whole: String,
    /// Point, fraction, exponent, percent sign.
    rest: String,
    /// Digits in a group.
    interval: usize,
}

/// The sign as the specification wants it.
fn sign_of(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, b'+') => "+",
        (false, b' ') => " ",
        _ => "",
    }
}

/// Digits in groups, filled up with zeros to at least `width` characters, separators included.
fn grouped(digits: &str, separator: u8, interval: usize, width: usize) -> String {
    if separator == 0 {
        return "0".repeat(width.saturating_sub(digits.len())) + digits;
    }
    let (mut left, mut width) = (digits.len(), width as isize);
    let mut reversed = Vec::with_capacity(digits.len() * 4 / 3 + 1);
    loop {
        let group = interval.min(left.max(width.max(1) as usize));
        let taken = group.min(left);
        reversed.extend(digits.as_bytes()[left - taken..left].iter().rev());
        reversed.extend(std::iter::repeat_n(b'0', group - taken));
        left -= taken;
        width -= group as isize;
        if left == 0 && width <= 0 {
            break;
        }
        reversed.push(separator);
        width -= 1;
    }
    reversed.reverse();
    String::from_utf8(reversed).unwrap_or_default()
}

/// Groups the digits behind the point from the left.
fn group_fraction(rest: &str, separator: u8) -> String {
    let end = rest[1..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |i| i + 1);
    let mut out = String::from(".");
    for (i, digit) in rest[1..end].chars().enumerate() {
        if i > 0 && i % 3 == 0 {
            out.push(separator as char);
        }
        out.push(digit);
    }
    out + &rest[end..]
}

/// Puts the parts together and pads them.
fn lay_out(cx: &mut Cx, spec: &Spec, mut n: Number, default_align: u8) -> R {
    if spec.fraction_grouping != 0 && n.rest.starts_with('.') {
        n.rest = group_fraction(&n.rest, spec.fraction_grouping);
    }
    let align = if spec.align == 0 { default_align } else { spec.align };
    let others = n.sign.len() + n.prefix.len() + n.rest.len();
    let width = spec.width.unwrap_or(0);
    let zeros = if spec.fill == b'0' as u32 && align == b'=' { width.saturating_sub(others) } else { 0 };
    if zeros > MOST {
        return Err(cx.memory_error());
    }
    let is_number = !n.whole.is_empty();
    let whole = match is_number {
        true => grouped(&n.whole, spec.grouping, n.interval, zeros),
        false => String::new(),
    };
    let padding = width.saturating_sub(others + code_points::count(whole.as_bytes()));
    let (left, middle) = match align {
        b'>' => (padding, 0),
        b'^' => (padding / 2, 0),
        b'=' => (0, padding),
        _ => (0, 0),
    };
    let mut out = StrBuf::default();
    if !out
        .reserve(padding.saturating_mul(code_points::width(spec.fill)).saturating_add(others + whole.len()))
    {
        return Err(cx.memory_error());
    }
    out.push_repeated(spec.fill, left);
    out.push_ascii(n.sign.as_bytes());
    out.push_ascii(n.prefix.as_bytes());
    out.push_repeated(spec.fill, middle);
    out.push_wtf8(&whole);
    out.push_ascii(n.rest.as_bytes());
    out.push_repeated(spec.fill, padding - left - middle);
    Ok(out.finish(cx))
}

/// `int.__format__`.
pub(crate) fn format_int(cx: &mut Cx, a: Args<'_>) -> R {
    let spec = match wanted(cx, a)? {
        Wanted::Plain(text) => return Ok(text),
        Wanted::Spec(spec) => spec,
    };
    spec.check_grouping(cx, b'd')?;
    let Some(n) = int::view(cx, a.get(0)) else { return Ok(cx.not_implemented()) };
    match u8::try_from(spec.kind).unwrap_or(b'?') {
        b'b' | b'c' | b'd' | b'o' | b'x' | b'X' | b'n' | 0 => format_whole(cx, &spec, n),
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'%' => match n.to_f64() {
            Ok(x) => format_real(cx, &spec, x),
            Err(why) => Err(int::trouble(cx, why)),
        },
        _ => {
            let name = cx.type_name(a.get(0));
            Err(unknown_kind(cx, spec.kind, &name))
        }
    }
}

fn format_whole(cx: &mut Cx, spec: &Spec, n: IntRef<'_>) -> R {
    let problem = match spec {
        Spec { precision: Some(_), .. } => "Precision not allowed in integer format specifier",
        Spec { no_negative_zero: true, .. } => {
            "Negative zero coercion (z) not allowed in integer format specifier"
        }
        _ => "",
    };
    if !problem.is_empty() {
        return Err(cx.value_error(problem));
    }
    let kind = spec.kind as u8;
    if kind == b'c' {
        return format_char(cx, spec, n);
    }
    let (base, prefix) = match kind {
        b'b' => (2, "0b"),
        b'o' => (8, "0o"),
        b'x' => (16, "0x"),
        b'X' => (16, "0X"),
        _ => (10, ""),
    };
    let mut whole = int_text::magnitude(cx, n, base)?;
    if kind == b'X' {
        whole.make_ascii_uppercase();
    }
    let number = Number {
        sign: sign_of(spec, n.is_negative()),
        prefix: if spec.alternate { prefix } else { "" },
        whole,
        rest: String::new(),
        interval: if base == 10 { 3 } else { 4 },
    };
    lay_out(cx, spec, number, b'>')
}

fn format_char(cx: &mut Cx, spec: &Spec, n: IntRef<'_>) -> R {
    if spec.sign != 0 {
        return Err(cx.value_error("Sign not allowed with integer format specifier 'c'"));
    }
    if spec.alternate {
        return Err(cx.value_error("Alternate form (#) not allowed with integer format specifier 'c'"));
    }
    let Some(c) = n.to_i64().and_then(|i| u32::try_from(i).ok()).filter(|&c| c < 0x11_0000) else {
        return Err(cx.overflow_error("%c arg not in range(0x110000)"));
    };
    // As text it takes part in padding only, so any alignment but to the left or middle means the right.
    let align = if matches!(spec.align, b'<' | b'^') { spec.align } else { b'>' };
    let padding = spec.width.unwrap_or(0).saturating_sub(1);
    let left = match align {
        b'>' => padding,
        b'^' => padding / 2,
        _ => 0,
    };
    let mut out = StrBuf::default();
    if !out.reserve(padding.saturating_mul(code_points::width(spec.fill)).saturating_add(4)) {
        return Err(cx.memory_error());
    }
    out.push_repeated(spec.fill, left);
    out.push(c);
    out.push_repeated(spec.fill, padding - left);
    Ok(out.finish(cx))
}

/// `float.__format__`.
pub(crate) fn format_float(cx: &mut Cx, a: Args<'_>) -> R {
    let spec = match wanted(cx, a)? {
        Wanted::Plain(text) => return Ok(text),
        Wanted::Spec(spec) => spec,
    };
    spec.check_grouping(cx, b'g')?;
    let x = float::value_of(cx, a.get(0)).unwrap_or_default();
    match u8::try_from(spec.kind).unwrap_or(b'?') {
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'n' | b'%' | 0 => format_real(cx, &spec, x),
        _ => {
            let name = cx.type_name(a.get(0));
            Err(unknown_kind(cx, spec.kind, &name))
        }
    }
}

/// The magnitude of a float in the wanted style, split at the end of its whole digits, and whether it has a minus sign.
fn real_parts(cx: &mut Cx, spec: &Spec, x: f64, style: Style, precision: usize) -> R<(String, String, bool)> {
    if precision > MOST {
        return Err(cx.value_error("precision too big"));
    }
    let percent = spec.kind == b'%' as u32;
    let x = if percent { x * 100.0 } else { x };
    let mut text = float_text::styled(x.abs(), style, precision, spec.alternate);
    if matches!(spec.kind as u8, b'E' | b'F' | b'G') {
        text.make_ascii_uppercase();
    }
    if percent {
        text.push('%');
    }
    let mut negative = x.is_sign_negative() && !x.is_nan();
    if spec.no_negative_zero
        && !text.bytes().take_while(|b| *b != b'e').any(|b| matches!(b, b'1'..=b'9' | b'i'))
    {
        negative = false;
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let rest = text.split_off(end);
    Ok((text, rest, negative))
}

/// The style that a presentation type stands for, and its default precision.
fn style_of(kind: u8) -> (Style, usize) {
    match kind {
        b'e' | b'E' => (Style::Exponent, 6),
        b'f' | b'F' | b'%' => (Style::Fixed, 6),
        _ => (Style::General, 6),
    }
}

fn format_real(cx: &mut Cx, spec: &Spec, x: f64) -> R {
    let (style, precision) = match (spec.kind, spec.precision) {
        (0, None) => (Style::Repr, 0),
        (0, Some(precision)) => (Style::GeneralWithPoint, precision),
        (kind, precision) => {
            let (style, default) = style_of(kind as u8);
            (style, precision.unwrap_or(default))
        }
    };
    let (whole, rest, negative) = real_parts(cx, spec, x, style, precision)?;
    let sign = sign_of(spec, negative);
    lay_out(cx, spec, Number { sign, prefix: "", whole, rest, interval: 3 }, b'>')
}

/// `complex.__format__`.
pub(crate) fn format_complex(cx: &mut Cx, a: Args<'_>) -> R {
    let spec = match wanted(cx, a)? {
        Wanted::Plain(text) => return Ok(text),
        Wanted::Spec(spec) => spec,
    };
    spec.check_grouping(cx, b'g')?;
    let problem = match &spec {
        Spec { align: b'=', fill, .. } if *fill != b'0' as u32 => {
            "'=' alignment flag is not allowed in complex format specifier"
        }
        Spec { fill: 0x30, .. } => "Zero padding is not allowed in complex format specifier",
        _ => "",
    };
    let kind = u8::try_from(spec.kind).unwrap_or(b'?');
    if !matches!(kind, b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'n' | 0) {
        let name = cx.type_name(a.get(0));
        return Err(unknown_kind(cx, spec.kind, &name));
    }
    if !problem.is_empty() {
        return Err(cx.value_error(problem));
    }
    let Some(this) = a.get(0).downcast::<complex::PyComplex>(cx) else { return Ok(cx.not_implemented()) };
    format_parts(cx, &spec, this.real, this.imag)
}

fn format_parts(cx: &mut Cx, spec: &Spec, real: f64, imag: f64) -> R {
    let (style, precision) = match (spec.kind, spec.precision) {
        (0, None) => (Style::ReprWithoutPoint, 0),
        (0, Some(precision)) => (Style::General, precision),
        (kind, precision) => {
            let (style, default) = style_of(kind as u8);
            (style, precision.unwrap_or(default))
        }
    };
    let plain = spec.kind == 0;
    let skip_real = plain && real == 0.0 && real.is_sign_positive();
    let mut text = String::new();
    if !skip_real {
        let (whole, rest, negative) = real_parts(cx, spec, real, style, precision)?;
        push_part(&mut text, spec, sign_of(spec, negative), &whole, rest);
    }
    let (whole, rest, negative) = real_parts(cx, spec, imag, style, precision)?;
    let sign = match (skip_real, negative) {
        (true, _) => sign_of(spec, negative),
        (false, true) => "-",
        (false, false) => "+",
    };
    push_part(&mut text, spec, sign, &whole, rest);
    text.push('j');
    if plain && !skip_real {
        text = format!("({text})");
    }
    let whole = Number { rest: text, ..Number::default() };
    lay_out(cx, &Spec { fraction_grouping: 0, ..*spec }, whole, b'>')
}

fn push_part(text: &mut String, spec: &Spec, sign: &str, whole: &str, rest: String) {
    text.push_str(sign);
    if !whole.is_empty() {
        text.push_str(&grouped(whole, spec.grouping, 3, 0));
    }
    match spec.fraction_grouping != 0 && rest.starts_with('.') {
        true => text.push_str(&group_fraction(&rest, spec.fraction_grouping)),
        false => text.push_str(&rest),
    }
}

#[cfg(test)]
mod tests {
    use super::{group_fraction, grouped};

    #[test]
    fn groups_count_their_separators_towards_the_width() {
        assert_eq!(grouped("1234567", b',', 3, 0), "1,234,567");
        assert_eq!(grouped("123", b',', 3, 0), "123");
        assert_eq!(grouped("65535000", b',', 3, 20), "0,000,000,065,535,000");
        assert_eq!(grouped("65535000", b',', 3, 19), "000,000,065,535,000");
        assert_eq!(grouped("3e7fc18", b'_', 4, 18), "000_0000_03e7_fc18");
        assert_eq!(grouped("5", 0, 3, 4), "0005");
    }

    #[test]
    fn fractions_are_grouped_from_the_point() {
        assert_eq!(group_fraction(".2345679", b'_'), ".234_567_9");
        assert_eq!(group_fraction(".5", b','), ".5");
        assert_eq!(group_fraction(".1234e+05", b','), ".123,4e+05");
    }
}
