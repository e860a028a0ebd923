//! `join`, `translate`, padding, `expandtabs`, repetition and concatenation, for both types.

use super::sequence::{ByteSeq, same};
use super::{PyByteArray, PyBytes};
use crate::objects::buffer::{bytes_of, is_bytes_like};
use crate::objects::list::PyList;
use crate::objects::str::args::{c_int, ssize};
use crate::prelude::*;

/// The methods of this file.
pub(super) fn methods<T: ByteSeq>() -> [(&'static str, &'static str, NativeFn); 7] {
    [
        ("join", "($self, iterable_of_bytes, /)", Full(join::<T>)),
        ("translate", "($self, table, /, delete=b'')", Full(translate::<T>)),
        ("center", "($self, width, fillchar=b' ', /)", Full(center::<T>)),
        ("ljust", "($self, width, fillchar=b' ', /)", Full(ljust::<T>)),
        ("rjust", "($self, width, fillchar=b' ', /)", Full(rjust::<T>)),
        ("zfill", "($self, width, /)", Full(zfill::<T>)),
        ("expandtabs", "($self, /, tabsize=8)", Full(expand_tabs::<T>)),
    ]
}

/// An empty vector with room for `n` bytes.
///
/// # Errors
/// `MemoryError`.
pub(super) fn reserved(cx: &mut Cx, n: usize) -> R<Vec<u8>> {
    let mut out = Vec::new();
    match n <= isize::MAX as usize && out.try_reserve_exact(n).is_ok() {
        true => Ok(out),
        false => Err(cx.memory_error()),
    }
}

fn join<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let iterable = a.get(1);
    let class = cx.class_of(iterable);
    let is_iterable = class.special(cx, Special::Iter).is_some_and(|m| !m.value().is_none())
        || class.special(cx, Special::GetItem).is_some();
    if !is_iterable {
        return Err(cx.type_error("can only join an iterable"));
    }
    let items = cx.collect(iterable)?;
    let mut parts = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        if !is_bytes_like(cx, item.r()) {
            let name = cx.type_name(item.r());
            return Err(
                cx.type_error(format!("sequence item {i}: expected a bytes-like object, {name} found"))
            );
        }
        parts.push(bytes_of(cx, item.r())?);
        // Getting at the bytes may have run Python.
        if iterable.downcast::<PyList>(cx).is_some_and(|list| list.len() != items.len()) {
            return Err(cx.runtime_error("sequence changed size during iteration"));
        }
    }
    let sep = bytes_of(cx, a.get(0))?;
    let glue = sep.len().checked_mul(items.len().saturating_sub(1));
    let total = parts.iter().try_fold(glue, |sum, part| sum.map(|n| n.checked_add(part.len())));
    let Some(Some(total)) = total else { return Err(cx.overflow_error("join() result is too long")) };
    let mut out = reserved(cx, total)?;
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(&sep);
        }
        out.extend_from_slice(part);
    }
    T::make(cx, out)
}

fn translate<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let table = match a.opt_not_none(1) {
        None => None,
        Some(v) => {
            let table = bytes_of(cx, v)?;
            if table.len() != 256 {
                return Err(cx.value_error("translation table must be 256 characters long"));
            }
            Some(table)
        }
    };
    let mut deleted = [false; 256];
    if a.opt(2).is_none()
        && let Some(Ok(table)) = table.as_ref().map(|table| <&[u8; 256]>::try_from(&table[..]))
    {
        let out = a.this::<T>().contents(cx, |all| all.iter().map(|&b| table[b as usize]).collect());
        return T::make(cx, out);
    }
    if let Some(v) = a.opt(2) {
        bytes_of(cx, v)?.iter().for_each(|&b| deleted[b as usize] = true);
    }
    let out = a.this::<T>().contents(cx, |all| {
        let kept = all.iter().filter(|b| !deleted[**b as usize]);
        kept.map(|&b| table.as_ref().map_or(b, |table| table[b as usize])).collect()
    });
    T::make(cx, out)
}

pub(super) fn maketrans(cx: &mut Cx, a: Args<'_>) -> R {
    let from = bytes_of(cx, a.get(0))?;
    let to = bytes_of(cx, a.get(1))?;
    if from.len() != to.len() {
        return Err(cx.value_error("maketrans arguments must have same length"));
    }
    let mut table: [u8; 256] = std::array::from_fn(|i| i as u8);
    from.iter().zip(to.iter()).for_each(|(&x, &y)| table[x as usize] = y);
    Ok(super::new_bytes(cx, &table))
}

fn fill_byte(cx: &mut Cx, a: Args<'_>, name: &str) -> R<u8> {
    let Some(v) = a.opt(2) else { return Ok(b' ') };
    let is_bytes = v.downcast::<PyBytes>(cx).is_some() || v.downcast::<PyByteArray>(cx).is_some();
    let found = cx.type_name(v);
    if !is_bytes {
        let message = format!("{name}() argument 2 must be a byte string of length 1, not {found}");
        return Err(cx.type_error(message));
    }
    match *bytes_of(cx, v)? {
        [b] => Ok(b),
        ref other => {
            let n = other.len();
            let message = format!(
                "{name}(): argument 2 must be a byte string of length 1, not a {found} object of length {n}"
            );
            Err(cx.type_error(message))
        }
    }
}

