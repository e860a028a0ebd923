//! Values from JSON text.
//!
//! Places are byte offsets here, and numbers of code points in messages and results. The text is kept alive by whoever
//! calls; hooks may run any Python.

use super::memo::Memo;
use super::scanner::Hooks;
use super::text::{four_digits, unescape};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::float::text::parse_ascii;
use ungil_runtime::objects::str::{PyStr, StrBuf, new_ascii, new_wtf8};
use ungil_runtime::prelude::*;

/// `JSONDecodeError(message, text, place)`.
#[cold]
fn decode_error(cx: &mut Cx, s: &PyStr, message: &str, at: i64) -> Err {
    let module = match ungil_runtime::import::import_module(cx, "json.decoder") {
        Ok(module) => module,
        Err(err) => return err,
    };
    let (message, at) = (cx.str(message), cx.int(at));
    match cx.call_method(module.r(), "JSONDecodeError", &[message.r(), ref_of(s), at.r()]) {
        Ok(exception) => ungil_runtime::raise_object(exception),
        Err(err) => err,
    }
}

/// Where code point `i` of the text begins; beyond the text, somewhere beyond it.
fn offset(s: &PyStr, i: usize) -> usize {
    if i > s.char_len() { s.byte_len() + 1 } else { s.byte_offset(i) }
}

/// `scanstring(string, end, strict=True)`: the string that begins behind the quotation mark in front of `end`.
pub fn scanstring(cx: &mut Cx, a: Args<'_>) -> R {
    let strict = a.opt(2).map_or(Ok(true), |v| cx.truth(v));
    let end = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let strict = strict?;
    let Some(s) = a.get(0).downcast::<PyStr>(cx) else {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("first argument must be a string, not {got}")));
    };
    let at = match usize::try_from(end) {
        Ok(end) if end <= s.char_len() => s.byte_offset(end),
        _ => return Err(cx.value_error("end is out of bounds")),
    };
    let (text, end) = read_string(cx, s, at, strict)?;
    let text = text.into_obj(cx);
    let end = cx.int(s.char_index(end) as i64);
    Ok(cx.tuple(vec![text, end]))
}

/// The contents of a string.
pub enum Text<'a> {
    /// Part of the source.
    Plain(&'a [u8]),
    Made(StrBuf),
}

impl Text<'_> {
    fn into_obj(self, cx: &Cx) -> Obj {
        match self {
            Text::Plain(bytes) => new_wtf8(cx, bytes),
            Text::Made(text) => text.finish(cx),
        }
    }
}

/// The string from a place behind its first quotation mark to the next one, and the place behind that.
fn read_string<'a>(cx: &mut Cx, s: &'a PyStr, begin: usize, strict: bool) -> R<(Text<'a>, usize)> {
    let bytes = s.as_bytes();
    let mut made: Option<StrBuf> = None;
    let mut at = begin;
    loop {
        let stops = |b: &u8| *b == b'"' || *b == b'\\' || (*b < 0x20 && strict);
        let Some(run) = bytes[at..].iter().position(stops) else { return Err(unterminated(cx, s, begin)) };
        let part = &bytes[at..at + run];
        at += run;
        match (bytes[at], &mut made) {
            (b'"', None) => return Ok((Text::Plain(part), at + 1)),
            (b'"' | b'\\', Some(made)) => made.push_wtf8(part),
            (b'\\', none) => {
                let mut text = StrBuf::with_capacity(part.len() * 2 + 16);
                text.push_wtf8(part);
                *none = Some(text);
            }
            _ => {
                let at = s.char_index(at) as i64;
                return Err(decode_error(cx, s, "Invalid control character at", at));
            }
        }
        if let Some(mut text) = made.take() {
            if bytes[at] == b'"' {
                return Ok((Text::Made(text), at + 1));
            }
            at = read_escape(cx, s, begin, at, &mut text)?;
            made = Some(text);
        }
    }
}

#[cold]
fn unterminated(cx: &mut Cx, s: &PyStr, begin: usize) -> Err {
    let begin = s.char_index(begin) as i64 - 1;
    decode_error(cx, s, "Unterminated string starting at", begin)
}

/// Reads the escape whose backslash is at a place; gives the place behind it.
fn read_escape(cx: &mut Cx, s: &PyStr, begin: usize, at: usize, to: &mut StrBuf) -> R<usize> {
    let bytes = s.as_bytes();
    let Some(&letter) = bytes.get(at + 1) else { return Err(unterminated(cx, s, begin)) };
    if letter != b'u' {
        let Some(c) = unescape(letter) else {
            let at = s.char_index(at) as i64;
            return Err(decode_error(cx, s, "Invalid \\escape", at));
        };
        to.push_ascii(&[c]);
        return Ok(at + 2);
    }
    let unit = |cx: &mut Cx, digits: usize| match four_digits(&bytes[digits..]) {
        Some(unit) => Ok(unit),
        None => {
            let at = s.char_index(digits) as i64 - 1;
            Err(decode_error(cx, s, "Invalid \\uXXXX escape", at))
        }
    };
    let first = unit(cx, at + 2)?;
    let end = at + 6;
    let is_pair = (0xd800..0xdc00).contains(&first)
        && end + 6 <= bytes.len()
        && bytes[end] == b'\\'
        && bytes[end + 1] == b'u';
    if is_pair {
        let second = unit(cx, end + 2)?;
        if (0xdc00..0xe000).contains(&second) {
            to.push(0x1_0000 + ((first - 0xd800) << 10 | (second - 0xdc00)));
            return Ok(end + 6);
        }
    }
    to.push(first);
    Ok(end)
}

