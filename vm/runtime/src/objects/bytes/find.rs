//! `find`, `count`, `startswith`, `partition`, `replace`, `removeprefix` and what is alike, for both types.

use super::search;
use super::sequence::{ByteSeq, same};
use crate::objects::buffer::{bytes_of, is_bytes_like};
use crate::objects::str::args::{Bounds, bounds_later, limit};
use crate::objects::tuple::{PyTuple, new_tuple_from_array};
use crate::prelude::*;
use std::borrow::Cow;

/// The methods of this file.
pub(super) fn methods<T: ByteSeq>() -> [(&'static str, &'static str, NativeFn); 12] {
    [
        ("find", "($self, sub, start=None, end=None, /)", Full(find::<T>)),
        ("rfind", "($self, sub, start=None, end=None, /)", Full(rfind::<T>)),
        ("index", "($self, sub, start=None, end=None, /)", Full(index::<T>)),
        ("rindex", "($self, sub, start=None, end=None, /)", Full(rindex::<T>)),
        ("count", "($self, sub, start=None, end=None, /)", Full(count::<T>)),
        ("startswith", "($self, prefix, start=None, end=None, /)", Full(starts_with::<T>)),
        ("endswith", "($self, suffix, start=None, end=None, /)", Full(ends_with::<T>)),
        ("partition", "($self, sep, /)", Full(partition::<T>)),
        ("rpartition", "($self, sep, /)", Full(rpartition::<T>)),
        ("replace", "($self, old, new, count=-1, /)", Full(replace::<T>)),
        ("removeprefix", "($self, prefix, /)", Full(remove_prefix::<T>)),
        ("removesuffix", "($self, suffix, /)", Full(remove_suffix::<T>)),
    ]
}

/// A byte given as an int, for a search.
///
/// # Errors
/// `ValueError` ("byte must be in range(0, 256)"), or what `__index__` raises.
pub(super) fn byte_value(cx: &mut Cx, v: Ref<'_>) -> R<u8> {
    let index = cx.index(v)?;
    match crate::objects::int::to_i64(cx, index.r()).map(u8::try_from) {
        Some(Ok(b)) => Ok(b),
        _ => Err(cx.value_error("byte must be in range(0, 256)")),
    }
}

/// What is searched for: a byte or bytes.
fn needle<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Cow<'a, [u8]>> {
    if is_bytes_like(cx, v) {
        return bytes_of(cx, v);
    }
    if cx.class_of(v).special(cx, Special::Index).is_some() {
        return Ok(Cow::Owned(vec![byte_value(cx, v)?]));
    }
    let name = cx.type_name(v);
    Err(cx.type_error(format!("argument should be integer or bytes-like object, not '{name}'")))
}

/// What the arguments say is searched for, and where.
fn sought<'a>(cx: &mut Cx, a: Args<'a>) -> R<(Cow<'a, [u8]>, Bounds)> {
    Ok((needle(cx, a.get(1))?, bounds_later(cx, a, 2)?))
}

/// The position of what the arguments ask for.
fn locate<T: ByteSeq>(
    cx: &mut Cx,
    a: Args<'_>,
    search: fn(&[u8], &[u8]) -> Option<usize>,
) -> R<Option<usize>> {
    let (needle, bounds) = a.this::<T>().held(cx, |cx| sought(cx, a))?;
    Ok(a.this::<T>().contents(cx, |all| {
        let (start, end) = bounds.within(all.len());
        search(all.get(start..end)?, &needle).map(|at| at + start)
    }))
}

fn position(cx: &mut Cx, found: Option<usize>) -> R {
    Ok(cx.int(found.map_or(-1, |i| i as i64)))
}

fn position_or_error(cx: &mut Cx, found: Option<usize>) -> R {
    match found {
        Some(i) => Ok(cx.int(i as i64)),
        None => Err(cx.value_error("subsection not found")),
    }
}

fn find<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let found = locate::<T>(cx, a, search::find)?;
    position(cx, found)
}

fn rfind<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let found = locate::<T>(cx, a, search::rfind)?;
    position(cx, found)
}

fn index<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let found = locate::<T>(cx, a, search::find)?;
    position_or_error(cx, found)
}

fn rindex<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let found = locate::<T>(cx, a, search::rfind)?;
    position_or_error(cx, found)
}

fn count<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let (needle, bounds) = a.this::<T>().held(cx, |cx| sought(cx, a))?;
    let n = a.this::<T>().contents(cx, |all| {
        let (start, end) = bounds.within(all.len());
        match all.get(start..end) {
            None => 0,
            Some(part) if needle.is_empty() => part.len() + 1,
            Some(part) => search::count(part, &needle, usize::MAX),
        }
    });
    Ok(cx.int(n as i64))
}

