//! Error handlers: what is done about text that cannot be encoded and bytes that cannot be decoded.

use super::registry;
use crate::objects::str::code_points::{self, CodePoints, is_surrogate};
use crate::objects::str::{PyStr, StrBuf, new_str};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// An error handler.
#[derive(Debug)]
pub enum Handler {
    Strict,
    Ignore,
    Replace,
    BackslashReplace,
    XmlCharRefReplace,
    NameReplace,
    SurrogateEscape,
    SurrogatePass,
    /// Registered by Python code.
    Other(Obj),
}

impl Handler {
    /// The handler of a name.
    ///
    /// # Errors
    /// `LookupError` ("unknown error handler name 'x'").
    pub fn find(cx: &mut Cx, name: &str) -> R<Handler> {
        if let Some(replaced) = registry::replaced_handler(cx, name) {
            return Ok(Handler::Other(replaced));
        }
        Ok(match name {
            "strict" => Handler::Strict,
            "ignore" => Handler::Ignore,
            "replace" => Handler::Replace,
            "backslashreplace" => Handler::BackslashReplace,
            "xmlcharrefreplace" => Handler::XmlCharRefReplace,
            "namereplace" => Handler::NameReplace,
            "surrogateescape" => Handler::SurrogateEscape,
            "surrogatepass" => Handler::SurrogatePass,
            _ => Handler::Other(registry::lookup_error(cx, name)?),
        })
    }
}

/// What went wrong, as the exception tells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Problem<'a> {
    pub encoding: &'a str,
    pub start: usize,
    pub end: usize,
    pub reason: &'a str,
}

impl Problem<'_> {
    fn exception(&self, cx: &mut Cx, class: Builtin, object: Obj) -> Obj {
        let (encoding, reason) = (new_str(cx, self.encoding), new_str(cx, self.reason));
        let (start, end) = (cx.int(self.start as i64), cx.int(self.end as i64));
        crate::objects::exception::new_exception(cx, class, [encoding, object, start, end, reason])
    }

    /// `UnicodeDecodeError`.
    pub fn decode_error(&self, cx: &mut Cx, data: &[u8]) -> Err {
        let object = crate::objects::bytes::new_bytes(cx, data);
        crate::err::Raised(self.exception(cx, Builtin::UnicodeDecodeError, object))
    }

    /// `UnicodeEncodeError`.
    pub fn encode_error(&self, cx: &mut Cx, s: &PyStr) -> Err {
        let object = ref_of(s).own(cx);
        crate::err::Raised(self.exception(cx, Builtin::UnicodeEncodeError, object))
    }
}

/// Handles bytes that cannot be decoded: appends what stands for them, and gives the place to go on at.
///
/// # Errors
/// `UnicodeDecodeError`, or what a handler of Python raises.
pub(super) fn on_decode_error(
    cx: &mut Cx,
    handler: &Handler,
    out: &mut StrBuf,
    data: &[u8],
    problem: Problem<'_>,
) -> R<usize> {
    let bad = &data[problem.start..problem.end];
    match handler {
        Handler::Strict => Err(problem.decode_error(cx, data)),
        Handler::Ignore => Ok(problem.end),
        Handler::Replace => {
            out.push(0xfffd);
            Ok(problem.end)
        }
        Handler::BackslashReplace => {
            bad.iter().for_each(|b| out.push_ascii(format!("\\x{b:02x}").as_bytes()));
            Ok(problem.end)
        }
        Handler::SurrogateEscape => {
            let n = bad.iter().take(4).take_while(|b| !b.is_ascii()).count();
            if n == 0 {
                return Err(problem.decode_error(cx, data));
            }
            bad[..n].iter().for_each(|&b| out.push(0xdc00 + b as u32));
            Ok(problem.start + n)
        }
        Handler::SurrogatePass => match encoded_surrogate(problem.encoding, &data[problem.start..]) {
            Some((c, n)) => {
                out.push(c);
                Ok(problem.start + n)
            }
            None => Err(problem.decode_error(cx, data)),
        },
        Handler::XmlCharRefReplace | Handler::NameReplace => {
            Err(cx.type_error("don't know how to handle UnicodeDecodeError in error callback"))
        }
        Handler::Other(callable) => {
            let object = crate::objects::bytes::new_bytes(cx, data);
            let exception = problem.exception(cx, Builtin::UnicodeDecodeError, object);
            let wrong = "decoding error handler must return (str, int) tuple";
            let (text, at) = call(cx, callable, exception, data.len(), wrong)?;
            match text.downcast::<PyStr>(cx) {
                Some(text) => out.push_str(text),
                None => return Err(cx.type_error(wrong)),
            }
            Ok(at)
        }
    }
}

