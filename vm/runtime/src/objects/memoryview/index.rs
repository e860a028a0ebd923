//! Reading and writing items and slices of views.

use super::{PyMemoryView, State, each_item, item};
use crate::objects::slice::{PySlice, adjust};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// Where an item is, found without the lock; the place holds as long as the view is not released.
struct Spot {
    offset: isize,
    item_size: usize,
    code: u8,
}

fn not_implemented(cx: &mut Cx, message: &str) -> Err {
    cx.error(Builtin::NotImplementedError, message)
}

/// The formats whose items cannot be read.
fn unsupported(cx: &mut Cx, view: &PyMemoryView) -> Err {
    match view.with(cx, |s| s.view.format.to_string()) {
        Ok(format) => not_implemented(cx, &super::item::not_supported(&format)),
        Err(err) => err,
    }
}

/// The shape, strides, and the rest that finding an item takes.
fn spot(cx: &mut Cx, view: &PyMemoryView, indices: &[isize]) -> R<Spot> {
    let found = view.with(cx, |s| {
        let mut offset = 0;
        for (d, &i) in indices.iter().enumerate() {
            let n = s.view.shape[d];
            let i = if i < 0 { i.wrapping_add(n as isize) } else { i };
            if i < 0 || i as usize >= n {
                return Err(d + 1);
            }
            offset += i * s.view.strides[d];
        }
        Ok(Spot { offset, item_size: s.view.item_size, code: s.code })
    })?;
    match found {
        Err(dimension) => Err(cx.index_error(format!("index out of bounds on dimension {dimension}"))),
        Ok(Spot { code: 0, .. }) => Err(unsupported(cx, view)),
        Ok(spot) => Ok(spot),
    }
}

/// The item at these indices, one for each dimension.
fn read(cx: &mut Cx, view: &PyMemoryView, indices: &[isize]) -> R {
    let spot = spot(cx, view, indices)?;
    let item = view.with(cx, |s| {
        let p = s.view.start.wrapping_offset(spot.offset);
        // SAFETY: an item lies there: the indices were within the shape; the export keeps it, and the locks are held.
        item::read(spot.code, unsafe { std::slice::from_raw_parts(p, spot.item_size) })
    })?;
    Ok(item.object(cx))
}

fn write(cx: &mut Cx, view: &PyMemoryView, indices: &[isize], v: Ref<'_>) -> R<()> {
    let spot = spot(cx, view, indices)?;
    let (bytes, n) = item::pack(cx, spot.code, v)?;
    view.with(cx, |s| {
        let p = s.view.start.wrapping_offset(spot.offset);
        // SAFETY: as in `read`; the view is not read-only.
        unsafe { p.copy_from_nonoverlapping(bytes.as_ptr(), n) };
    })
}

/// What a key asks for.
enum Key<'a> {
    Items(Vec<isize>),
    Slice(&'a PySlice),
    All,
}

fn is_index(cx: &Cx, v: Ref<'_>) -> bool {
    v.value().is_int() || cx.class_of(v).special(cx, Special::Index).is_some()
}

/// Takes a key apart for a view of `ndim` dimensions.
fn parse<'a>(cx: &mut Cx, ndim: usize, key: Ref<'a>) -> R<Key<'a>> {
    let tuple = key.downcast::<PyTuple>(cx).map(PyTuple::items);
    if ndim == 0 {
        return match tuple {
            Some([]) => Ok(Key::Items(Vec::new())),
            _ if key.value() == Value::ELLIPSIS => Ok(Key::All),
            _ => Err(cx.type_error("invalid indexing of 0-dim memory")),
        };
    }
    if is_index(cx, key) {
        let i = cx.index_isize(key, Builtin::IndexError)?;
        return match ndim {
            1 => Ok(Key::Items(vec![i])),
            _ => Ok(Key::Items(vec![])),
        };
    }
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        return Ok(Key::Slice(slice));
    }
    let Some(items) = tuple else { return Err(cx.type_error("memoryview: invalid slice key")) };
    if items.iter().all(|v| is_index(cx, *v)) {
        if items.len() > ndim {
            let n = items.len();
            return Err(cx.type_error(format!("cannot index {ndim}-dimension view with {n}-element tuple")));
        }
        let indices = items.iter().map(|v| cx.index_isize(*v, Builtin::IndexError)).collect::<R<Vec<_>>>()?;
        return match indices.len() < ndim {
            true => Err(not_implemented(cx, "sub-views are not implemented")),
            false => Ok(Key::Items(indices)),
        };
    }
    if items.iter().all(|v| v.downcast::<PySlice>(cx).is_some()) {
        return Err(not_implemented(cx, "multi-dimensional slicing is not implemented"));
    }
    Err(cx.type_error("memoryview: invalid slice key"))
}

