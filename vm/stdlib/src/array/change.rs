//! Methods that change an array, and arithmetic of sequences.

use super::new::{append_bytes, extend_with};
use super::object::{PyArray, reserve};
use ungil_runtime::objects::int;
use ungil_runtime::prelude::*;

pub fn append(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let item = array.kind.item(cx, a.get(1))?;
    append_bytes(cx, array, &item[..array.kind.size()])?;
    Ok(cx.none())
}

pub fn insert(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let size = array.kind.size();
    let i = to_ssize(cx, a.get(1))?;
    let item = array.kind.item(cx, a.get(2))?;
    array.resize(cx, |storage| {
        let len = storage.len() / size;
        let at = match i {
            0.. => (i as usize).min(len),
            _ => len.saturating_sub(i.unsigned_abs()),
        };
        reserve(storage, size)?;
        storage.splice(at * size..at * size, item[..size].iter().copied());
        Ok(())
    })?;
    Ok(cx.none())
}

fn to_ssize(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    ungil_runtime::objects::str::args::ssize(cx, v)
}

pub fn pop(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let size = array.kind.size();
    let i = match a.opt(1) {
        Some(i) => to_ssize(cx, i)?,
        None => -1,
    };
    let len = array.len(cx);
    if len == 0 {
        return Err(cx.index_error("pop from empty array"));
    }
    let out_of_range = |cx: &mut Cx| Err(cx.index_error("pop index out of range"));
    let place = |len: usize| {
        let at = if i < 0 { i.wrapping_add(len as isize) } else { i };
        usize::try_from(at).ok().filter(|&at| at < len)
    };
    if place(len).is_none() {
        return out_of_range(cx);
    }
    let taken = array.resize(cx, |storage| {
        let Some(at) = place(storage.len() / size) else { return Ok(None) };
        let item = super::object::item_of(&storage[at * size..(at + 1) * size]);
        storage.drain(at * size..(at + 1) * size);
        Ok(Some(item))
    })?;
    match taken {
        Some(item) => array.kind.object(cx, item),
        None => out_of_range(cx),
    }
}

pub fn clear(cx: &mut Cx, a: Args<'_>) -> R {
    let old = a.this::<PyArray>().resize(cx, |storage| Ok(std::mem::take(storage)))?;
    drop(old);
    Ok(cx.none())
}

pub fn reverse(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let size = array.kind.size();
    array.write(cx, |storage| {
        // All bytes, and then those of each item back.
        storage.reverse();
        storage.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    });
    Ok(cx.none())
}

pub fn byteswap(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let size = array.kind.size();
    array.write(cx, |storage| storage.chunks_exact_mut(size).for_each(<[u8]>::reverse));
    Ok(cx.none())
}

pub fn add(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, v) = (a.this::<PyArray>(), a.get(1));
    let Some(other) = v.downcast::<PyArray>(cx) else {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("can only append array (not \"{name}\") to array")));
    };
    if other.kind != array.kind {
        return Err(cx.type_error("bad argument type for built-in operation"));
    }
    let mut storage = array.snapshot(cx)?;
    let more = other.snapshot(cx)?;
    if storage.try_reserve_exact(more.len()).is_err() {
        return Err(cx.memory_error());
    }
    storage.extend_from_slice(&more);
    PyArray::make(cx, array.kind, storage)
}

pub fn add_in_place(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(1);
    if v.downcast::<PyArray>(cx).is_none() {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("can only extend array with array (not \"{name}\")")));
    }
    extend_with(cx, a.this::<PyArray>(), v)?;
    Ok(a.get(0).own(cx))
}

/// A factor; `None` for what is no number.
fn factor(cx: &mut Cx, v: Ref<'_>) -> R<Option<usize>> {
    if !super::is_index(cx, v) {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("can't multiply sequence by non-int of type '{name}'")));
    }
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) => Ok(Some(n.max(0) as usize)),
        None => {
            let name = cx.type_name(v);
            Err(cx.overflow_error(format!("cannot fit '{name}' into an index-sized integer")))
        }
    }
}

/// The contents so many times.
fn repeated(cx: &mut Cx, contents: &[u8], n: usize) -> R<Vec<u8>> {
    let total = contents.len().checked_mul(n).filter(|&total| total <= isize::MAX as usize);
    let mut out = Vec::new();
    let Some(total) = total.filter(|&total| out.try_reserve_exact(total).is_ok()) else {
        return Err(cx.memory_error());
    };
    if contents.is_empty() {
        return Ok(out);
    }
    // By doubling, so that copies are few and long.
    while out.len() < total {
        let more = match out.len() {
            0 => contents.len(),
            len => len.min(total - len),
        };
        match out.is_empty() {
            true => out.extend_from_slice(contents),
            false => out.extend_from_within(..more),
        }
    }
    Ok(out)
}

pub fn mul(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let n = factor(cx, a.get(1))?.unwrap_or(0);
    let contents = array.snapshot(cx)?;
    let storage = repeated(cx, &contents, n)?;
    PyArray::make(cx, array.kind, storage)
}

pub fn mul_in_place(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let n = factor(cx, a.get(1))?.unwrap_or(0);
    let contents = array.snapshot(cx)?;
    if n == 1 || contents.is_empty() {
        return Ok(a.get(0).own(cx));
    }
    let new = repeated(cx, &contents, n)?;
    let old = array.resize(cx, |storage| Ok(std::mem::replace(storage, new)))?;
    drop(old);
    Ok(a.get(0).own(cx))
}
