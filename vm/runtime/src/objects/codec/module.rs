//! The module `_codecs`, on which `codecs` and `encodings` of the library stand.

use super::escape::Doubtful;
use super::wide::Order;
use super::{escape, registry, single, utf7, utf8, wide};
use crate::objects::buffer::{bytes_of, is_bytes_like};
use crate::objects::bytes::new_bytes;
use crate::objects::dict::PyDict;
use crate::objects::module::add_functions;
use crate::objects::str::PyStr;
use crate::objects::str::args::{c_int, expect_str};
use crate::objects::str::methods::encoding_argument;
use crate::prelude::*;
use std::borrow::Cow;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("register", "($module, search_function, /)", Full(register)),
    ("unregister", "($module, search_function, /)", Full(unregister)),
    ("lookup", "($module, encoding, /)", Full(lookup)),
    ("encode", "($module, /, obj, encoding='utf-8', errors='strict')", Full(encode)),
    ("decode", "($module, /, obj, encoding='utf-8', errors='strict')", Full(decode)),
    ("register_error", "($module, errors, handler, /)", Full(register_error)),
    ("_unregister_error", "($module, errors, /)", Full(unregister_error)),
    ("lookup_error", "($module, name, /)", Full(lookup_error)),
    ("escape_encode", "($module, data, errors=None, /)", Full(escape_encode)),
    ("escape_decode", "($module, data, errors=None, /)", Full(escape_decode)),
    (
        "utf_8_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| encoded(cx, a, "utf_8_encode", utf8::encode)),
    ),
    (
        "utf_8_decode",
        "($module, data, errors=None, final=False, /)",
        Full(|cx, a| decoded(cx, a, "utf_8_decode", false, utf8::decode)),
    ),
    (
        "utf_7_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| encoded(cx, a, "utf_7_encode", |cx, s, _| utf7::encode(cx, s))),
    ),
    (
        "utf_7_decode",
        "($module, data, errors=None, final=False, /)",
        Full(|cx, a| decoded(cx, a, "utf_7_decode", false, utf7::decode)),
    ),
    (
        "latin_1_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| encoded(cx, a, "latin_1_encode", single::encode_latin1)),
    ),
    ("latin_1_decode", "($module, data, errors=None, /)", Full(latin_1_decode)),
    (
        "ascii_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| encoded(cx, a, "ascii_encode", single::encode_ascii)),
    ),
    ("ascii_decode", "($module, data, errors=None, /)", Full(ascii_decode)),
    (
        "utf_16_encode",
        "($module, str, errors=None, byteorder=0, /)",
        Full(|cx, a| wide_encoded(cx, a, "utf_16_encode", wide::encode_utf16)),
    ),
    (
        "utf_16_le_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| {
            encoded(cx, a, "utf_16_le_encode", |cx, s, e| wide::encode_utf16(cx, s, e, Order::Little))
        }),
    ),
    (
        "utf_16_be_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| encoded(cx, a, "utf_16_be_encode", |cx, s, e| wide::encode_utf16(cx, s, e, Order::Big))),
    ),
    (
        "utf_16_decode",
        "($module, data, errors=None, final=False, /)",
        Full(|cx, a| wide_decoded(cx, a, "utf_16_decode", wide::decode_utf16, Order::Mark)),
    ),
    (
        "utf_16_le_decode",
        "($module, data, errors=None, final=False, /)",
        Full(|cx, a| wide_decoded(cx, a, "utf_16_le_decode", wide::decode_utf16, Order::Little)),
    ),
    (
        "utf_16_be_decode",
        "($module, data, errors=None, final=False, /)",
        Full(|cx, a| wide_decoded(cx, a, "utf_16_be_decode", wide::decode_utf16, Order::Big)),
    ),
    (
        "utf_16_ex_decode",
        "($module, data, errors=None, byteorder=0, final=False, /)",
        Full(|cx, a| wide_decoded_ex(cx, a, "utf_16_ex_decode", wide::decode_utf16)),
    ),
    (
        "utf_32_encode",
        "($module, str, errors=None, byteorder=0, /)",
        Full(|cx, a| wide_encoded(cx, a, "utf_32_encode", wide::encode_utf32)),
    ),
    (
        "utf_32_le_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| {
            encoded(cx, a, "utf_32_le_encode", |cx, s, e| wide::encode_utf32(cx, s, e, Order::Little))
        }),
    ),
    (
        "utf_32_be_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| encoded(cx, a, "utf_32_be_encode", |cx, s, e| wide::encode_utf32(cx, s, e, Order::Big))),
    ),
    (
        "utf_32_decode",
        "($module, data, errors=None, final=False, /)",
        Full(|cx, a| wide_decoded(cx, a, "utf_32_decode", wide::decode_utf32, Order::Mark)),
    ),
    (
        "utf_32_le_decode",
        "($module, data, errors=None, final=False, /)",
        Full(|cx, a| wide_decoded(cx, a, "utf_32_le_decode", wide::decode_utf32, Order::Little)),
    ),
    (
        "utf_32_be_decode",
        "($module, data, errors=None, final=False, /)",
        Full(|cx, a| wide_decoded(cx, a, "utf_32_be_decode", wide::decode_utf32, Order::Big)),
    ),
    (
        "utf_32_ex_decode",
        "($module, data, errors=None, byteorder=0, final=False, /)",
        Full(|cx, a| wide_decoded_ex(cx, a, "utf_32_ex_decode", wide::decode_utf32)),
    ),
    (
        "unicode_escape_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| encoded(cx, a, "unicode_escape_encode", |cx, s, _| escape::encode_unicode(cx, s))),
    ),
    ("unicode_escape_decode", "($module, data, errors=None, final=True, /)", Full(unicode_escape_decode)),
    (
        "raw_unicode_escape_encode",
        "($module, str, errors=None, /)",
        Full(|cx, a| encoded(cx, a, "raw_unicode_escape_encode", |cx, s, _| escape::encode_raw(cx, s))),
    ),
    (
        "raw_unicode_escape_decode",
        "($module, data, errors=None, final=True, /)",
        Full(|cx, a| decoded(cx, a, "raw_unicode_escape_decode", true, escape::decode_raw)),
    ),
    ("charmap_build", "($module, map, /)", Full(charmap_build)),
    ("charmap_encode", "($module, str, errors=None, mapping=None, /)", Full(charmap_encode)),
    ("charmap_decode", "($module, data, errors=None, mapping=None, /)", Full(charmap_decode)),
    ("readbuffer_encode", "($module, data, errors=None, /)", Full(readbuffer_encode)),
];

