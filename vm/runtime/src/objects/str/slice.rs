//! `s[i]`, `s[i:j:k]` and `x in s`.

use super::index::STEP;
use super::new::{exact, substring};
use super::{PyStr, StrBuf, code_points, empty_str, new_char};
use crate::objects::bytes::search;
use crate::objects::slice::{PySlice, SliceRange};
use crate::prelude::*;

/// The string of the code point at `i`, which may count from the end.
///
/// # Errors
/// `IndexError` ("string index out of range").
#[inline]
pub fn item(cx: &mut Cx, s: &PyStr, i: isize) -> R {
    let at = if i < 0 { i.wrapping_add(s.char_len as isize) } else { i } as usize;
    match at < s.char_len {
        true => Ok(new_char(cx, s.code_point(at))),
        false => Err(cx.index_error("string index out of range")),
    }
}

pub(crate) fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (s, key) = (a.this::<PyStr>(), a.get(1));
    if let Some(i) = key.value().as_int() {
        return item(cx, s, i as isize);
    }
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        let range = slice.range_in(cx, s.char_len)?;
        return slice_of(cx, s, range);
    }
    if cx.class_of(key).special(cx, Special::Index).is_none() {
        let name = cx.type_name(key);
        return Err(cx.type_error(format!("string indices must be integers, not '{name}'")));
    }
    let i = cx.index_isize(key, Builtin::IndexError)?;
    item(cx, s, i)
}

/// The code points that a slice names.
///
/// # Errors
/// `MemoryError`.
pub fn slice_of(cx: &mut Cx, s: &PyStr, range: SliceRange) -> R {
    if range.count == 0 {
        return Ok(empty_str(cx));
    }
    let start = range.start as usize;
    if range.step == 1 {
        if range.count == s.char_len {
            return exact(cx, s);
        }
        let from = s.byte_offset(start);
        let to = match range.count < STEP && !s.is_ascii() {
            true => code_points::advance(s.as_bytes(), from, range.count),
            false => s.byte_offset(start + range.count),
        };
        return Ok(substring(cx, s, from, to));
    }
    let mut out = StrBuf::default();
    if !out.reserve(range.count) {
        return Err(cx.memory_error());
    }
    if s.is_ascii() {
        range.indices().for_each(|i| out.push_ascii(&s.as_bytes()[i..=i]));
    } else if range.step == -1 {
        let to = s.byte_offset(start + 1);
        let from = s.byte_offset(start + 1 - range.count);
        super::code_points::CodePoints::new(&s.as_bytes()[from..to]).rev().for_each(|c| out.push(c));
    } else {
        range.indices().for_each(|i| out.push(s.code_point(i)));
    }
    Ok(out.finish(cx))
}

pub(crate) fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let (s, item) = (a.this::<PyStr>(), a.get(1));
    let Some(sub) = item.downcast::<PyStr>(cx) else {
        let name = cx.type_name(item);
        return Err(cx.type_error(format!("'in <string>' requires string as left operand, not {name}")));
    };
    Ok(cx.bool(contains_str(s, sub)))
}

/// Whether the text of `sub` occurs in `s`.
#[inline]
pub fn contains_str(s: &PyStr, sub: &PyStr) -> bool {
    search::find(s.as_bytes(), sub.as_bytes()).is_some()
}
