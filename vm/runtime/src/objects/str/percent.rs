//! `template % values` for text; `scan` and the numbers are shared with bytes (`objects/bytes/percent.rs`).

use super::args::ssize;
use super::float_text::float_text;
use super::{PyStr, StrBuf, code_points, new_wtf8};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// Text or bytes: what is formatted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text,
    Bytes,
}

/// Where the values come from.
enum Source<'a> {
    Tuple { items: &'a [Ref<'a>], next: usize },
    Single { value: Obj, used: bool },
}

/// The values to be formatted.
pub(crate) struct Values<'a> {
    source: Source<'a>,
    mapping: Option<Ref<'a>>,
}

impl<'a> Values<'a> {
    pub(crate) fn new(cx: &Cx, v: Ref<'a>, kind: Kind) -> Values<'a> {
        if let Some(tuple) = v.downcast::<PyTuple>(cx) {
            return Values { source: Source::Tuple { items: tuple.items(), next: 0 }, mapping: None };
        }
        let plain = match kind {
            Kind::Text => cx.is_instance_of(v, Builtin::Str),
            Kind::Bytes => cx.is_instance_of(v, Builtin::Bytes) || cx.is_instance_of(v, Builtin::ByteArray),
        };
        let is_mapping = !plain && cx.class_of(v).special(cx, Special::GetItem).is_some();
        let source = Source::Single { value: v.own(cx), used: false };
        Values { source, mapping: is_mapping.then_some(v) }
    }

    /// The next value.
    ///
    /// # Errors
    /// `TypeError` if there is none left.
    pub(crate) fn next(&mut self, cx: &mut Cx) -> R {
        match &mut self.source {
            Source::Tuple { items, next } if *next < items.len() => {
                *next += 1;
                Ok(items[*next - 1].own(cx))
            }
            Source::Single { value, used } if !*used => {
                *used = true;
                Ok(value.r().own(cx))
            }
            _ => Err(cx.type_error("not enough arguments for format string")),
        }
    }

    /// Makes the mapping's value for the key the next one, and the only one.
    fn select(&mut self, cx: &mut Cx, key: Obj) -> R<()> {
        let Some(mapping) = self.mapping else { return Err(cx.type_error("format requires a mapping")) };
        let value = cx.get_item(mapping, key.r())?;
        self.source = Source::Single { value, used: false };
        Ok(())
    }

    /// Complains if values are left over.
    ///
    /// # Errors
    /// `TypeError`.
    pub(crate) fn finish(&self, cx: &mut Cx, kind: Kind) -> R<()> {
        let left = match &self.source {
            Source::Tuple { items, next } => *next < items.len(),
            Source::Single { used, .. } => !*used,
        };
        if left && self.mapping.is_none() {
            let noun = if kind == Kind::Text { "string" } else { "bytes" };
            return Err(cx.type_error(format!("not all arguments converted during {noun} formatting")));
        }
        Ok(())
    }
}

/// What stands between `%` and the conversion's letter, and the letter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Directive {
    pub left: bool,
    pub plus: bool,
    pub space: bool,
    pub alternate: bool,
    pub zero: bool,
    pub width: usize,
    pub precision: Option<usize>,
    pub conversion: u32,
    /// Byte offset of the conversion's letter.
    pub at: usize,
}

