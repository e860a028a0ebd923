//! `find`, `index`, `count`, `replace`, `startswith`, `partition`, `removeprefix` and what is alike.
//!
//! All searches are of bytes; positions are turned into numbers of code points at the borders.

use super::args::{bounds, expect_str, limit};
use super::new::{exact, substring};
use super::{PyStr, empty_str, new_wtf8_with_len, try_new_wtf8};
use crate::objects::bytes::search;
use crate::objects::tuple::{PyTuple, new_tuple_from_array};
use crate::prelude::*;
use crate::{Err, R};

pub(super) const METHODS: &[(&str, &str, NativeFn)] = &[
    ("find", "($self, sub, start=None, end=None, /)", Full(find)),
    ("rfind", "($self, sub, start=None, end=None, /)", Full(rfind)),
    ("index", "($self, sub, start=None, end=None, /)", Full(index)),
    ("rindex", "($self, sub, start=None, end=None, /)", Full(rindex)),
    ("count", "($self, sub, start=None, end=None, /)", Full(count)),
    ("replace", "($self, old, new, /, count=-1)", Full(replace)),
    ("startswith", "($self, prefix, start=None, end=None, /)", Full(starts_with)),
    ("endswith", "($self, suffix, start=None, end=None, /)", Full(ends_with)),
    ("partition", "($self, sep, /)", Full(partition)),
    ("rpartition", "($self, sep, /)", Full(rpartition)),
    ("removeprefix", "($self, prefix, /)", Full(remove_prefix)),
    ("removesuffix", "($self, suffix, /)", Full(remove_suffix)),
];

/// The bytes between two numbers of code points, and where they start; `None` if there can be nothing.
#[inline]
fn window(s: &PyStr, start: usize, end: usize) -> Option<(&[u8], usize)> {
    if start > end {
        return None;
    }
    let (from, to) = (s.byte_offset(start), s.byte_offset(end));
    Some((&s.as_bytes()[from..to], from))
}

/// The position of the substring that the arguments ask for.
#[inline]
fn locate(
    cx: &mut Cx,
    a: Args<'_>,
    what: &str,
    search: fn(&[u8], &[u8]) -> Option<usize>,
) -> R<Option<usize>> {
    let s = a.this::<PyStr>();
    let sub = expect_str(cx, a.get(1), what)?;
    let (start, end) = bounds(cx, a, 2, s.char_len)?;
    let Some((hay, from)) = window(s, start, end) else { return Ok(None) };
    Ok(search(hay, sub.as_bytes()).map(|at| s.char_index(from + at)))
}

fn position(cx: &mut Cx, found: Option<usize>) -> R {
    Ok(cx.int(found.map_or(-1, |i| i as i64)))
}

fn position_or_error(cx: &mut Cx, found: Option<usize>) -> R {
    match found {
        Some(i) => Ok(cx.int(i as i64)),
        None => Err(cx.value_error("substring not found")),
    }
}

fn find(cx: &mut Cx, a: Args<'_>) -> R {
    let found = locate(cx, a, "find() argument 1", search::find)?;
    position(cx, found)
}

fn rfind(cx: &mut Cx, a: Args<'_>) -> R {
    let found = locate(cx, a, "rfind() argument 1", search::rfind)?;
    position(cx, found)
}

fn index(cx: &mut Cx, a: Args<'_>) -> R {
    let found = locate(cx, a, "index() argument 1", search::find)?;
    position_or_error(cx, found)
}

fn rindex(cx: &mut Cx, a: Args<'_>) -> R {
    let found = locate(cx, a, "rindex() argument 1", search::rfind)?;
    position_or_error(cx, found)
}

fn count(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let sub = expect_str(cx, a.get(1), "count() argument 1")?;
    let (start, end) = bounds(cx, a, 2, s.char_len)?;
    let n = match window(s, start, end) {
        None => 0,
        Some(_) if sub.is_empty() => end - start + 1,
        Some((hay, _)) => search::count(hay, sub.as_bytes(), usize::MAX),
    };
    Ok(cx.int(n as i64))
}

fn replace(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let old = expect_str(cx, a.get(1), "replace() argument 1")?;
    let new = expect_str(cx, a.get(2), "replace() argument 2")?;
    let limit = limit(cx, a, 3)?;
    if limit == 0 || old.same_text(new) || old.byte_len > s.byte_len {
        return exact(cx, s);
    }
    if old.is_empty() {
        return interleave(cx, s, new, limit);
    }
    match search::replace(s.as_bytes(), old.as_bytes(), new.as_bytes(), limit) {
        Ok(None) => exact(cx, s),
        Ok(Some((bytes, n))) => {
            // Wrapping, as `new` may be the shorter one; the result is exact.
            let change = new.char_len.wrapping_sub(old.char_len).wrapping_mul(n);
            Ok(new_wtf8_with_len(cx, &bytes, s.char_len.wrapping_add(change)))
        }
        Err(search::TooLong) => Err(too_long(cx)),
    }
}

