//! Comparison of arrays, and search for items by `==`, which may run Python: the length is looked at again each time.

use super::object::{PyArray, item_of};
use ungil_runtime::objects::slice::{clip_bound, index_bounds};
use ungil_runtime::prelude::*;

pub fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let array = a.this::<PyArray>();
    let Some(other) = a.get(1).downcast::<PyArray>(cx) else { return Ok(cx.not_implemented()) };
    let (x, y) = (array.snapshot(cx)?, other.snapshot(cx)?);
    let (size_x, size_y) = (array.kind.size(), other.kind.size());
    let (len_x, len_y) = (x.len() / size_x, y.len() / size_y);
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    if equality && len_x != len_y {
        return Ok(cx.bool(op == CompareOp::Ne));
    }
    if equality && array.kind == other.kind && !array.kind.is_float() {
        return Ok(cx.bool((x == y) == (op == CompareOp::Eq)));
    }
    for (p, q) in x.chunks_exact(size_x).zip(y.chunks_exact(size_y)) {
        if array.kind == other.kind && !array.kind.is_float() && p == q {
            continue;
        }
        let p = array.kind.object(cx, item_of(p))?;
        let q = other.kind.object(cx, item_of(q))?;
        if !equal(cx, p.r(), q.r())? {
            return match op {
                CompareOp::Eq => Ok(cx.bool(false)),
                CompareOp::Ne => Ok(cx.bool(true)),
                _ => cx.compare(op, p.r(), q.r()),
            };
        }
    }
    Ok(cx.bool(op.holds(len_x.cmp(&len_y))))
}

/// `p == q`, without the shortcut for identical objects.
fn equal(cx: &mut Cx, p: Ref<'_>, q: Ref<'_>) -> R<bool> {
    let result = cx.compare(CompareOp::Eq, p, q)?;
    cx.truth(result.r())
}

/// The first place from `from` to `to` whose item equals `v`.
fn find(cx: &mut Cx, array: &PyArray, v: Ref<'_>, from: usize, to: usize) -> R<Option<usize>> {
    let mut i = from;
    while i < to {
        let Some(item) = array.get(cx, i)? else { break };
        if equal(cx, item.r(), v)? {
            return Ok(Some(i));
        }
        i += 1;
        cx.poll()?;
    }
    Ok(None)
}

pub fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let found = find(cx, a.this::<PyArray>(), a.get(1), 0, usize::MAX)?;
    Ok(cx.bool(found.is_some()))
}

pub fn count(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let (mut n, mut from) = (0, 0);
    while let Some(i) = find(cx, array, a.get(1), from, usize::MAX)? {
        n += 1;
        from = i + 1;
    }
    Ok(cx.int(n))
}

pub fn index(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let (start, stop) = index_bounds(cx, a, 2)?;
    let len = array.len(cx);
    let (from, to) = (clip_bound(start, len), clip_bound(stop, len));
    match find(cx, array, a.get(1), from, to)? {
        Some(i) => Ok(cx.int(i as i64)),
        None => Err(cx.value_error("array.index(x): x not in array")),
    }
}

pub fn remove(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let size = array.kind.size();
    match find(cx, array, a.get(1), 0, usize::MAX)? {
        Some(i) => {
            array.resize(cx, |storage| {
                // Another thread may have shortened the array.
                if (i + 1) * size <= storage.len() {
                    storage.drain(i * size..(i + 1) * size);
                }
                Ok(())
            })?;
            Ok(cx.none())
        }
        None => Err(cx.value_error("array.remove(x): x not in array")),
    }
}