/// Fills the module.
///
/// # Errors
/// None now.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    Ok(())
}

/// The name of an error handler at place `i`, which may be `None`.
fn errors_at(cx: &mut Cx, a: Args<'_>, i: usize, function: &str) -> R<String> {
    match a.opt_not_none(i) {
        None => Ok("strict".into()),
        Some(v) => {
            if v.downcast::<PyStr>(cx).is_none() {
                let name = cx.type_name(v);
                return Err(cx.type_error(format!("{function}() argument 2 must be str or None, not {name}")));
            }
            encoding_argument(cx, Some(v), "", "")
        }
    }
}

fn truth_at(cx: &mut Cx, a: Args<'_>, i: usize, default: bool) -> R<bool> {
    a.opt(i).map_or(Ok(default), |v| cx.truth(v))
}

fn pair(cx: &mut Cx, v: Obj, n: usize) -> R {
    Ok(cx.tuple(vec![v, cx.int(n as i64)]))
}

/// The result of an encoder: bytes and the number of characters.
fn encoded(cx: &mut Cx, a: Args<'_>, function: &str, f: impl FnOnce(&mut Cx, &PyStr, &str) -> R) -> R {
    let s = expect_str(cx, a.get(0), &format!("{function}() argument 1"))?;
    let errors = errors_at(cx, a, 1, function)?;
    let bytes = f(cx, s, &errors)?;
    pair(cx, bytes, s.char_len())
}

/// The result of a decoder: text and the number of bytes used.
fn decoded(
    cx: &mut Cx,
    a: Args<'_>,
    function: &str,
    last: bool,
    f: impl FnOnce(&mut Cx, &[u8], &str, bool) -> R<(Obj, usize)>,
) -> R {
    let data = bytes_of(cx, a.get(0))?;
    let (errors, last) = (errors_at(cx, a, 1, function)?, truth_at(cx, a, 2, last)?);
    let (text, used) = f(cx, &data, &errors, last)?;
    pair(cx, text, used)
}