/// Reading one document.
pub struct Reader<'a> {
    s: &'a PyStr,
    hooks: &'a Hooks<'a>,
    memo: Memo,
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

impl<'a> Reader<'a> {
    pub fn new(s: &'a PyStr, hooks: &'a Hooks<'a>) -> Reader<'a> {
        Reader { s, hooks, memo: Memo::default() }
    }

    /// The value at code point `i`, and the number of the code point behind it.
    ///
    /// # Errors
    /// `StopIteration(place)` if there is no value, `JSONDecodeError`, or what a hook raises.
    pub fn value_at(&mut self, cx: &mut Cx, i: usize) -> R<(Obj, usize)> {
        let at = offset(self.s, i);
        if at >= self.s.byte_len() {
            return Err(stop(cx, i));
        }
        let (value, end) = self.value(cx, at)?;
        Ok((value, self.s.char_index(end)))
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.s.as_bytes().get(at).copied()
    }

    /// The first place from `at` on that is no white space.
    fn skip(&self, at: usize) -> usize {
        let rest = &self.s.as_bytes()[at.min(self.s.byte_len())..];
        at + rest.iter().position(|&b| !is_space(b)).unwrap_or(rest.len())
    }

    #[cold]
    fn error(&self, cx: &mut Cx, message: &str, at: usize) -> Err {
        let at = self.s.char_index(at.min(self.s.byte_len())) as i64;
        decode_error(cx, self.s, message, at)
    }

    #[cold]
    fn no_value(&self, cx: &mut Cx, at: usize) -> Err {
        stop(cx, self.s.char_index(at.min(self.s.byte_len())))
    }

    /// The value at a byte, and the place behind it.
    fn value(&mut self, cx: &mut Cx, at: usize) -> R<(Obj, usize)> {
        let rest = self.s.as_bytes().get(at..).unwrap_or(&[]);
        match rest.first() {
            Some(b'"') => {
                let (text, end) = read_string(cx, self.s, at + 1, self.hooks.strict)?;
                Ok((text.into_obj(cx), end))
            }
            Some(b'{') => {
                self.deeper(cx, "object")?;
                self.object(cx, at + 1)
            }
            Some(b'[') => {
                self.deeper(cx, "array")?;
                self.array(cx, at + 1)
            }
            Some(b'n') if rest.starts_with(b"null") => Ok((cx.none(), at + 4)),
            Some(b't') if rest.starts_with(b"true") => Ok((cx.bool(true), at + 4)),
            Some(b'f') if rest.starts_with(b"false") => Ok((cx.bool(false), at + 5)),
            Some(b'N') if rest.starts_with(b"NaN") => self.constant(cx, "NaN", at),
            Some(b'I') if rest.starts_with(b"Infinity") => self.constant(cx, "Infinity", at),
            Some(b'-') if rest.starts_with(b"-Infinity") => self.constant(cx, "-Infinity", at),
            _ => self.number(cx, at),
        }
    }

    /// Nested values take native stack, not frames.
    fn deeper(&self, cx: &mut Cx, what: &str) -> R<()> {
        match cx.native_stack_low() {
            true => Err(cx.recursion_error(&format!(" while decoding a JSON {what} from a unicode string"))),
            false => cx.poll(),
        }
    }

    fn constant(&self, cx: &mut Cx, text: &str, at: usize) -> R<(Obj, usize)> {
        let name = cx.str(text);
        let value = cx.call(self.hooks.parse_constant, &[name.r()])?;
        Ok((value, at + text.len()))
    }

    fn number(&self, cx: &mut Cx, start: usize) -> R<(Obj, usize)> {
        let bytes = self.s.as_bytes();
        let digits = |from: usize| {
            from + bytes[from.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count()
        };
        let mut at = start + (self.byte(start) == Some(b'-')) as usize;
        match self.byte(at) {
            Some(b'0') => at += 1,
            Some(b'1'..=b'9') => at = digits(at),
            _ => return Err(self.no_value(cx, start)),
        }
        let mut is_float = false;
        if self.byte(at) == Some(b'.') && self.byte(at + 1).is_some_and(|b| b.is_ascii_digit()) {
            (is_float, at) = (true, digits(at + 1));
        }
        if matches!(self.byte(at), Some(b'e' | b'E')) {
            let sign = matches!(self.byte(at + 1), Some(b'-' | b'+')) as usize;
            let end = digits(at + 1 + sign);
            if end > at + 1 + sign {
                (is_float, at) = (true, end);
            }
        }
        let value = self.number_of(cx, &bytes[start..at], is_float)?;
        Ok((value, at))
    }

    fn number_of(&self, cx: &mut Cx, text: &[u8], is_float: bool) -> R {
        /// Digits of which every number fits into an immediate.
        const FEW: usize = 14;
        let hook = if is_float { self.hooks.parse_float } else { self.hooks.parse_int };
        match (is_float, hook) {
            (true, None) if let Some(x) = parse_ascii(text) => Ok(cx.float(x)),
            (false, None) if text.len() <= FEW => {
                let (negative, digits) = match text {
                    [b'-', digits @ ..] => (true, digits),
                    digits => (false, digits),
                };
                let n = digits.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
                Ok(cx.int(if negative { -n } else { n }))
            }
            _ => {
                let plain = if is_float { Builtin::Float } else { Builtin::Int };
                let text = new_ascii(cx, text);
                cx.call(hook.unwrap_or_else(|| cx.builtin(plain).as_ref()), &[text.r()])
            }
        }
    }

    /// The array whose bracket is in front of a place.
    fn array(&mut self, cx: &mut Cx, at: usize) -> R<(Obj, usize)> {
        let mut items = Vec::new();
        let mut at = self.skip(at);
        if self.byte(at) == Some(b']') {
            return Ok((cx.list(items), at + 1));
        }
        loop {
            let (value, end) = self.value(cx, at)?;
            items.push(value);
            at = self.skip(end);
            match self.byte(at) {
                Some(b']') => return Ok((cx.list(items), at + 1)),
                Some(b',') => {}
                _ => return Err(self.error(cx, "Expecting ',' delimiter", at)),
            }
            let comma = at;
            at = self.skip(at + 1);
            if self.byte(at) == Some(b']') {
                return Err(self.error(cx, "Illegal trailing comma before end of array", comma));
            }
        }
    }

    /// The object whose brace is in front of a place.
    fn object(&mut self, cx: &mut Cx, at: usize) -> R<(Obj, usize)> {
        let mut made = Members::new(cx, self.hooks.object_pairs_hook.is_some());
        let mut at = self.skip(at);
        if self.byte(at) == Some(b'}') {
            return Ok((made.finish(cx, self.hooks)?, at + 1));
        }
        loop {
            if self.byte(at) != Some(b'"') {
                return Err(self.error(cx, "Expecting property name enclosed in double quotes", at));
            }
            let (name, end) = read_string(cx, self.s, at + 1, self.hooks.strict)?;
            let name = match name {
                Text::Plain(bytes) => self.memo.name(cx, bytes),
                Text::Made(text) => self.memo.name(cx, &text.bytes),
            };
            at = self.skip(end);
            if self.byte(at) != Some(b':') {
                return Err(self.error(cx, "Expecting ':' delimiter", at));
            }
            let start = self.skip(at + 1);
            let (value, end) = self.value(cx, start)?;
            made.add(cx, name, value);
            at = self.skip(end);
            match self.byte(at) {
                Some(b'}') => return Ok((made.finish(cx, self.hooks)?, at + 1)),
                Some(b',') => {}
                _ => return Err(self.error(cx, "Expecting ',' delimiter", at)),
            }
            let comma = at;
            at = self.skip(at + 1);
            if self.byte(at) == Some(b'}') {
                return Err(self.error(cx, "Illegal trailing comma before end of object", comma));
            }
        }
    }
}

/// `StopIteration(place)`.
#[cold]
fn stop(cx: &mut Cx, i: usize) -> Err {
    let i = cx.int(i as i64);
    cx.error_with(Builtin::StopIteration, i)
}

/// The members of an object so far.
enum Members {
    Dict(Obj),
    Pairs(Vec<Obj>),
}

impl Members {
    fn new(cx: &Cx, pairs: bool) -> Members {
        if pairs { Members::Pairs(Vec::new()) } else { Members::Dict(PyDict::new(cx)) }
    }

    fn add(&mut self, cx: &Cx, name: Obj, value: Obj) {
        match self {
            Members::Pairs(pairs) => pairs.push(cx.tuple(vec![name, value])),
            Members::Dict(dict) => {
                // SAFETY: made as a dict in `new`.
                unsafe { dict.cast_unchecked::<PyDict>() }.set_str(cx, name.r(), value);
            }
        }
    }

    fn finish(self, cx: &mut Cx, hooks: &Hooks<'_>) -> R {
        match (self, hooks.object_pairs_hook, hooks.object_hook) {
            (Members::Pairs(pairs), Some(hook), _) => {
                let pairs = cx.list(pairs);
                cx.call(hook, &[pairs.r()])
            }
            (Members::Dict(dict), _, Some(hook)) => cx.call(hook, &[dict.r()]),
            (Members::Dict(dict), ..) => Ok(dict),
            (Members::Pairs(pairs), ..) => Ok(cx.list(pairs)),
        }
    }
}
