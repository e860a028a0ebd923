//! `str.format`, `str.format_map`, `str.__format__`, and the parsing of templates, which `_string` shows to
//! `string.Formatter`.

use super::code_points::{decode_first, width_of_first};
use super::new::exact;
use super::{PyStr, StrBuf, new_wtf8, spec};
use crate::objects::dict::PyDict;
use crate::prelude::*;

pub(super) fn dunder_format(cx: &mut Cx, a: Args<'_>) -> R {
    let (s, text) = (a.this::<PyStr>(), super::args::expect_str(cx, a.get(1), "__format__() argument")?);
    if text.is_empty() {
        return match cx.is_exactly(a.get(0), Builtin::Str) {
            true => exact(cx, s),
            false => cx.to_str(a.get(0)),
        };
    }
    spec::format_str(cx, s, text.as_bytes())
}

/// A replacement field: `{name!conversion:spec}`.
#[derive(Clone, Copy, Debug)]
pub struct Field<'t> {
    pub name: &'t [u8],
    pub spec: &'t [u8],
    pub conversion: Option<u32>,
    /// The specification has fields of its own.
    pub nested: bool,
}

/// Literal text and the field behind it.
pub type Piece<'t> = (&'t [u8], Option<Field<'t>>);

/// Splits a template into literal text, each piece followed by a field unless it ends in a doubled brace or the end.
#[derive(Clone, Debug)]
pub struct Pieces<'t> {
    rest: &'t [u8],
}

impl<'t> Pieces<'t> {
    pub fn new(template: &'t [u8]) -> Self {
        Pieces { rest: template }
    }

    /// The next piece, `None` at the end; an error is the text of a `ValueError`.
    pub fn next_piece(&mut self) -> Result<Option<Piece<'t>>, &'static str> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let Some(at) = memchr::memchr2(b'{', b'}', self.rest) else {
            let literal = std::mem::take(&mut self.rest);
            return Ok(Some((literal, None)));
        };
        let (brace, after) = (self.rest[at], &self.rest[at + 1..]);
        if after.first() == Some(&brace) {
            let literal = &self.rest[..=at];
            self.rest = &after[1..];
            return Ok(Some((literal, None)));
        }
        if brace == b'}' {
            return Err("Single '}' encountered in format string");
        }
        if after.is_empty() {
            return Err("Single '{' encountered in format string");
        }
        let literal = &self.rest[..at];
        self.rest = after;
        self.field().map(|field| Some((literal, Some(field))))
    }

    /// The field at the front, behind its opening brace.
    fn field(&mut self) -> Result<Field<'t>, &'static str> {
        let (name, end) = self.name()?;
        let mut field = Field { name, spec: &[], conversion: None, nested: false };
        match end {
            Some(b'}') => return Ok(field),
            None => return Err("expected '}' before end of string"),
            Some(b'!') => {
                if self.rest.is_empty() {
                    return Err("end of string while looking for conversion specifier");
                }
                let (c, n) = decode_first(self.rest);
                field.conversion = Some(c);
                self.rest = &self.rest[n..];
                match self.rest.split_first() {
                    Some((b'}', rest)) => {
                        self.rest = rest;
                        return Ok(field);
                    }
                    Some((b':', rest)) => self.rest = rest,
                    Some(_) => return Err("expected ':' after conversion specifier"),
                    None => {}
                }
            }
            Some(_) => {}
        }
        (field.spec, field.nested) = self.spec()?;
        Ok(field)
    }

    /// The name up to `!`, `:` or `}`, and which of them ended it.
    fn name(&mut self) -> Result<(&'t [u8], Option<u8>), &'static str> {
        let text = self.rest;
        let (mut i, mut in_brackets) = (0, false);
        while let Some(&b) = text.get(i) {
            match b {
                _ if in_brackets => in_brackets = b != b']',
                b'{' => return Err("unexpected '{' in field name"),
                b'[' => in_brackets = true,
                b'!' | b':' | b'}' => {
                    self.rest = &text[i + 1..];
                    return Ok((&text[..i], Some(b)));
                }
                _ => {}
            }
            i += 1;
        }
        self.rest = &[];
        Ok((text, None))
    }

    fn spec(&mut self) -> Result<(&'t [u8], bool), &'static str> {
        let text = self.rest;
        let (mut depth, mut nested) = (1, false);
        for (i, b) in text.iter().enumerate() {
            match b {
                b'{' => (depth, nested) = (depth + 1, true),
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.rest = &text[i + 1..];
                return Ok((&text[..i], nested));
            }
        }
        Err("unmatched '{' in format spec")
    }
}

/// A part of a field's name behind the first: `.attribute` or `[key]`.
#[derive(Clone, Copy, Debug)]
pub enum Step<'t> {
    Attribute(&'t [u8]),
    Key(&'t [u8]),
}

/// Splits a field's name into its first part and the steps behind it.
pub fn split_name(name: &[u8]) -> (&[u8], Steps<'_>) {
    let first = name.iter().position(|b| matches!(b, b'.' | b'[')).unwrap_or(name.len());
    (&name[..first], Steps { rest: &name[first..] })
}

/// See [`split_name`].
#[derive(Clone, Debug)]
pub struct Steps<'t> {
    rest: &'t [u8],
}

impl<'t> Steps<'t> {
    /// The next step; an error is the text of a `ValueError`.
    pub fn next_step(&mut self) -> Result<Option<Step<'t>>, &'static str> {
        let Some((&kind, rest)) = self.rest.split_first() else { return Ok(None) };
        let (part, step) = match kind {
            b'.' => {
                let end = rest.iter().position(|b| matches!(b, b'.' | b'[')).unwrap_or(rest.len());
                self.rest = &rest[end..];
                (&rest[..end], Step::Attribute(&rest[..end]))
            }
            b'[' => {
                let Some(end) = memchr::memchr(b']', rest) else {
                    return Err("Missing ']' in format string");
                };
                self.rest = &rest[end + 1..];
                (&rest[..end], Step::Key(&rest[..end]))
            }
            _ => return Err("Only '.' or '[' may follow ']' in format field specifier"),
        };
        if part.is_empty() { Err("Empty attribute in format string") } else { Ok(Some(step)) }
    }
}

/// The number that a key or name is, `None` if it is no number, `Err` if it is too large.
///
/// # Errors
/// The text of a `ValueError`.
pub fn as_index(text: &[u8]) -> Result<Option<usize>, &'static str> {
    let mut n = 0usize;
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let Some(digit) = super::unicode::decimal_value(decode_first(rest).0) else { return Ok(None) };
        let next = n.checked_mul(10).and_then(|n| n.checked_add(digit as usize));
        n = next.filter(|&n| n <= isize::MAX as usize).ok_or("Too many decimal digits in format string")?;
        rest = &rest[width_of_first(first)..];
    }
    Ok((!text.is_empty()).then_some(n))
}

