//! Copies and pickles. A pickle says the machine's format of the items, from which other machines convert.

use super::convert::objects;
use super::kind::Kind;
use super::object::PyArray;
use super::{CLASS, convert};
use ungil_runtime::import::import_module;
use ungil_runtime::objects::bytes::{PyBytes, try_new_bytes};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

pub fn copy(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let storage = array.snapshot(cx)?;
    PyArray::make(cx, array.kind, storage)
}

/// The number of a kind's format: even for little-endian, odd for big-endian machines.
fn format_code(kind: Kind) -> i64 {
    let little = match (kind.size(), kind.is_signed()) {
        _ if kind.code() == b'f' => 14,
        _ if kind.code() == b'd' => 16,
        _ if kind.is_text() => 20,
        (1, signed) => return signed as i64,
        (2, false) => 2,
        (2, true) => 4,
        (4, false) => 6,
        (4, true) => 8,
        (_, false) => 10,
        (_, true) => 12,
    };
    little + cfg!(target_endian = "big") as i64
}

pub fn reduce_ex(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, this) = (a.this::<PyArray>(), a.get(0));
    if ungil_runtime::objects::int::view(cx, a.get(1)).is_none() {
        return Err(cx.type_error("__reduce_ex__ argument should be an integer"));
    }
    let protocol = cx.to_i64(a.get(1))?;
    let dict = cx.get_attr_opt(this, cx.vm.names.dict.get())?.unwrap_or_else(|| cx.none());
    let class = cx.class_of(this).as_ref().own(cx);
    let code = cx.str(&(array.kind.code() as char).to_string());
    let parts = if protocol < 3 {
        let items = objects(cx, array)?;
        let list = cx.list(items);
        let arguments = cx.tuple(vec![code, list]);
        vec![class, arguments, dict]
    } else {
        let bytes = array.snapshot(cx)?;
        let module = import_module(cx, "array")?;
        let reconstructor = cx.get_attr_str(module.r(), "_array_reconstructor")?;
        let arguments = vec![class, code, cx.int(format_code(array.kind)), try_new_bytes(cx, &bytes)?];
        let arguments = cx.tuple(arguments);
        vec![reconstructor, arguments, dict]
    };
    Ok(cx.tuple(parts))
}

/// What the items of a pickle are.
#[derive(Clone, Copy)]
enum Format {
    Int { size: usize, signed: bool },
    Float { size: usize },
    Text { codec: &'static str },
}

/// What a number of a format stands for, and whether it is big-endian.
fn format_of(code: i64) -> Option<(Format, bool)> {
    let int = |size, signed| Format::Int { size, signed };
    let format = match code {
        0 | 1 => int(1, code == 1),
        2..=5 => int(2, code >= 4),
        6..=9 => int(4, code >= 8),
        10..=13 => int(8, code >= 12),
        14 | 15 => Format::Float { size: 4 },
        16 | 17 => Format::Float { size: 8 },
        18 => Format::Text { codec: "utf-16-le" },
        19 => Format::Text { codec: "utf-16-be" },
        20 => Format::Text { codec: "utf-32-le" },
        21 => Format::Text { codec: "utf-32-be" },
        _ => return None,
    };
    Some((format, code > 1 && code & 1 == 1))
}

pub fn reconstruct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else {
        let name = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("first argument must be a type object, not {name}")));
    };
    let Some(base) = CLASS.get() else { return Ok(cx.not_implemented()) };
    if !class.is_subclass(base, cx) {
        let name = class.tp_name();
        return Err(cx.type_error(format!("{name} is not a subtype of array.array")));
    }
    let Some(kind) = a.get(1).downcast::<PyStr>(cx).filter(|s| s.char_len() == 1).map(|s| s.code_point(0))
    else {
        let name = cx.type_name(a.get(1));
        let message = format!("_array_reconstructor() argument 2 must be a unicode character, not {name}");
        return Err(cx.type_error(message));
    };
    let Some(kind) = Kind::of(kind) else {
        return Err(cx.value_error("second argument must be a valid type code"));
    };
    let code = cx.to_i64(a.get(2))?;
    let Some((format, big_endian)) = format_of(code) else {
        return Err(cx.value_error("third argument must be a valid machine format code."));
    };
    let Some(items) = a.get(3).downcast::<PyBytes>(cx) else {
        let name = cx.type_name(a.get(3));
        return Err(cx.type_error(format!("fourth argument should be bytes, not {name}")));
    };
    if code == format_code(kind) {
        let made = PyArray::new_of(cx, class, kind, Vec::new())?;
        // SAFETY: made with this layout.
        convert::append_whole(cx, unsafe { made.cast_unchecked::<PyArray>() }, items.as_bytes())?;
        return Ok(made);
    }
    convert_items(cx, class, kind, format, big_endian, a.get(3))
}

/// An array of items of another machine's format, by way of objects.
fn convert_items(
    cx: &mut Cx,
    class: &'static PyType,
    kind: Kind,
    format: Format,
    big_endian: bool,
    items: Ref<'_>,
) -> R {
    let bytes = items.downcast::<PyBytes>(cx).map(PyBytes::as_bytes).unwrap_or_default();
    let (kind, values) = match format {
        Format::Text { codec } => {
            let codec = cx.str(codec);
            (kind, cx.call_method(items, "decode", &[codec.r()])?)
        }
        Format::Int { size, .. } | Format::Float { size } if !bytes.len().is_multiple_of(size) => {
            return Err(cx.value_error("string length not a multiple of item size"));
        }
        Format::Int { size, signed } => {
            let values = bytes.chunks_exact(size).map(|b| int_from(cx, b, big_endian, signed)).collect();
            // The native kind of this size, whatever its letter was there.
            let fits = |k: &Kind| k.is_int() && k.size() == size && k.is_signed() == signed;
            (Kind::all().filter(fits).last().unwrap_or(kind), cx.list(values))
        }
        Format::Float { size } => {
            let values = bytes.chunks_exact(size).map(|b| float_from(cx, b, big_endian)).collect();
            (kind, cx.list(values))
        }
    };
    let code = cx.str(&(kind.code() as char).to_string());
    cx.call(class.as_ref(), &[code.r(), values.r()])
}

/// The bytes as a word.
fn word(bytes: &[u8], big_endian: bool) -> u64 {
    let join = |word: u64, &b: &u8| word << 8 | b as u64;
    if big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
}

fn int_from(cx: &Cx, bytes: &[u8], big_endian: bool, signed: bool) -> Obj {
    let word = word(bytes, big_endian);
    if !signed {
        return cx.int_u64(word);
    }
    let shift = 64 - 8 * bytes.len() as u32;
    cx.int((word << shift) as i64 >> shift)
}

fn float_from(cx: &Cx, bytes: &[u8], big_endian: bool) -> Obj {
    let word = word(bytes, big_endian);
    cx.float(if bytes.len() == 4 { f32::from_bits(word as u32) as f64 } else { f64::from_bits(word) })
}