fn at_edge<T: ByteSeq>(cx: &mut Cx, a: Args<'_>, name: &str, test: fn(&[u8], &[u8]) -> bool) -> R {
    let (bounds, wanted) = (bounds_later(cx, a, 2)?, a.get(1));
    let matches = |cx: &Cx, sub: &[u8]| {
        a.this::<T>().contents(cx, |all| {
            let (start, end) = bounds.within(all.len());
            all.get(start..end).is_some_and(|part| test(part, sub))
        })
    };
    if is_bytes_like(cx, wanted) {
        let sub = bytes_of(cx, wanted)?;
        return Ok(cx.bool(matches(cx, &sub)));
    }
    let Some(tuple) = wanted.downcast::<PyTuple>(cx) else {
        let found = cx.type_name(wanted);
        return Err(cx.type_error(format!("{name} first arg must be bytes or a tuple of bytes, not {found}")));
    };
    for &item in tuple.items() {
        let sub = bytes_of(cx, item)?;
        if matches(cx, &sub) {
            return Ok(cx.bool(true));
        }
    }
    Ok(cx.bool(false))
}

fn starts_with<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    at_edge::<T>(cx, a, "startswith", |text, sub| text.starts_with(sub))
}

fn ends_with<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    at_edge::<T>(cx, a, "endswith", |text, sub| text.ends_with(sub))
}

fn separator<'a>(cx: &mut Cx, a: Args<'a>) -> R<Cow<'a, [u8]>> {
    let sep = bytes_of(cx, a.get(1))?;
    if sep.is_empty() {
        return Err(cx.value_error("empty separator"));
    }
    Ok(sep)
}

fn partition<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let sep = separator(cx, a)?;
    let cx: &Cx = cx;
    Ok(a.this::<T>().contents(cx, |all| {
        let (before, sep, after) = match search::find(all, &sep) {
            Some(at) => (&all[..at], &sep[..], &all[at + sep.len()..]),
            None => (all, &[][..], &[][..]),
        };
        new_tuple_from_array(cx, [before, sep, after].map(|part| T::piece(cx, part)))
    }))
}

fn rpartition<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let sep = separator(cx, a)?;
    let cx: &Cx = cx;
    Ok(a.this::<T>().contents(cx, |all| {
        let (before, sep, after) = match search::rfind(all, &sep) {
            Some(at) => (&all[..at], &sep[..], &all[at + sep.len()..]),
            None => (&[][..], &[][..], all),
        };
        new_tuple_from_array(cx, [before, sep, after].map(|part| T::piece(cx, part)))
    }))
}

fn replace<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let old = bytes_of(cx, a.get(1))?;
    let new = bytes_of(cx, a.get(2))?;
    let limit = limit(cx, a, 3)?;
    let this = a.this::<T>();
    let replaced = this.contents(cx, |all| match limit {
        0 => Ok(None),
        _ if old.is_empty() => interleave(all, &new, limit).map(Some),
        _ => search::replace(all, &old, &new, limit).map(|replaced| replaced.map(|(bytes, _)| bytes)),
    });
    match replaced {
        Ok(None) => same(cx, this),
        Ok(Some(bytes)) => T::make(cx, bytes),
        Err(search::TooLong) => Err(cx.overflow_error("replace bytes is too long")),
    }
}

/// `new` in front of each of the first bytes and, if the limit allows, at the end.
fn interleave(all: &[u8], new: &[u8], limit: usize) -> Result<Vec<u8>, search::TooLong> {
    let n = limit.min(all.len() + 1);
    let total = new.len().checked_mul(n).and_then(|added| added.checked_add(all.len()));
    let mut out = Vec::new();
    let reserved = out.try_reserve_exact(total.ok_or(search::TooLong)?);
    reserved.map_err(|_| search::TooLong)?;
    for i in 0..n {
        out.extend_from_slice(new);
        out.extend(all.get(i));
    }
    out.extend_from_slice(&all[n.min(all.len())..]);
    Ok(out)
}

fn remove_prefix<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let prefix = bytes_of(cx, a.get(1))?;
    remove::<T>(cx, a, |all| all.strip_prefix(&*prefix))
}

fn remove_suffix<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let suffix = bytes_of(cx, a.get(1))?;
    remove::<T>(cx, a, |all| all.strip_suffix(&*suffix))
}

fn remove<T: ByteSeq>(cx: &mut Cx, a: Args<'_>, strip: impl FnOnce(&[u8]) -> Option<&[u8]>) -> R {
    let this = a.this::<T>();
    let kept = this.contents(cx, |all| strip(all).filter(|kept| kept.len() < all.len()).map(<[u8]>::to_vec));
    match kept {
        Some(kept) => T::make(cx, kept),
        None => same(cx, this),
    }
}