/// The rest of a template.
pub(crate) struct Scanner<'a> {
    pub text: &'a [u8],
    pub at: usize,
    pub kind: Kind,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take_if(&mut self, b: u8) -> bool {
        let is = self.peek() == Some(b);
        self.at += is as usize;
        is
    }

    /// The directive that is nothing but the letter at `at`.
    fn bare(&mut self) -> Directive {
        let conversion = self.peek().map_or(0, u32::from);
        self.at += 1;
        Directive { conversion, at: self.at - 1, ..Directive::default() }
    }

    /// Reads a directive; `at` is behind its `%`.
    ///
    /// # Errors
    /// `ValueError` ("incomplete format"), `TypeError` of a bad `*` argument or a missing mapping.
    pub(crate) fn directive(&mut self, cx: &mut Cx, values: &mut Values<'_>) -> R<Directive> {
        let mut d = Directive::default();
        if self.take_if(b'(') {
            self.key(cx, values)?;
        }
        while let Some(b) = self.peek() {
            match b {
                b'-' => d.left = true,
                b'+' => d.plus = true,
                b' ' => d.space = true,
                b'#' => d.alternate = true,
                b'0' => d.zero = true,
                _ => break,
            }
            self.at += 1;
        }
        if self.take_if(b'*') {
            let width = star(cx, values, false)?;
            if width == isize::MIN {
                return Err(cx.overflow_error("width too big"));
            }
            d.left |= width < 0;
            d.width = width.unsigned_abs();
        } else if let Some(width) = self.number(cx, isize::MAX as usize, "width too big")? {
            d.width = width;
        }
        if self.take_if(b'.') {
            d.precision = Some(if self.take_if(b'*') {
                star(cx, values, true)?.max(0) as usize
            } else {
                let message = if self.kind == Kind::Text { "precision too big" } else { "prec too big" };
                self.number(cx, i32::MAX as usize, message)?.unwrap_or(0)
            });
        }
        if matches!(self.peek(), Some(b'h' | b'l' | b'L')) {
            self.at += 1;
        }
        let Some(b) = self.peek() else { return Err(cx.value_error("incomplete format")) };
        d.at = self.at;
        (d.conversion, self.at) = match self.kind {
            Kind::Bytes => (b as u32, self.at + 1),
            Kind::Text => {
                let (c, n) = code_points::decode_first(&self.text[self.at..]);
                (c, self.at + n)
            }
        };
        Ok(d)
    }

    fn number(&mut self, cx: &mut Cx, most: usize, message: &str) -> R<Option<usize>> {
        let start = self.at;
        let mut n = 0usize;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            n = match n.checked_mul(10).and_then(|n| n.checked_add((digit - b'0') as usize)) {
                Some(n) if n <= most => n,
                _ => return Err(cx.value_error(message)),
            };
            self.at += 1;
        }
        Ok((self.at > start).then_some(n))
    }

    /// The mapping key up to its closing parenthesis.
    fn key(&mut self, cx: &mut Cx, values: &mut Values<'_>) -> R<()> {
        if values.mapping.is_none() {
            return Err(cx.type_error("format requires a mapping"));
        }
        let start = self.at;
        let mut depth = 1;
        while depth > 0 {
            match self.peek() {
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                Some(_) => {}
                None => return Err(cx.value_error("incomplete format key")),
            }
            self.at += 1;
        }
        let key = &self.text[start..self.at - 1];
        let key = match self.kind {
            Kind::Text => new_wtf8(cx, key),
            Kind::Bytes => crate::objects::bytes::new_bytes(cx, key),
        };
        values.select(cx, key)
    }
}

/// The value for a `*`.
fn star(cx: &mut Cx, values: &mut Values<'_>, is_precision: bool) -> R<isize> {
    let v = values.next(cx)?;
    if !cx.is_instance_of(v.r(), Builtin::Int) {
        return Err(cx.type_error("* wants int"));
    }
    match is_precision {
        true => Ok(super::args::c_int(cx, v.r())? as isize),
        false => ssize(cx, v.r()),
    }
}

/// A number as text in parts, for padding with zeros between them.
struct Number {
    negative: bool,
    prefix: &'static str,
    digits: String,
}