/// The surrogate at the front of bytes in an encoding of Unicode, and its width.
fn encoded_surrogate(encoding: &str, data: &[u8]) -> Option<(u32, usize)> {
    let word = |n: usize| data.get(..n);
    let (c, n) = match encoding {
        "utf-8" => {
            let [0xed, b @ 0xa0..0xc0, c @ 0x80..0xc0] = *word(3)? else { return None };
            (0xd000 | (b as u32 & 0x3f) << 6 | c as u32 & 0x3f, 3)
        }
        "utf-16-le" => (u16::from_le_bytes(word(2)?.try_into().ok()?) as u32, 2),
        "utf-16-be" => (u16::from_be_bytes(word(2)?.try_into().ok()?) as u32, 2),
        "utf-32-le" => (u32::from_le_bytes(word(4)?.try_into().ok()?), 4),
        "utf-32-be" => (u32::from_be_bytes(word(4)?.try_into().ok()?), 4),
        _ => return None,
    };
    is_surrogate(c).then_some((c, n))
}

/// What stands for text that cannot be encoded.
pub(super) enum Replacement {
    /// To be encoded in its turn.
    Text(Vec<u32>),
    Bytes(Vec<u8>),
}

/// Handles text that cannot be encoded: what stands for the code points, and the place to go on at.
///
/// # Errors
/// `UnicodeEncodeError`, or what a handler of Python raises.
pub(super) fn on_encode_error(
    cx: &mut Cx,
    handler: &Handler,
    s: &PyStr,
    problem: Problem<'_>,
) -> R<(Replacement, usize)> {
    let (from, to) = (s.byte_offset(problem.start), s.byte_offset(problem.end));
    let bad = CodePoints::new(&s.as_bytes()[from..to]);
    let text = |text: String| Replacement::Text(text.bytes().map(u32::from).collect());
    let replacement = match handler {
        Handler::Strict => return Err(problem.encode_error(cx, s)),
        Handler::Ignore => Replacement::Text(Vec::new()),
        Handler::Replace => Replacement::Text(vec!['?' as u32; problem.end - problem.start]),
        Handler::BackslashReplace => text(bad.map(backslashed).collect()),
        Handler::XmlCharRefReplace => text(bad.map(|c| format!("&#{c};")).collect()),
        Handler::NameReplace => text(bad.map(named).collect()),
        Handler::SurrogateEscape => {
            let escaped: Vec<u8> =
                bad.take_while(|c| (0xdc80..0xdd00).contains(c)).map(|c| (c - 0xdc00) as u8).collect();
            let at = problem.start + escaped.len();
            return match escaped.is_empty() {
                true => Err(problem.encode_error(cx, s)),
                false => Ok((Replacement::Bytes(escaped), at)),
            };
        }
        Handler::SurrogatePass => match pass_surrogates(problem.encoding, bad) {
            Some(bytes) => Replacement::Bytes(bytes),
            None => return Err(problem.encode_error(cx, s)),
        },
        Handler::Other(callable) => {
            let object = ref_of(s).own(cx);
            let exception = problem.exception(cx, Builtin::UnicodeEncodeError, object);
            let wrong = "encoding error handler must return (str/bytes, int) tuple";
            let (v, at) = call(cx, callable, exception, s.char_len(), wrong)?;
            if let Some(text) = v.downcast::<PyStr>(cx) {
                return Ok((Replacement::Text(text.code_points().collect()), at));
            }
            return match v.downcast::<crate::objects::bytes::PyBytes>(cx) {
                Some(bytes) => Ok((Replacement::Bytes(bytes.as_bytes().to_vec()), at)),
                None => Err(cx.type_error(wrong)),
            };
        }
    };
    Ok((replacement, problem.end))
}

/// The escape of a code point as `backslashreplace` writes it.
pub(crate) fn backslashed(c: u32) -> String {
    match c {
        0..0x100 => format!("\\x{c:02x}"),
        0x100..0x1_0000 => format!("\\u{c:04x}"),
        _ => format!("\\U{c:08x}"),
    }
}

/// The escape of a code point as `namereplace` writes it.
fn named(c: u32) -> String {
    match char::from_u32(c).and_then(unicode_names2::name) {
        Some(name) => format!("\\N{{{name}}}"),
        None => backslashed(c),
    }
}

/// Surrogates as they are, `None` if there is anything else or the encoding is none of Unicode's.
fn pass_surrogates(encoding: &str, bad: CodePoints<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for c in bad {
        if !is_surrogate(c) {
            return None;
        }
        match encoding {
            "utf-8" => code_points::push(&mut out, c),
            "utf-16" | "utf-16-le" => out.extend((c as u16).to_le_bytes()),
            "utf-16-be" => out.extend((c as u16).to_be_bytes()),
            "utf-32" | "utf-32-le" => out.extend(c.to_le_bytes()),
            "utf-32-be" => out.extend(c.to_be_bytes()),
            _ => return None,
        }
    }
    Some(out)
}