pub(super) fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    let ndim = view.with(cx, |s| s.view.shape.len())?;
    match parse(cx, ndim, a.get(1))? {
        Key::Items(indices) if indices.len() < ndim => {
            Err(not_implemented(cx, "multi-dimensional sub-views are not implemented"))
        }
        Key::Items(indices) => read(cx, view, &indices),
        Key::All => Ok(a.get(0).own(cx)),
        Key::Slice(slice) => sliced(cx, view, slice),
    }
}

/// The item at a place of the first dimension, for iteration.
pub(super) fn item_at(cx: &mut Cx, view: &PyMemoryView, i: usize) -> R {
    read(cx, view, &[i as isize])
}

fn sliced(cx: &mut Cx, view: &PyMemoryView, slice: &PySlice) -> R {
    // Parts that run Python may release the view, which the slice then has to itself.
    let held = match slice.is_plain() {
        true => None,
        false => Some(view.derive(cx, None, |view| view)?),
    };
    let parts = slice.unpack(cx)?;
    let view = held.as_ref().and_then(|held| held.downcast::<PyMemoryView>(cx)).unwrap_or(view);
    view.derive(cx, None, |mut view| {
        let range = adjust(view.shape[0], parts);
        if range.count > 0 {
            view.start = view.start.wrapping_offset(range.start * view.strides[0]);
        }
        view.shape[0] = range.count;
        // With at most one item the stride is never used, and may be too big.
        view.strides[0] = view.strides[0].wrapping_mul(range.step);
        view.len = view.shape.iter().product::<usize>() * view.item_size;
        view
    })
}

pub(super) fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (view, v) = (a.this::<PyMemoryView>(), a.get(2));
    let (ndim, readonly, code) = view.with(cx, |s| (s.view.shape.len(), s.view.readonly, s.code))?;
    if readonly {
        return Err(cx.type_error("cannot modify read-only memory"));
    }
    if code == 0 {
        return Err(unsupported(cx, view));
    }
    match parse(cx, ndim, a.get(1))? {
        Key::Items(indices) if indices.len() < ndim => {
            return Err(not_implemented(cx, "sub-views are not implemented"));
        }
        Key::Items(indices) => write(cx, view, &indices, v)?,
        Key::All => write(cx, view, &[], v)?,
        Key::Slice(slice) if ndim == 1 => assign(cx, view, slice, v)?,
        Key::Slice(_) => {
            let message = "memoryview slice assignments are currently restricted to ndim = 1";
            return Err(not_implemented(cx, message));
        }
    }
    Ok(cx.none())
}

pub(super) fn delete_item(cx: &mut Cx, a: Args<'_>) -> R {
    let readonly = a.this::<PyMemoryView>().with(cx, |s| s.view.readonly)?;
    let message = if readonly { "cannot modify read-only memory" } else { "cannot delete memory" };
    Err(cx.type_error(message))
}

fn assign(cx: &mut Cx, view: &PyMemoryView, slice: &PySlice, v: Ref<'_>) -> R<()> {
    if !crate::objects::buffer::is_bytes_like(cx, v) {
        return Err(crate::objects::buffer::not_bytes_like(cx, v));
    }
    let source = super::new_memoryview(cx, v)?;
    let target = sliced(cx, view, slice)?;
    // The slice has an export of its own, which outlives a release on the way.
    view.with(cx, |_| ())?;
    let (Some(source), Some(target)) =
        (source.downcast::<PyMemoryView>(cx), target.downcast::<PyMemoryView>(cx))
    else {
        return Err(crate::objects::buffer::not_bytes_like(cx, v));
    };
    // Copied first, so that source and target may overlap.
    let items = source.items(cx)?;
    let same = |s: &State| {
        s.view.shape == items.shape && s.view.item_size == items.item_size && s.code == items.code
    };
    let done = target.with(cx, |s| {
        if !same(s) {
            return false;
        }
        let mut from = items.bytes.chunks_exact(items.item_size.max(1));
        each_item(&s.view, &mut |p| {
            if let Some(item) = from.next() {
                // SAFETY: an item lies there; the export keeps it, the locks are held, and the view is not read-only.
                unsafe { p.copy_from_nonoverlapping(item.as_ptr(), item.len()) };
            }
        });
        true
    })?;
    match done {
        true => Ok(()),
        false => Err(cx.value_error("memoryview assignment: lvalue and rvalue have different structures")),
    }
}
