//! `translate` and `maketrans`.

use super::args::expect_str;
use super::{PyStr, StrBuf, code_points};
use crate::objects::dict::PyDict;
use crate::prelude::*;

/// What a table says of a code point.
enum Translation {
    Same,
    Nothing,
    Char(u32),
    Text(Obj),
}

pub(super) fn translate(cx: &mut Cx, a: Args<'_>) -> R {
    let (s, table) = (a.this::<PyStr>(), a.get(1));
    let mut out = StrBuf::with_capacity(s.byte_len);
    // The table may be anything with `__getitem__`, but what it says of an ASCII character is asked once.
    let mut known: [Option<u8>; 128] = [None; 128];
    for c in s.code_points() {
        if let Some(Some(to)) = known.get(c as usize) {
            out.push_ascii(&[*to]);
            continue;
        }
        match look_up(cx, table, c)? {
            Translation::Same => {
                remember(&mut known, c, c);
                out.push(c);
            }
            Translation::Char(to) => {
                remember(&mut known, c, to);
                out.push(to);
            }
            Translation::Nothing => {}
            Translation::Text(text) => {
                if let Some(text) = text.downcast::<PyStr>(cx) {
                    out.push_str(text);
                }
            }
        }
        cx.poll()?;
    }
    Ok(out.finish(cx))
}

fn remember(known: &mut [Option<u8>; 128], from: u32, to: u32) {
    if let (Some(place), 0..0x80) = (known.get_mut(from as usize), to) {
        *place = Some(to as u8);
    }
}

fn look_up(cx: &mut Cx, table: Ref<'_>, c: u32) -> R<Translation> {
    let key = cx.int(c as i64);
    let found = match table.downcast::<PyDict>(cx).filter(|_| cx.is_exactly(table, Builtin::Dict)) {
        Some(dict) => match dict.get(cx, key.r())? {
            Some(to) => Ok(to),
            None => return Ok(Translation::Same),
        },
        None => cx.get_item(table, key.r()),
    };
    let to = match found {
        Ok(to) => to,
        Err(err) if cx.is_error(&err, Builtin::LookupError) => return Ok(Translation::Same),
        Err(err) => return Err(err),
    };
    if to.value().is_none() {
        return Ok(Translation::Nothing);
    }
    if to.downcast::<PyStr>(cx).is_some() {
        return Ok(Translation::Text(to));
    }
    if !cx.is_instance_of(to.r(), Builtin::Int) {
        return Err(cx.type_error("character mapping must return integer, None or str"));
    }
    match crate::objects::int::to_i64(cx, to.r()) {
        Some(c @ 0..0x11_0000) => Ok(Translation::Char(c as u32)),
        _ => Err(cx.value_error("character mapping must be in range(0x110000)")),
    }
}

pub(super) fn maketrans(cx: &mut Cx, a: Args<'_>) -> R {
    let result = PyDict::new(cx);
    let Some(dict) = result.downcast::<PyDict>(cx) else { return Ok(result) };
    match a.opt(1) {
        None => from_dict(cx, a.get(0), dict)?,
        Some(to) => from_strings(cx, a.get(0), to, a.opt(2), dict)?,
    }
    Ok(result)
}

fn from_strings(cx: &mut Cx, from: Ref<'_>, to: Ref<'_>, removed: Option<Ref<'_>>, dict: &PyDict) -> R<()> {
    let to = expect_str(cx, to, "maketrans() argument 2")?;
    let removed = removed.map(|v| expect_str(cx, v, "maketrans() argument 3")).transpose()?;
    let Some(from) = from.downcast::<PyStr>(cx) else {
        return Err(cx.type_error("first maketrans argument must be a string if there is a second argument"));
    };
    if from.char_len != to.char_len {
        return Err(cx.value_error("the first two maketrans arguments must have equal length"));
    }
    for (x, y) in from.code_points().zip(to.code_points()) {
        dict.set(cx, cx.int(x as i64), cx.int(y as i64))?;
    }
    for c in removed.into_iter().flat_map(PyStr::code_points) {
        dict.set(cx, cx.int(c as i64), cx.none())?;
    }
    Ok(())
}

fn from_dict(cx: &mut Cx, table: Ref<'_>, dict: &PyDict) -> R<()> {
    let table = match table.downcast::<PyDict>(cx) {
        Some(table) if cx.is_exactly(ref_of(table), Builtin::Dict) => table,
        _ => return Err(cx.type_error("if you give only one argument to maketrans it must be a dict")),
    };
    for (key, value) in table.items(cx) {
        if let Some(s) = key.downcast::<PyStr>(cx) {
            if s.char_len != 1 {
                return Err(cx.value_error("string keys in translatetable must be of length 1"));
            }
            let c = code_points::decode_first(s.as_bytes()).0;
            dict.set(cx, cx.int(c as i64), value)?;
        } else if cx.is_instance_of(key.r(), Builtin::Int) {
            dict.set(cx, key, value)?;
        } else {
            return Err(cx.type_error("keys in translate table mustbe strings or integers"));
        }
    }
    Ok(())
}