/// Calls a handler of Python: what it gives, and the place to go on at.
fn call(cx: &mut Cx, callable: &Obj, exception: Obj, len: usize, wrong: &str) -> R<(Obj, usize)> {
    let result = cx.call(callable.r(), &[exception.r()])?;
    let parts = match result.downcast::<PyTuple>(cx).map(PyTuple::items) {
        Some(&[v, at]) if cx.is_instance_of(at, Builtin::Int) => (v.own(cx), at),
        _ => return Err(cx.type_error(wrong)),
    };
    let at = crate::objects::str::args::ssize(cx, parts.1)?;
    let place = if at < 0 { at + len as isize } else { at };
    if place < 0 || place as usize > len {
        return Err(cx.index_error(format!("position {at} from error handler out of bounds")));
    }
    Ok((parts.0, place as usize))
}

/// A handler of the built-in kind called from Python (`codecs.replace_errors(exc)` and the like): gives its tuple.
///
/// # Errors
/// The exception itself for `strict`, `TypeError` for objects that are no errors of encoding or decoding.
pub(crate) fn call_from_python(cx: &mut Cx, handler: &Handler, exception: Ref<'_>) -> R {
    let is = |cx: &Cx, class| cx.is_instance_of(exception, class);
    let kinds = [Builtin::UnicodeEncodeError, Builtin::UnicodeDecodeError, Builtin::UnicodeTranslateError];
    let Some(&class) = kinds.iter().find(|&&class| is(cx, class)) else {
        if matches!(handler, Handler::Strict) && is(cx, Builtin::BaseException) {
            return Err(crate::err::Raised(exception.own(cx)));
        }
        let what = if matches!(handler, Handler::Strict) {
            "codec must pass exception instance".to_string()
        } else {
            let name = cx.type_name(exception);
            format!("don't know how to handle {name} in error callback")
        };
        return Err(cx.type_error(what));
    };
    if matches!(handler, Handler::Strict) {
        return Err(crate::err::Raised(exception.own(cx)));
    }
    let object = cx.get_attr_str(exception, "object")?;
    let (start, end) = (int_attr(cx, exception, "start")?, int_attr(cx, exception, "end")?);
    if class == Builtin::UnicodeDecodeError {
        return decode_reply(cx, handler, exception, object, start, end);
    }
    let Some(s) = object.downcast::<PyStr>(cx) else {
        return Err(cx.type_error("object attribute must be unicode"));
    };
    let (start, end) = (start.min(s.char_len()), end.min(s.char_len()));
    if class == Builtin::UnicodeTranslateError {
        let text = match handler {
            Handler::Ignore => String::new(),
            Handler::Replace => "\u{fffd}".repeat(end.saturating_sub(start)),
            Handler::BackslashReplace => {
                let bytes = &s.as_bytes()[s.byte_offset(start)..s.byte_offset(end.max(start))];
                CodePoints::new(bytes).map(backslashed).collect()
            }
            _ => {
                return Err(cx.type_error("don't know how to handle UnicodeTranslateError in error callback"));
            }
        };
        let text = cx.str(&text);
        return Ok(cx.tuple(vec![text, cx.int(end as i64)]));
    }
    let encoding = cx.get_attr_str(exception, "encoding")?;
    let encoding = super::wide::canonical_name(&cx.text_of(encoding.r()));
    let problem = Problem { encoding: &encoding, start, end: end.max(start), reason: "" };
    let reply = match on_encode_error(cx, handler, s, problem) {
        Ok(reply) => reply,
        // The handler has given up: the exception that it was given is raised.
        Err(err) if cx.is_error(&err, Builtin::UnicodeEncodeError) => {
            return Err(crate::err::Raised(exception.own(cx)));
        }
        Err(err) => return Err(err),
    };
    let (text, at) = match reply {
        (Replacement::Bytes(bytes), at) => (crate::objects::bytes::new_bytes(cx, &bytes), at),
        (Replacement::Text(chars), at) => {
            let mut text = StrBuf::default();
            chars.into_iter().for_each(|c| text.push(c));
            (text.finish(cx), at)
        }
    };
    Ok(cx.tuple(vec![text, cx.int(at as i64)]))
}

fn decode_reply(cx: &mut Cx, handler: &Handler, exc: Ref<'_>, object: Obj, start: usize, end: usize) -> R {
    let data = crate::objects::buffer::bytes_of(cx, object.r())?;
    let encoding = cx.get_attr_str(exc, "encoding")?;
    let encoding = super::wide::canonical_name(&cx.text_of(encoding.r()));
    let (start, end) = (start.min(data.len()), end.min(data.len()));
    let problem = Problem { encoding: &encoding, start, end: end.max(start), reason: "" };
    let mut out = StrBuf::default();
    match on_decode_error(cx, handler, &mut out, &data, problem) {
        Ok(at) => {
            let text = out.finish(cx);
            Ok(cx.tuple(vec![text, cx.int(at as i64)]))
        }
        Err(err) if cx.is_error(&err, Builtin::UnicodeDecodeError) => Err(crate::err::Raised(exc.own(cx))),
        Err(err) => Err(err),
    }
}

fn int_attr(cx: &mut Cx, v: Ref<'_>, name: &str) -> R<usize> {
    let v = cx.get_attr_str(v, name)?;
    Ok(crate::objects::str::args::ssize(cx, v.r())?.max(0) as usize)
}
