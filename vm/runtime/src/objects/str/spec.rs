//! The format specification mini-language, `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`, and `str`'s
//! own formatting.

use super::{PyStr, StrBuf, code_points};
use crate::prelude::*;

/// A parsed specification.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// A space unless one is given.
    pub fill: u32,
    /// One of `<>=^`, or 0 for the type's own.
    pub align: u8,
    /// One of `+- `, or 0.
    pub sign: u8,
    /// No sign for zeros (`z`).
    pub no_negative_zero: bool,
    pub alternate: bool,
    pub width: Option<usize>,
    /// Of the integer part: `,` or `_`, or 0.
    pub grouping: u8,
    pub precision: Option<usize>,
    /// Of the fraction: `,` or `_`, or 0.
    pub fraction_grouping: u8,
    /// The presentation type, 0 if none is given.
    pub kind: u32,
}

struct Parser<'a> {
    rest: &'a [u8],
}

impl Parser<'_> {
    fn take_if(&mut self, f: impl Fn(u8) -> bool) -> u8 {
        match self.rest {
            [b, rest @ ..] if f(*b) => {
                self.rest = rest;
                *b
            }
            _ => 0,
        }
    }

    /// Digits in front; other scripts' digits count as well.
    fn number(&mut self, cx: &mut Cx) -> R<Option<usize>> {
        let mut number = None;
        while !self.rest.is_empty() {
            let (c, n) = code_points::decode_first(self.rest);
            let Some(digit) = super::unicode::decimal_value(c) else { break };
            let next = number.unwrap_or(0usize).checked_mul(10).and_then(|n| n.checked_add(digit as usize));
            match next.filter(|&n| n <= isize::MAX as usize) {
                Some(n) => number = Some(n),
                None => return Err(cx.value_error("Too many decimal digits in format string")),
            }
            self.rest = &self.rest[n..];
        }
        Ok(number)
    }

    /// A separator of digit groups.
    fn grouping(&mut self, cx: &mut Cx) -> R<u8> {
        let comma = self.take_if(|b| b == b',');
        let underscore = self.take_if(|b| b == b'_');
        let again = self.rest.first() == Some(&b',');
        if underscore != 0 && (comma != 0 || again) {
            return Err(cx.value_error("Cannot specify both ',' and '_'."));
        }
        Ok(comma | underscore)
    }
}

fn is_align(b: u8) -> bool {
    matches!(b, b'<' | b'>' | b'=' | b'^')
}

impl Spec {
    /// Parses a specification for the object `of`, whose type errors name. `numeric` says that a leading zero pads behind the sign.
    ///
    /// # Errors
    /// `ValueError` with CPython's wording.
    pub fn parse(cx: &mut Cx, text: &[u8], of: Ref<'_>, numeric: bool) -> R<Spec> {
        let mut p = Parser { rest: text };
        let (mut fill, mut align) = (None, 0);
        if let Some(&first) = text.first() {
            let n = code_points::width_of_first(first);
            if let Some(&second) = text.get(n).filter(|b| is_align(**b)) {
                (fill, align) = (Some(code_points::decode_first(text).0), second);
                p.rest = &text[n + 1..];
            } else {
                align = p.take_if(is_align);
            }
        }
        let sign = p.take_if(|b| matches!(b, b'+' | b'-' | b' '));
        let no_negative_zero = p.take_if(|b| b == b'z') != 0;
        let alternate = p.take_if(|b| b == b'#') != 0;
        if fill.is_none() && p.take_if(|b| b == b'0') != 0 {
            fill = Some(b'0' as u32);
            if align == 0 && numeric {
                align = b'=';
            }
        }
        let width = p.number(cx)?;
        let grouping = p.grouping(cx)?;
        let (mut precision, mut fraction_grouping) = (None, 0);
        if p.take_if(|b| b == b'.') != 0 {
            precision = p.number(cx)?;
            fraction_grouping = p.grouping(cx)?;
            if precision.is_none() && fraction_grouping == 0 {
                return Err(cx.value_error("Format specifier missing precision"));
            }
        }
        let mut kind = 0;
        if !p.rest.is_empty() {
            let (c, n) = code_points::decode_first(p.rest);
            if n < p.rest.len() {
                let (shown, type_name) = (String::from_utf8_lossy(text).into_owned(), cx.type_name(of));
                return Err(cx.value_error(format!(
                    "Invalid format specifier '{shown}' for object of type '{type_name}'"
                )));
            }
            kind = c;
        }
        let fill = fill.unwrap_or(b' ' as u32);
        Ok(Spec {
            fill,
            align,
            sign,
            no_negative_zero,
            alternate,
            width,
            grouping,
            precision,
            fraction_grouping,
            kind,
        })
    }