fn order_at(cx: &mut Cx, a: Args<'_>, i: usize) -> R<Order> {
    Ok(match a.opt(i).map_or(Ok(0), |v| c_int(cx, v))? {
        0 => Order::Mark,
        ..0 => Order::Little,
        _ => Order::Big,
    })
}

type WideEncoder = fn(&mut Cx, &PyStr, &str, Order) -> R;
type WideDecoder = fn(&mut Cx, &[u8], &str, Order, bool) -> R<wide::Decoded>;

fn wide_encoded(cx: &mut Cx, a: Args<'_>, function: &str, f: WideEncoder) -> R {
    let order = order_at(cx, a, 2)?;
    encoded(cx, a, function, |cx, s, errors| f(cx, s, errors, order))
}

fn wide_decoded(cx: &mut Cx, a: Args<'_>, function: &str, f: WideDecoder, order: Order) -> R {
    decoded(cx, a, function, false, |cx, data, errors, last| {
        f(cx, data, errors, order, last).map(|d| (d.text, d.used))
    })
}

/// As [`wide_decoded`], with the byte order found as a third result.
fn wide_decoded_ex(cx: &mut Cx, a: Args<'_>, function: &str, f: WideDecoder) -> R {
    let data = bytes_of(cx, a.get(0))?;
    let (errors, order, last) =
        (errors_at(cx, a, 1, function)?, order_at(cx, a, 2)?, truth_at(cx, a, 3, false)?);
    let d = f(cx, &data, &errors, order, last)?;
    let order = match d.order {
        Order::Mark => 0,
        Order::Little => -1,
        Order::Big => 1,
    };
    Ok(cx.tuple(vec![d.text, cx.int(d.used as i64), cx.int(order)]))
}

fn latin_1_decode(cx: &mut Cx, a: Args<'_>) -> R {
    decoded(cx, a, "latin_1_decode", true, |cx, data, _, _| {
        Ok((single::decode_latin1(cx, data)?, data.len()))
    })
}

fn ascii_decode(cx: &mut Cx, a: Args<'_>) -> R {
    decoded(cx, a, "ascii_decode", true, |cx, data, errors, _| single::decode_ascii(cx, data, errors))
}

/// Bytes of a buffer, or the UTF-8 of text.
fn text_or_bytes<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Cow<'a, [u8]>> {
    match v.downcast::<PyStr>(cx) {
        Some(s) => Ok(Cow::Borrowed(s.as_bytes())),
        None => bytes_of(cx, v),
    }
}

/// Warns of an escape that should not be used.
fn warn(cx: &mut Cx, doubtful: Doubtful, quote: &str) -> R<()> {
    let Some(escape) = doubtful.escape else { return Ok(()) };
    let kind = if escape.starts_with(|c: char| c.is_ascii_digit()) {
        "invalid octal escape"
    } else {
        "invalid escape"
    };
    let message =
        format!("{quote}\"\\{escape}\" is an {kind} sequence. Such sequences will not work in the future. ");
    let message = cx.str(&message);
    let category = cx.builtin(Builtin::DeprecationWarning).as_ref();
    let warnings = crate::import::import_module(cx, "warnings")?;
    cx.call_method(warnings.r(), "warn", &[message.r(), category]).map(drop)
}

fn unicode_escape_decode(cx: &mut Cx, a: Args<'_>) -> R {
    let data = text_or_bytes(cx, a.get(0))?;
    let (errors, last) = (errors_at(cx, a, 1, "unicode_escape_decode")?, truth_at(cx, a, 2, true)?);
    let (text, used, doubtful) = escape::decode_unicode(cx, &data, &errors, last)?;
    warn(cx, doubtful, "")?;
    pair(cx, text, used)
}

fn escape_decode(cx: &mut Cx, a: Args<'_>) -> R {
    let data = text_or_bytes(cx, a.get(0))?;
    let errors = errors_at(cx, a, 1, "escape_decode")?;
    let (bytes, doubtful) = escape::decode_bytes(cx, &data, &errors)?;
    warn(cx, doubtful, "b")?;
    pair(cx, bytes, data.len())
}