/// How fields without and with numbers have been seen so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    Unknown,
    Automatic(usize),
    Manual,
}

/// What fields refer to.
struct Values<'a> {
    /// Positional values, `None` under `format_map`.
    args: Option<&'a [Ref<'a>]>,
    named: Option<Ref<'a>>,
    numbering: Numbering,
}

pub(super) fn format(cx: &mut Cx, a: Args<'_>) -> R {
    let named = a.opt(2).filter(|v| v.downcast::<PyDict>(cx).is_some());
    let values = Values { args: Some(a.varargs(cx, 1)), named, numbering: Numbering::Unknown };
    run(cx, a.this(), values)
}

pub(super) fn format_map(cx: &mut Cx, a: Args<'_>) -> R {
    run(cx, a.this(), Values { args: None, named: Some(a.get(1)), numbering: Numbering::Unknown })
}

fn run(cx: &mut Cx, template: &PyStr, mut values: Values<'_>) -> R {
    let text = template.as_bytes();
    if memchr::memchr2(b'{', b'}', text).is_none() && cx.is_exactly(ref_of(template), Builtin::Str) {
        return Ok(ref_of(template).own(cx));
    }
    let mut out = StrBuf::with_capacity(template.byte_len + 16);
    let last = fill(cx, &mut out, text, &mut values, 2)?;
    // A string that stands there alone is the result itself.
    match last {
        Some(v) if v.downcast::<PyStr>(cx).is_some_and(|s| s.byte_len == out.bytes.len()) => Ok(v),
        _ => Ok(out.finish(cx)),
    }
}

/// Appends the template with its fields filled in. Gives what the last field has become.
fn fill(
    cx: &mut Cx,
    out: &mut StrBuf,
    template: &[u8],
    values: &mut Values<'_>,
    depth: u32,
) -> R<Option<Obj>> {
    if depth == 0 {
        return Err(cx.value_error("Max string recursion exceeded"));
    }
    let mut pieces = Pieces::new(template);
    let mut last = None;
    loop {
        match pieces.next_piece() {
            Err(message) => return Err(cx.value_error(message)),
            Ok(None) => return Ok(last),
            Ok(Some((literal, field))) => {
                out.push_wtf8(literal);
                if let Some(field) = field {
                    last = Some(fill_field(cx, out, &field, values, depth)?);
                }
            }
        }
    }
}