    /// Complains of a group separator that the presentation type does not know.
    ///
    /// # Errors
    /// `ValueError` ("Cannot specify ',' with 's'.").
    pub fn check_grouping(&self, cx: &mut Cx, default_kind: u8) -> R<()> {
        let kind = if self.kind == 0 { default_kind as u32 } else { self.kind };
        for separator in [self.grouping, self.fraction_grouping] {
            let known = match u8::try_from(kind) {
                Ok(b'd' | b'e' | b'f' | b'g' | b'E' | b'G' | b'F' | b'%' | 0) => true,
                Ok(b'b' | b'o' | b'x' | b'X') => separator == b'_',
                _ => false,
            };
            if separator != 0 && !known {
                let shown = show_kind(kind);
                let separator = separator as char;
                return Err(cx.value_error(format!("Cannot specify '{separator}' with '{shown}'.")));
            }
        }
        Ok(())
    }
}

fn show_kind(c: u32) -> String {
    match c {
        0x21..0x7f => (c as u8 as char).to_string(),
        _ => format!("\\x{c:x}"),
    }
}

/// The error for a presentation type that a type does not know.
pub fn unknown_kind(cx: &mut Cx, kind: u32, type_name: &str) -> Err {
    let shown = show_kind(kind);
    cx.value_error(format!("Unknown format code '{shown}' for object of type '{type_name}'"))
}

/// `str.__format__(s, spec)` for a specification that is not empty.
///
/// # Errors
/// `ValueError` with CPython's wording, `MemoryError`.
pub(super) fn format_str(cx: &mut Cx, s: &PyStr, text: &[u8]) -> R {
    let spec = Spec::parse(cx, text, ref_of(s), false)?;
    spec.check_grouping(cx, b's')?;
    if spec.kind != 0 && spec.kind != b's' as u32 {
        let type_name = cx.type_name(ref_of(s));
        return Err(unknown_kind(cx, spec.kind, &type_name));
    }
    let problem = match &spec {
        Spec { sign: b' ', .. } => "Space not allowed in string format specifier",
        Spec { sign: 1.., .. } => "Sign not allowed in string format specifier",
        Spec { no_negative_zero: true, .. } => {
            "Negative zero coercion (z) not allowed in string format specifier"
        }
        Spec { alternate: true, .. } => "Alternate form (#) not allowed in string format specifier",
        Spec { align: b'=', .. } => "'=' alignment not allowed in string format specifier",
        _ => "",
    };
    if !problem.is_empty() {
        return Err(cx.value_error(problem));
    }
    let chars = spec.precision.map_or(s.char_len, |p| p.min(s.char_len));
    let shown = &s.as_bytes()[..s.byte_offset(chars)];
    let fill = spec.width.unwrap_or(0).saturating_sub(chars);
    if fill == 0 && chars == s.char_len && cx.is_exactly(ref_of(s), Builtin::Str) {
        return Ok(ref_of(s).own(cx));
    }
    let left = match spec.align {
        b'>' => fill,
        b'^' => fill / 2,
        _ => 0,
    };
    let mut out = StrBuf::default();
    if !out.reserve(fill.saturating_mul(code_points::width(spec.fill)).saturating_add(shown.len())) {
        return Err(cx.memory_error());
    }
    out.push_repeated(spec.fill, left);
    out.push_wtf8(shown);
    out.push_repeated(spec.fill, fill - left);
    Ok(out.finish(cx))
}