fn escape_encode(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(0);
    let Some(data) = v.downcast::<crate::objects::bytes::PyBytes>(cx) else {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("escape_encode() argument 1 must be bytes, not {name}")));
    };
    let bytes = escape::encode_bytes(cx, data.as_bytes())?;
    pair(cx, bytes, data.len())
}

fn readbuffer_encode(cx: &mut Cx, a: Args<'_>) -> R {
    let data = text_or_bytes(cx, a.get(0))?;
    let bytes = new_bytes(cx, &data);
    pair(cx, bytes, data.len())
}

fn charmap_encode(cx: &mut Cx, a: Args<'_>) -> R {
    encoded(cx, a, "charmap_encode", |cx, s, errors| match a.opt_not_none(2) {
        None => single::encode_latin1(cx, s, errors),
        Some(mapping) => single::encode_by_mapping(cx, s, errors, mapping),
    })
}

fn charmap_decode(cx: &mut Cx, a: Args<'_>) -> R {
    let data = bytes_of(cx, a.get(0))?;
    let errors = errors_at(cx, a, 1, "charmap_decode")?;
    let (text, used) = match a.opt_not_none(2) {
        None => (single::decode_latin1(cx, &data)?, data.len()),
        Some(mapping) => match mapping.downcast::<PyStr>(cx) {
            Some(table) => single::decode_by_text(cx, &data, &errors, table)?,
            None => single::decode_by_mapping(cx, &data, &errors, mapping)?,
        },
    };
    pair(cx, text, used)
}

/// The mapping of code points to bytes that inverts a decoding table of up to 256 characters.
fn charmap_build(cx: &mut Cx, a: Args<'_>) -> R {
    let table = expect_str(cx, a.get(0), "charmap_build() argument")?;
    let mapping = PyDict::new(cx);
    if let Some(dict) = mapping.downcast::<PyDict>(cx) {
        for (b, c) in table.code_points().enumerate().take(256).filter(|&(_, c)| c != 0xfffe) {
            dict.set(cx, cx.int(c as i64), cx.int(b as i64))?;
        }
    }
    Ok(mapping)
}

fn register(cx: &mut Cx, a: Args<'_>) -> R {
    registry::register(cx, a.get(0))?;
    Ok(cx.none())
}

fn unregister(cx: &mut Cx, a: Args<'_>) -> R {
    registry::unregister(cx, a.get(0))?;
    Ok(cx.none())
}

fn name_argument(cx: &mut Cx, a: Args<'_>, i: usize, what: &str, default: &str) -> R<String> {
    encoding_argument(cx, a.opt(i), what, default)
}

fn lookup(cx: &mut Cx, a: Args<'_>) -> R {
    let encoding = name_argument(cx, a, 0, "lookup() argument", "")?;
    registry::lookup(cx, &encoding)
}

fn encode(cx: &mut Cx, a: Args<'_>) -> R {
    let encoding = name_argument(cx, a, 1, "encode() argument 'encoding'", "utf-8")?;
    let errors = name_argument(cx, a, 2, "encode() argument 'errors'", "strict")?;
    match a.get(0).downcast::<PyStr>(cx) {
        Some(_) if super::known(&encoding).is_some() => super::encode(cx, a.get(0), &encoding, &errors),
        _ => registry::encode_any(cx, a.get(0), &encoding, &errors),
    }
}

fn decode(cx: &mut Cx, a: Args<'_>) -> R {
    let encoding = name_argument(cx, a, 1, "decode() argument 'encoding'", "utf-8")?;
    let errors = name_argument(cx, a, 2, "decode() argument 'errors'", "strict")?;
    match is_bytes_like(cx, a.get(0)) && super::known(&encoding).is_some() {
        true => super::decode_object(cx, a.get(0), &encoding, &errors),
        false => registry::decode_any(cx, a.get(0), &encoding, &errors),
    }
}

fn register_error(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_argument(cx, a, 0, "register_error() argument 1", "")?;
    registry::register_error(cx, &name, a.get(1))?;
    Ok(cx.none())
}

fn unregister_error(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_argument(cx, a, 0, "_unregister_error() argument", "")?;
    let was_there = registry::unregister_error(cx, &name)?;
    Ok(cx.bool(was_there))
}

fn lookup_error(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_argument(cx, a, 0, "lookup_error() argument", "")?;
    registry::lookup_error(cx, &name)
}