/// Appends a number as the directive wants it (`d i u o x X e E f F g G`); all ASCII. Gives the bytes appended.
///
/// # Errors
/// `TypeError` if the value is no number, what conversion raises, or `MemoryError`.
pub(crate) fn push_number(cx: &mut Cx, out: &mut Vec<u8>, d: &Directive, v: Ref<'_>, kind: Kind) -> R<usize> {
    let n = match d.conversion as u8 {
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => float_parts(cx, d, v, kind)?,
        _ => int_parts(cx, d, v)?,
    };
    let sign = match (n.negative, d.plus, d.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    let len = sign.len() + n.prefix.len() + n.digits.len();
    let fill = d.width.saturating_sub(len);
    if out.try_reserve(len.saturating_add(fill)).is_err() {
        return Err(cx.memory_error());
    }
    let (mut spaces, mut zeros, mut after) = (fill, 0, 0);
    if d.left {
        (spaces, after) = (0, fill);
    } else if d.zero {
        (spaces, zeros) = (0, fill);
    }
    out.resize(out.len() + spaces, b' ');
    out.extend_from_slice(sign.as_bytes());
    out.extend_from_slice(n.prefix.as_bytes());
    out.resize(out.len() + zeros, b'0');
    out.extend_from_slice(n.digits.as_bytes());
    out.resize(out.len() + after, b' ');
    Ok(len + fill)
}

fn float_parts(cx: &mut Cx, d: &Directive, v: Ref<'_>, kind: Kind) -> R<Number> {
    let x = match cx.to_f64(v) {
        Ok(x) => x,
        Err(err) if kind == Kind::Bytes && cx.is_error(&err, Builtin::TypeError) => {
            let name = cx.type_name(v);
            return Err(cx.type_error(format!("float argument required, not {name}")));
        }
        Err(err) => return Err(err),
    };
    let precision = d.precision.unwrap_or(6);
    if precision > crate::objects::number_format::MOST {
        return Err(cx.value_error("precision too big"));
    }
    let digits = float_text(x, d.conversion as u8, precision, d.alternate);
    Ok(Number { negative: x.is_sign_negative() && !x.is_nan(), prefix: "", digits })
}

fn int_parts(cx: &mut Cx, d: &Directive, v: Ref<'_>) -> R<Number> {
    let conversion = d.conversion as u8;
    let int = to_int(cx, conversion, v)?;
    let text = int_text(cx, int.r(), conversion)?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits.to_string()),
        None => (false, text),
    };
    let missing = d.precision.unwrap_or(0).saturating_sub(digits.len());
    let mut padded = String::new();
    if padded.try_reserve(missing + digits.len()).is_err() {
        return Err(cx.memory_error());
    }
    padded.extend(std::iter::repeat_n('0', missing));
    padded.push_str(&digits);
    let prefix = match (d.alternate, conversion) {
        (true, b'o') => "0o",
        (true, b'x') => "0x",
        (true, b'X') => "0X",
        _ => "",
    };
    Ok(Number { negative, prefix, digits: padded })
}

/// The int that a conversion takes the value for.
fn to_int(cx: &mut Cx, conversion: u8, v: Ref<'_>) -> R {
    if v.value().is_int() || cx.is_instance_of(v, Builtin::Int) {
        return Ok(v.own(cx));
    }
    let integer_only = matches!(conversion, b'o' | b'x' | b'X');
    let class = cx.class_of(v);
    let has = |special| class.special(cx, special).is_some();
    let result = if integer_only {
        cx.index(v).map(Some)
    } else if has(Special::Int) || has(Special::Index) || has(Special::Float) {
        let int = cx.builtin(Builtin::Int).as_ref();
        cx.call(int, &[v]).map(Some)
    } else {
        Ok(None)
    };
    if let Some(Some(int)) = cx.catch(result, Builtin::TypeError)? {
        return Ok(int);
    }
    let (letter, name) = (conversion as char, cx.type_name(v));
    let wanted = if integer_only { "an integer is required" } else { "a real number is required" };
    Err(cx.type_error(format!("%{letter} format: {wanted}, not {name}")))
}

/// The digits of an int in the base of the conversion, with a minus sign.
fn int_text(cx: &mut Cx, int: Ref<'_>, conversion: u8) -> R<String> {
    let spec = match conversion {
        b'o' => "o",
        b'x' => "x",
        b'X' => "X",
        _ => "d",
    };
    if let Some(i) = int.value().as_int() {
        let (sign, n) = (if i < 0 { "-" } else { "" }, i.unsigned_abs());
        return Ok(match conversion {
            b'o' => format!("{sign}{n:o}"),
            b'x' => format!("{sign}{n:x}"),
            b'X' => format!("{sign}{n:X}"),
            _ => i.to_string(),
        });
    }
    // The type's own method: a subclass may have another, which does not count here.
    let class = cx.builtin(Builtin::Int);
    let Some(method) = class.special(cx, Special::Format) else {
        return Err(crate::object::unreachable_err(cx, "int without __format__"));
    };
    let spec = cx.str(spec);
    let text = cx.call_special(method, int, &[spec.r()])?;
    Ok(cx.text_of(text.r()))
}

