//! `split`, `rsplit`, `splitlines`, `strip` and its halves, for both types.

use super::search;
use super::sequence::{ByteSeq, same};
use crate::objects::buffer::bytes_of;
use crate::objects::str::args::limit;
use crate::prelude::*;

/// The methods of this file.
pub(super) fn methods<T: ByteSeq>() -> [(&'static str, &'static str, NativeFn); 6] {
    [
        ("split", "($self, /, sep=None, maxsplit=-1)", Full(split::<T>)),
        ("rsplit", "($self, /, sep=None, maxsplit=-1)", Full(rsplit::<T>)),
        ("splitlines", "($self, /, keepends=False)", Full(split_lines::<T>)),
        ("strip", "($self, bytes=None, /)", Full(strip::<T>)),
        ("lstrip", "($self, bytes=None, /)", Full(lstrip::<T>)),
        ("rstrip", "($self, bytes=None, /)", Full(rstrip::<T>)),
    ]
}

/// White space of bytes.
#[inline]
pub(super) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

type Ranges = Vec<(usize, usize)>;

fn split_args<'a>(cx: &mut Cx, a: Args<'a>) -> R<(Option<std::borrow::Cow<'a, [u8]>>, usize)> {
    let limit = limit(cx, a, 2)?;
    let Some(sep) = a.opt_not_none(1) else { return Ok((None, limit)) };
    let sep = bytes_of(cx, sep)?;
    if sep.is_empty() {
        return Err(cx.value_error("empty separator"));
    }
    Ok((Some(sep), limit))
}

/// A list of the parts that `cut` finds.
fn parts<T: ByteSeq>(cx: &mut Cx, a: Args<'_>, cut: impl FnOnce(&[u8]) -> Ranges) -> R {
    let cx: &Cx = cx;
    let parts = a
        .this::<T>()
        .contents(cx, |all| cut(all).into_iter().map(|(from, to)| T::piece(cx, &all[from..to])).collect());
    Ok(cx.list(parts))
}

fn split<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let (sep, limit) = a.this::<T>().held(cx, |cx| split_args(cx, a))?;
    parts::<T>(cx, a, |all| match &sep {
        None => split_space(all, limit),
        Some(sep) => {
            let (mut found, mut from) = (Vec::new(), 0);
            search::for_each(all, sep, limit, |at| {
                found.push((from, at));
                from = at + sep.len();
            });
            found.push((from, all.len()));
            found
        }
    })
}

fn split_space(all: &[u8], limit: usize) -> Ranges {
    let (mut found, mut at) = (Vec::new(), 0);
    loop {
        at += all[at..].iter().take_while(|b| is_space(**b)).count();
        if at == all.len() {
            return found;
        }
        let from = at;
        if found.len() == limit {
            found.push((from, all.len()));
            return found;
        }
        at += all[at..].iter().take_while(|b| !is_space(**b)).count();
        found.push((from, at));
    }
}

fn rsplit<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let (sep, limit) = a.this::<T>().held(cx, |cx| split_args(cx, a))?;
    parts::<T>(cx, a, |all| {
        let mut found = match &sep {
            None => rsplit_space(all, limit),
            Some(sep) => rsplit_by(all, sep, limit),
        };
        found.reverse();
        found
    })
}

fn rsplit_by(all: &[u8], sep: &[u8], limit: usize) -> Ranges {
    let (mut found, mut end) = (Vec::new(), all.len());
    while found.len() < limit
        && let Some(at) = search::rfind(&all[..end], sep)
    {
        found.push((at + sep.len(), end));
        end = at;
    }
    found.push((0, end));
    found
}

fn rsplit_space(all: &[u8], limit: usize) -> Ranges {
    let (mut found, mut end) = (Vec::new(), all.len());
    loop {
        end -= all[..end].iter().rev().take_while(|b| is_space(**b)).count();
        if end == 0 {
            return found;
        }
        let to = end;
        if found.len() == limit {
            found.push((0, to));
            return found;
        }
        end -= all[..end].iter().rev().take_while(|b| !is_space(**b)).count();
        found.push((end, to));
    }
}

fn split_lines<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let keep = match a.opt(1) {
        Some(v) => cx.truth(v)?,
        None => false,
    };
    parts::<T>(cx, a, |all| {
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some(n) = memchr::memchr2(b'\n', b'\r', &all[from..]) {
            let at = from + n;
            let end = at + if all[at..].starts_with(b"\r\n") { 2 } else { 1 };
            found.push((from, if keep { end } else { at }));
            from = end;
        }
        if from < all.len() {
            found.push((from, all.len()));
        }
        found
    })
}

fn strip_sides<T: ByteSeq>(cx: &mut Cx, a: Args<'_>, front: bool, back: bool) -> R {
    let mut set = [false; 256];
    match a.opt_not_none(1) {
        Some(v) => bytes_of(cx, v)?.iter().for_each(|&b| set[b as usize] = true),
        None => (0..=255u8).for_each(|b| set[b as usize] = is_space(b)),
    }
    let this = a.this::<T>();
    let kept = this.contents(cx, |all| {
        let from = if front { all.iter().take_while(|b| set[**b as usize]).count() } else { 0 };
        let rest = &all[from..];
        let cut = if back { rest.iter().rev().take_while(|b| set[**b as usize]).count() } else { 0 };
        let kept = &rest[..rest.len() - cut];
        (kept.len() < all.len()).then(|| kept.to_vec())
    });
    match kept {
        Some(kept) => T::make(cx, kept),
        None => same(cx, this),
    }
}

fn strip<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    strip_sides::<T>(cx, a, true, true)
}

fn lstrip<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    strip_sides::<T>(cx, a, true, false)
}

fn rstrip<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    strip_sides::<T>(cx, a, false, true)
}