fn fill_field(cx: &mut Cx, out: &mut StrBuf, field: &Field<'_>, values: &mut Values<'_>, depth: u32) -> R {
    let mut v = resolve(cx, field.name, values)?;
    if let Some(c) = field.conversion {
        v = convert(cx, v, c)?;
    }
    let expanded;
    let spec = match field.nested {
        false => field.spec,
        true => {
            let mut buffer = StrBuf::default();
            fill(cx, &mut buffer, field.spec, values, depth - 1)?;
            expanded = buffer.bytes;
            &expanded
        }
    };
    let spec = new_wtf8(cx, spec);
    let text = cx.format(v.r(), spec.r())?;
    if let Some(s) = text.downcast::<PyStr>(cx) {
        out.push_str(s);
    }
    match cx.is_exactly(text.r(), Builtin::Str) {
        true => Ok(text),
        false => Ok(cx.none()),
    }
}

/// `!r`, `!s` or `!a`.
fn convert(cx: &mut Cx, v: Obj, c: u32) -> R {
    match c {
        0x72 => cx.repr(v.r()),
        0x73 => cx.to_str(v.r()),
        0x61 => cx.ascii(v.r()),
        0x21..0x7f => Err(cx.value_error(format!("Unknown conversion specifier {}", c as u8 as char))),
        _ => Err(cx.value_error(format!("Unknown conversion specifier \\x{c:x}"))),
    }
}

/// The object that a field names.
fn resolve(cx: &mut Cx, name: &[u8], values: &mut Values<'_>) -> R {
    let (first, mut steps) = split_name(name);
    let mut v = resolve_first(cx, first, values)?;
    loop {
        let step = steps.next_step().map_err(|message| cx.value_error(message))?;
        v = match step {
            None => return Ok(v),
            Some(Step::Attribute(name)) => {
                let name = new_wtf8(cx, name);
                let name = super::intern_obj(cx, name);
                cx.get_attr(v.r(), name.r())?
            }
            Some(Step::Key(key)) => {
                let key = match as_index(key).map_err(|message| cx.value_error(message))? {
                    Some(i) => cx.int(i as i64),
                    None => new_wtf8(cx, key),
                };
                cx.get_item(v.r(), key.r())?
            }
        };
    }
}

fn resolve_first(cx: &mut Cx, name: &[u8], values: &mut Values<'_>) -> R {
    let number = as_index(name).map_err(|message| cx.value_error(message))?;
    let index = match (number, name.is_empty()) {
        (None, false) => return named(cx, name, values),
        (number, _) => count(cx, number, values)?,
    };
    let Some(args) = values.args else {
        return Err(cx.value_error("Format string contains positional fields"));
    };
    match args.get(index) {
        Some(v) => Ok(v.own(cx)),
        None => {
            let message = format!("Replacement index {index} out of range for positional args tuple");
            Err(cx.index_error(message))
        }
    }
}

/// The index of a field that gives `number` or leaves it to the order of fields.
fn count(cx: &mut Cx, number: Option<usize>, values: &mut Values<'_>) -> R<usize> {
    match (number, values.numbering) {
        (None, Numbering::Manual) => {
            Err(cx.value_error("cannot switch from manual field specification to automatic field numbering"))
        }
        (Some(_), Numbering::Automatic(_)) => {
            Err(cx.value_error("cannot switch from automatic field numbering to manual field specification"))
        }
        (Some(i), _) => {
            values.numbering = Numbering::Manual;
            Ok(i)
        }
        (None, numbering) => {
            let next = if let Numbering::Automatic(next) = numbering { next } else { 0 };
            values.numbering = Numbering::Automatic(next + 1);
            Ok(next)
        }
    }
}

fn named(cx: &mut Cx, name: &[u8], values: &Values<'_>) -> R {
    let key = new_wtf8(cx, name);
    match values.named {
        Some(mapping) => cx.get_item(mapping, key.r()),
        None => Err(cx.key_error(key.r())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(template: &str) -> Result<Vec<(String, Option<String>)>, &'static str> {
        let mut pieces = Pieces::new(template.as_bytes());
        let mut found = Vec::new();
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        while let Some((literal, field)) = pieces.next_piece()? {
            found.push((
                text(literal),
                field.map(|f| format!("{}|{}|{:?}", text(f.name), text(f.spec), f.conversion)),
            ));
        }
        Ok(found)
    }

    #[test]
    fn templates_are_split() {
        let found = all("a{{b}}c{x[}]!r:>{w}}d").unwrap();
        let expected = [("a{", None), ("b}", None), ("c", Some("x[}]|>{w}|Some(114)")), ("d", None)];
        assert_eq!(found, expected.map(|(l, f)| (l.to_string(), f.map(str::to_string))));
        assert_eq!(all("{0!rr}"), Err("expected ':' after conversion specifier"));
        assert_eq!(all("{0"), Err("expected '}' before end of string"));
        assert_eq!(all("}"), Err("Single '}' encountered in format string"));
    }
}