fn too_long(cx: &mut Cx) -> Err {
    cx.overflow_error("replace string is too long")
}

/// `new` in front of each of the first code points and, if the limit allows, at the end.
fn interleave(cx: &mut Cx, s: &PyStr, new: &PyStr, limit: usize) -> R {
    let n = limit.min(s.char_len + 1);
    let total = new.byte_len.checked_mul(n).and_then(|added| added.checked_add(s.byte_len));
    let Some(total) = total.filter(|&n| n <= isize::MAX as usize) else { return Err(too_long(cx)) };
    let mut out = Vec::new();
    if out.try_reserve_exact(total).is_err() {
        return Err(cx.memory_error());
    }
    let mut at = 0;
    for _ in 0..n {
        out.extend_from_slice(new.as_bytes());
        let next = super::code_points::advance(s.as_bytes(), at, 1);
        out.extend_from_slice(&s.as_bytes()[at..next]);
        at = next;
    }
    out.extend_from_slice(&s.as_bytes()[at..]);
    try_new_wtf8(cx, &out)
}

/// Whether one of the wanted texts is at the edge of the window.
fn at_edge(cx: &mut Cx, a: Args<'_>, name: &str, test: fn(&[u8], &[u8]) -> bool) -> R {
    let (s, wanted) = (a.this::<PyStr>(), a.get(1));
    let (start, end) = bounds(cx, a, 2, s.char_len)?;
    let window = window(s, start, end);
    let matches = |sub: &PyStr| window.is_some_and(|(text, _)| test(text, sub.as_bytes()));
    if let Some(sub) = wanted.downcast::<PyStr>(cx) {
        return Ok(cx.bool(matches(sub)));
    }
    let Some(tuple) = wanted.downcast::<PyTuple>(cx) else {
        let found = cx.type_name(wanted);
        return Err(cx.type_error(format!("{name} first arg must be str or a tuple of str, not {found}")));
    };
    for item in tuple.items() {
        let Some(sub) = item.downcast::<PyStr>(cx) else {
            let found = cx.type_name(*item);
            return Err(cx.type_error(format!("tuple for {name} must only contain str, not {found}")));
        };
        if matches(sub) {
            return Ok(cx.bool(true));
        }
    }
    Ok(cx.bool(false))
}

fn starts_with(cx: &mut Cx, a: Args<'_>) -> R {
    at_edge(cx, a, "startswith", |text, sub| text.starts_with(sub))
}

fn ends_with(cx: &mut Cx, a: Args<'_>) -> R {
    at_edge(cx, a, "endswith", |text, sub| text.ends_with(sub))
}

/// The separator of `partition`.
fn separator<'a>(cx: &mut Cx, a: Args<'a>) -> R<&'a PyStr> {
    let sep = expect_str(cx, a.get(1), "")?;
    if sep.is_empty() {
        return Err(cx.value_error("empty separator"));
    }
    Ok(sep)
}

fn three(cx: &mut Cx, s: &PyStr, sep: &PyStr, at: usize) -> R {
    let before = substring(cx, s, 0, at);
    let after = substring(cx, s, at + sep.byte_len, s.byte_len);
    let sep = exact(cx, sep)?;
    Ok(new_tuple_from_array(cx, [before, sep, after]))
}

fn partition(cx: &mut Cx, a: Args<'_>) -> R {
    let (s, sep) = (a.this::<PyStr>(), separator(cx, a)?);
    match search::find(s.as_bytes(), sep.as_bytes()) {
        Some(at) => three(cx, s, sep, at),
        None => {
            let s = exact(cx, s)?;
            Ok(new_tuple_from_array(cx, [s, empty_str(cx), empty_str(cx)]))
        }
    }
}

fn rpartition(cx: &mut Cx, a: Args<'_>) -> R {
    let (s, sep) = (a.this::<PyStr>(), separator(cx, a)?);
    match search::rfind(s.as_bytes(), sep.as_bytes()) {
        Some(at) => three(cx, s, sep, at),
        None => {
            let s = exact(cx, s)?;
            Ok(new_tuple_from_array(cx, [empty_str(cx), empty_str(cx), s]))
        }
    }
}

fn remove_prefix(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let prefix = expect_str(cx, a.get(1), "removeprefix() argument")?;
    match s.as_bytes().starts_with(prefix.as_bytes()) && !prefix.is_empty() {
        true => Ok(substring(cx, s, prefix.byte_len, s.byte_len)),
        false => exact(cx, s),
    }
}

fn remove_suffix(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let suffix = expect_str(cx, a.get(1), "removesuffix() argument")?;
    match s.as_bytes().ends_with(suffix.as_bytes()) && !suffix.is_empty() {
        true => Ok(substring(cx, s, 0, s.byte_len - suffix.byte_len)),
        false => exact(cx, s),
    }
}