/// Pads to the width of the arguments; `left` says how much of what is missing goes to the left.
fn pad<T: ByteSeq>(cx: &mut Cx, a: Args<'_>, name: &str, left: fn(usize, usize) -> usize) -> R {
    let width = usize::try_from(ssize(cx, a.get(1))?).unwrap_or(0);
    let fill = fill_byte(cx, a, name)?;
    let this = a.this::<T>();
    if this.contents(cx, |all| all.len() >= width) {
        return same(cx, this);
    }
    let mut out = reserved(cx, width)?;
    this.contents(cx, |all| {
        let missing = width.saturating_sub(all.len());
        let left = left(missing, width);
        out.resize(left, fill);
        out.extend_from_slice(all);
        out.resize(all.len() + missing, fill);
    });
    T::make(cx, out)
}

fn center<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    pad::<T>(cx, a, "center", |missing, width| missing / 2 + (missing & width & 1))
}

fn ljust<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    pad::<T>(cx, a, "ljust", |_, _| 0)
}

fn rjust<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    pad::<T>(cx, a, "rjust", |missing, _| missing)
}

fn zfill<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let width = usize::try_from(ssize(cx, a.get(1))?).unwrap_or(0);
    let this = a.this::<T>();
    if this.contents(cx, |all| all.len() >= width) {
        return same(cx, this);
    }
    let mut out = reserved(cx, width)?;
    this.contents(cx, |all| {
        let missing = width.saturating_sub(all.len());
        let sign = matches!(all.first(), Some(b'+' | b'-')) as usize;
        out.extend_from_slice(&all[..sign]);
        out.resize(sign + missing, b'0');
        out.extend_from_slice(&all[sign..]);
    });
    T::make(cx, out)
}

fn expand_tabs<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let size = match a.opt(1) {
        Some(v) => usize::try_from(c_int(cx, v)?).unwrap_or(0),
        None => 8,
    };
    let expanded = a.this::<T>().contents(cx, |all| {
        let (mut out, mut column) = (Vec::new(), 0);
        out.try_reserve(all.len()).ok()?;
        for &b in all {
            if b == b'\t' {
                let n = if size > 0 { size - column % size } else { 0 };
                out.try_reserve(n).ok()?;
                out.resize(out.len() + n, b' ');
                column += n;
            } else {
                out.push(b);
                column = if b == b'\n' || b == b'\r' { 0 } else { column + 1 };
            }
        }
        Some(out)
    });
    match expanded {
        Some(out) => T::make(cx, out),
        None => Err(cx.overflow_error("result too long")),
    }
}

/// `this + other`, of the type of `this`.
pub(super) fn add<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let other = a.get(1);
    if !is_bytes_like(cx, other) {
        return Ok(cx.not_implemented());
    }
    let other = bytes_of(cx, other)?;
    let this = a.this::<T>();
    if other.is_empty() && !T::IS_ARRAY {
        return same(cx, this);
    }
    let len = this.contents(cx, <[u8]>::len);
    let mut out = reserved(cx, len.saturating_add(other.len()))?;
    this.contents(cx, |all| out.extend_from_slice(all));
    out.extend_from_slice(&other);
    T::make(cx, out)
}

/// The number of repetitions, `None` for operands that are no ints.
///
/// # Errors
/// `OverflowError`, or what `__index__` raises.
pub(super) fn times(cx: &mut Cx, v: Ref<'_>) -> R<Option<usize>> {
    if cx.class_of(v).special(cx, Special::Index).is_none() {
        return Ok(None);
    }
    Ok(Some(cx.index_isize(v, Builtin::OverflowError)?.max(0) as usize))
}

/// `bytes * n` or `bytearray * n`.
pub(super) fn multiply<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(n) = times(cx, a.get(1))? else { return Ok(cx.not_implemented()) };
    let this = a.this::<T>();
    if n == 1 {
        return same(cx, this);
    }
    let len = this.contents(cx, <[u8]>::len);
    let total = match len.checked_mul(n).filter(|&n| n <= isize::MAX as usize) {
        Some(total) => total,
        None if T::IS_ARRAY => return Err(cx.memory_error()),
        None => return Err(cx.overflow_error("repeated bytes are too long")),
    };
    let mut out = reserved(cx, total)?;
    this.contents(cx, |all| repeat_into(&mut out, all, n));
    T::make(cx, out)
}

/// Appends the bytes `n` times.
pub(super) fn repeat_into(out: &mut Vec<u8>, bytes: &[u8], n: usize) {
    match bytes {
        [b] => out.resize(out.len() + n, *b),
        _ => (0..n).for_each(|_| out.extend_from_slice(bytes)),
    }
}