/// `template % values`.
///
/// # Errors
/// As CPython's.
pub fn format(cx: &mut Cx, template: &PyStr, values: Ref<'_>) -> R {
    let text = template.as_bytes();
    let mut values = Values::new(cx, values, Kind::Text);
    let mut scanner = Scanner { text, at: 0, kind: Kind::Text };
    let mut out = StrBuf::with_capacity(text.len() + 16);
    let mut only = None;
    loop {
        let rest = &text[scanner.at..];
        let literal = memchr::memchr(b'%', rest).unwrap_or(rest.len());
        out.push_wtf8(&rest[..literal]);
        scanner.at += literal + 1;
        if literal == rest.len() {
            break;
        }
        if scanner.take_if(b'%') {
            out.push_ascii(b"%");
            continue;
        }
        let bare = matches!(scanner.peek(), Some(b's' | b'd'));
        let d = match bare {
            true => scanner.bare(),
            false => scanner.directive(cx, &mut values)?,
        };
        let v = values.next(cx)?;
        let before = out.bytes.len();
        if bare && let Some(i) = v.value().as_int() {
            out.push_int(i);
            only = None;
            continue;
        }
        let whole = convert(cx, &mut out, template, &d, v.r())?;
        only = if before == 0 { whole } else { None };
    }
    values.finish(cx, Kind::Text)?;
    if !text.contains(&b'%') && cx.is_exactly(ref_of(template), Builtin::Str) {
        return Ok(ref_of(template).own(cx));
    }
    // A string that stands there alone and unchanged is the result itself.
    match only {
        Some(v) if v.downcast::<PyStr>(cx).is_some_and(|s| s.byte_len == out.bytes.len()) => Ok(v),
        _ => Ok(out.finish(cx)),
    }
}

/// Appends a value. Gives it as a string if that is all that was appended.
fn convert(cx: &mut Cx, out: &mut StrBuf, template: &PyStr, d: &Directive, v: Ref<'_>) -> R<Option<Obj>> {
    let Ok(letter) = u8::try_from(d.conversion) else { return Err(unknown(cx, template, d)) };
    let text = match letter {
        b's' => cx.to_str(v)?,
        b'r' => cx.repr(v)?,
        b'a' => cx.ascii(v)?,
        b'c' => character(cx, v)?,
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            let mut number = Vec::new();
            push_number(cx, &mut number, d, v, Kind::Text)?;
            out.push_ascii(&number);
            return Ok(None);
        }
        _ => return Err(unknown(cx, template, d)),
    };
    let Some(s) = text.downcast::<PyStr>(cx) else { return Ok(None) };
    if d.width == 0 && d.precision.is_none() {
        if !out.reserve(s.byte_len) {
            return Err(cx.memory_error());
        }
        out.push_str(s);
        return Ok(Some(text));
    }
    let precision = if letter == b'c' { None } else { d.precision };
    let chars = precision.map_or(s.char_len, |p| p.min(s.char_len));
    let shown = &s.as_bytes()[..s.byte_offset(chars)];
    let fill = d.width.saturating_sub(chars);
    if !out.reserve(fill.saturating_add(shown.len())) {
        return Err(cx.memory_error());
    }
    out.push_repeated(b' ' as u32, if d.left { 0 } else { fill });
    out.push_wtf8(shown);
    out.push_repeated(b' ' as u32, if d.left { fill } else { 0 });
    let unchanged = fill == 0 && shown.len() == s.byte_len && cx.is_exactly(text.r(), Builtin::Str);
    Ok(unchanged.then_some(text))
}

fn unknown(cx: &mut Cx, template: &PyStr, d: &Directive) -> Err {
    let (c, index) = (d.conversion, template.char_index(d.at));
    let shown = if (0x20..0x7f).contains(&c) { c as u8 as char } else { '?' };
    cx.value_error(format!("unsupported format character '{shown}' (0x{c:x}) at index {index}"))
}

/// The value of `%c`.
fn character(cx: &mut Cx, v: Ref<'_>) -> R {
    if let Some(s) = v.downcast::<PyStr>(cx) {
        if s.char_len == 1 {
            return Ok(v.own(cx));
        }
        let n = s.char_len;
        return Err(
            cx.type_error(format!("%c requires an int or a unicode character, not a string of length {n}"))
        );
    }
    let index = cx.index(v);
    let Some(int) = cx.catch(index, Builtin::TypeError)? else {
        let name = crate::objects::type_::full_name(cx, cx.class_of(v));
        return Err(cx.type_error(format!("%c requires an int or a unicode character, not {name}")));
    };
    match crate::objects::int::to_i64(cx, int.r()) {
        Some(c @ 0..0x11_0000) => Ok(super::new_char(cx, c as u32)),
        _ => Err(cx.overflow_error("%c arg not in range(0x110000)")),
    }
}
