//! The type `memoryview` and its iterator.

use super::{
    Items, MEMORYVIEW_OPS, PyMemoryView, cast, each_item, export, index, item, new_memoryview,
    new_memoryview_for, wrapper,
};
use crate::objects::buffer;
use crate::objects::bytes::{to_hex, try_new_bytes};
use crate::objects::iter::{self, NativeIter};
use crate::objects::str::args::expect_str;
use crate::objects::sync::{Field, slot_ops};
use crate::prelude::*;
use ungil_locks::primitive::AtomicUsize;

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("release", "($self, /)", Full(release)),
    ("tobytes", "($self, /, order='C')", Full(to_bytes)),
    ("tolist", "($self, /)", Full(to_list)),
    ("hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", Full(hex)),
    ("cast", "($self, /, format, shape=<unrepresentable>)", Full(cast::cast)),
    ("toreadonly", "($self, /)", Full(to_read_only)),
    ("count", "($self, value, /)", Full(count)),
    ("index", "($self, value, start=0, stop=sys.maxsize, /)", Full(position)),
    ("__enter__", "($self, /)", Full(enter)),
    ("__exit__", "($self, /, *exc_info)", Full(release)),
    ("__release_buffer__", "($self, buffer, /)", Full(dunder_release_buffer)),
];

const SPECIALS: &[(Special, NativeFn)] = &[
    (Special::Repr, Leaf(repr)),
    (Special::Hash, Full(hash)),
    (Special::Eq, Full(|cx, a| equal(cx, a, true))),
    (Special::Ne, Full(|cx, a| equal(cx, a, false))),
    (Special::Lt, Leaf(|cx, _| Ok(cx.not_implemented()))),
    (Special::Le, Leaf(|cx, _| Ok(cx.not_implemented()))),
    (Special::Gt, Leaf(|cx, _| Ok(cx.not_implemented()))),
    (Special::Ge, Leaf(|cx, _| Ok(cx.not_implemented()))),
    (Special::Len, Full(len)),
    (Special::GetItem, Full(index::get_item)),
    (Special::SetItem, Full(index::set_item)),
    (Special::DelItem, Full(index::delete_item)),
    (Special::Iter, Full(iterate)),
    (Special::Buffer, Full(dunder_buffer)),
];

/// Declares the type and its iterator.
pub fn declare(cx: &Cx) {
    let size = size_of::<PyMemoryView>();
    TypeBuilder::declare(cx, Builtin::MemoryView, "memoryview", &MEMORYVIEW_OPS, size, true);
    let size = size_of::<PyMemoryIter>();
    wrapper::declare(cx);
    TypeBuilder::declare(cx, Builtin::MemoryIter, "memory_iterator", &MEMORY_ITER_OPS, size, true);
}

/// Fills the type and its iterator.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::SEQUENCE | class_flag::HAS_WEAKREF;
    let mut b = TypeBuilder::new(cx, Builtin::MemoryView, Some(Builtin::Object), flags);
    b.doc(cx, "A window on the memory of an object that exports it.");
    b.constructor(cx, "($type, object)", Full(|cx, a| new_memoryview(cx, a.get(1))));
    b.specials(cx, SPECIALS);
    b.methods(cx, METHODS);
    b.class_method(cx, "_from_flags", "($type, /, object, flags)", Full(from_flags));
    b.class_method(
        cx,
        "__class_getitem__",
        "($type, object, /)",
        Full(crate::objects::generic_alias::class_getitem),
    );
    attributes(cx, &mut b);
    wrapper::init(cx);
    iter::fill::<PyMemoryIter>(cx, Builtin::MemoryIter, None, None, None);
}

fn attributes(cx: &mut Cx, b: &mut TypeBuilder) {
    b.getset(cx, "obj", Full(shown), None);
    b.getset(cx, "nbytes", Full(|cx, a| number(cx, a, |s| s.view.len as i64)), None);
    b.getset(cx, "itemsize", Full(|cx, a| number(cx, a, |s| s.view.item_size as i64)), None);
    b.getset(cx, "ndim", Full(|cx, a| number(cx, a, |s| s.view.shape.len() as i64)), None);
    b.getset(cx, "readonly", Full(|cx, a| truth(cx, a, |s| s.view.readonly)), None);
    b.getset(cx, "c_contiguous", Full(|cx, a| truth(cx, a, |s| s.view.is_c_contiguous())), None);
    b.getset(cx, "f_contiguous", Full(|cx, a| truth(cx, a, |s| s.view.is_f_contiguous())), None);
    b.getset(cx, "contiguous", Full(is_contiguous), None);
    b.getset(cx, "format", Full(format), None);
    b.getset(
        cx,
        "shape",
        Full(|cx, a| row(cx, a, |s| s.view.shape.iter().map(|&n| n as i64).collect())),
        None,
    );
    b.getset(
        cx,
        "strides",
        Full(|cx, a| row(cx, a, |s| s.view.strides.iter().map(|&n| n as i64).collect())),
        None,
    );
    b.getset(cx, "suboffsets", Full(|cx, a| row(cx, a, |_| Vec::new())), None);
}

fn shown(cx: &mut Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    match view.shown.get(&view.h, cx) {
        Some(v) => Ok(v),
        None => Err(super::released(cx)),
    }
}

fn number(cx: &mut Cx, a: Args<'_>, f: fn(&super::State) -> i64) -> R {
    let n = a.this::<PyMemoryView>().with(cx, f)?;
    Ok(cx.int(n))
}

fn truth(cx: &mut Cx, a: Args<'_>, f: fn(&super::State) -> bool) -> R {
    let b = a.this::<PyMemoryView>().with(cx, f)?;
    Ok(cx.bool(b))
}

fn is_contiguous(cx: &mut Cx, a: Args<'_>) -> R {
    truth(cx, a, |s| s.view.is_c_contiguous() || s.view.is_f_contiguous())
}

fn row(cx: &mut Cx, a: Args<'_>, f: fn(&super::State) -> Vec<i64>) -> R {
    let numbers = a.this::<PyMemoryView>().with(cx, f)?;
    let items = numbers.into_iter().map(|n| cx.int(n)).collect();
    Ok(cx.tuple(items))
}

fn format(cx: &mut Cx, a: Args<'_>) -> R {
    let format = a.this::<PyMemoryView>().with(cx, |s| s.view.format.clone())?;
    Ok(cx.str(&format))
}

fn repr(cx: &Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    let what = if view.is_released(cx) { "released memory" } else { "memory" };
    Ok(cx.str(&format!("<{what} at {:#x}>", a.get(0).value().0)))
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    if view.hash.get() == -1 {
        let (readonly, code) = view.with(cx, |s| (s.view.readonly, s.code))?;
        if !readonly {
            return Err(cx.value_error("cannot hash writable memoryview object"));
        }
        if !matches!(code, b'B' | b'b' | b'c') {
            return Err(cx.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'"));
        }
        if let Some(shown) = view.shown.get(&view.h, cx) {
            // An object that cannot be hashed itself has views that cannot be.
            view.reading(cx, |cx| cx.hash(shown.r()))?;
        }
        let bytes = view.to_vec(cx)?;
        view.hash.set(crate::objects::str::hash_bytes(cx.vm.hash_seed, &bytes));
    }
    Ok(cx.int(view.hash.get()))
}

fn equal(cx: &mut Cx, a: Args<'_>, wanted: bool) -> R {
    let (view, other) = (a.this::<PyMemoryView>(), a.get(1));
    let other_view = other.downcast::<PyMemoryView>(cx);
    if view.is_released(cx) || other_view.is_some_and(|v| v.is_released(cx)) {
        return Ok(cx.bool(a.get(0).is(other) == wanted));
    }
    if !crate::objects::buffer::is_bytes_like(cx, other) {
        return Ok(cx.not_implemented());
    }
    let other = new_memoryview(cx, other)?;
    let Some(other) = other.downcast::<PyMemoryView>(cx) else { return Ok(cx.not_implemented()) };
    let (x, y) = (view.items(cx)?, other.items(cx)?);
    Ok(cx.bool(same_items(&x, &y) == wanted))
}

fn same_items(x: &Items, y: &Items) -> bool {
    if x.shape != y.shape || x.code == 0 || y.code == 0 {
        return false;
    }
    if x.code == y.code && !matches!(x.code, b'd' | b'f' | b'e' | b'?') {
        return x.bytes == y.bytes;
    }
    let values = |items: &Items| {
        let code = items.code;
        items.bytes.chunks_exact(items.item_size).map(move |b| item::read(code, b)).collect::<Vec<_>>()
    };
    values(x).into_iter().zip(values(y)).all(|(a, b)| a.equals(b))
}

fn len(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyMemoryView>().with(cx, |s| s.view.shape.first().copied())? {
        Some(n) => Ok(cx.int(n as i64)),
        None => Err(cx.type_error("0-dim memory has no length")),
    }
}

fn enter(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyMemoryView>().with(cx, |_| ())?;
    Ok(a.get(0).own(cx))
}

/// `release()`.
fn release(cx: &mut Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    let readers = view.readers.get();
    if readers > 0 {
        let s = if readers == 1 { "" } else { "s" };
        let message = format!("memoryview has {readers} exported buffer{s}");
        return Err(cx.error(Builtin::BufferError, &message));
    }
    view.release(cx);
    Ok(cx.none())
}

fn to_bytes(cx: &mut Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    let order = match a.opt_not_none(1) {
        None => "C".to_string(),
        Some(v) => expect_str(cx, v, "tobytes() argument 'order'")?.to_string_lossy(),
    };
    let fortran = match order.as_str() {
        "C" => false,
        "F" => true,
        "A" => view.with(cx, |s| s.view.is_f_contiguous() && !s.view.is_c_contiguous())?,
        _ => return Err(cx.value_error("order must be 'C', 'F' or 'A'")),
    };
    if !fortran {
        let bytes = view.to_vec(cx)?;
        return try_new_bytes(cx, &bytes);
    }
    let bytes = view.with(cx, |s| {
        // The first dimension varies fastest: that is C order with the dimensions turned around.
        let mut turned = s.view.clone();
        turned.shape.reverse();
        turned.strides.reverse();
        let mut bytes = Vec::with_capacity(turned.len);
        each_item(&turned, &mut |p| {
            // SAFETY: an item lies there; the export keeps it, and the locks are held.
            bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(p, turned.item_size) });
        });
        bytes
    })?;
    try_new_bytes(cx, &bytes)
}

/// The items as objects, nested by dimension.
fn nested(cx: &Cx, items: &Items, shape: &[usize], bytes: &[u8]) -> Obj {
    let Some((&n, inner)) = shape.split_first() else { return item::read(items.code, bytes).object(cx) };
    if n == 0 {
        return cx.list(Vec::new());
    }
    let size = bytes.len() / n;
    cx.list((0..n).map(|i| nested(cx, items, inner, &bytes[i * size..(i + 1) * size])).collect())
}

fn to_list(cx: &mut Cx, a: Args<'_>) -> R {
    let items = a.this::<PyMemoryView>().items(cx)?;
    if items.code == 0 {
        let message = item::not_supported(&items.format);
        return Err(cx.error(Builtin::NotImplementedError, &message));
    }
    Ok(nested(cx, &items, &items.shape, &items.bytes))
}

fn hex(cx: &mut Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    let bytes = view.to_vec(cx)?;
    view.reading(cx, |cx| to_hex(cx, &bytes, a))
}

fn to_read_only(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyMemoryView>().derive(cx, None, |mut view| {
        view.readonly = true;
        view
    })
}

/// The number of items of a view of one dimension.
fn row_len(cx: &mut Cx, a: Args<'_>, otherwise: &str) -> R<usize> {
    let shape = a.this::<PyMemoryView>().with(cx, |s| s.view.shape.clone())?;
    match shape[..] {
        [n] => Ok(n),
        [] => Err(cx.type_error("invalid lookup on 0-dim memory")),
        _ => Err(cx.error(Builtin::NotImplementedError, otherwise)),
    }
}

fn count(cx: &mut Cx, a: Args<'_>) -> R {
    let n = row_len(cx, a, "multi-dimensional sub-views are not implemented")?;
    let mut found = 0;
    for i in 0..n {
        let v = index::item_at(cx, a.this(), i)?;
        found += cx.equal(v.r(), a.get(1))? as i64;
        cx.poll()?;
    }
    Ok(cx.int(found))
}

fn position(cx: &mut Cx, a: Args<'_>) -> R {
    let n = row_len(cx, a, "multi-dimensional lookup is not implemented")?;
    let (start, end) = crate::objects::str::args::bounds(cx, a, 2, n)?;
    for i in start..end {
        let v = index::item_at(cx, a.this(), i)?;
        if cx.equal(v.r(), a.get(1))? {
            return Ok(cx.int(i as i64));
        }
        cx.poll()?;
    }
    Err(cx.value_error("memoryview.index(x): x not found"))
}

/// `inspect.BufferFlags.WRITABLE`.
const WRITABLE: i64 = 1;

fn check_flags(cx: &mut Cx, made: Obj, flags: i64) -> R {
    if flags & WRITABLE != 0
        && let Some(view) = made.downcast::<PyMemoryView>(cx)
        && view.with(cx, |s| s.view.readonly)?
    {
        return Err(cx.error(Builtin::BufferError, "Object is not writable."));
    }
    Ok(made)
}

fn from_flags(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = crate::objects::str::args::c_int(cx, a.get(2))? as i64;
    let made = new_memoryview_for(cx, a.get(1), flags)?;
    check_flags(cx, made, flags)
}

/// `__buffer__` of the built-in exporters.
pub fn dunder_buffer(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = crate::objects::str::args::c_int(cx, a.get(1))? as i64;
    // Not what a subclass may have put in front of it, which is probably the caller.
    let made = match buffer::ops_of(cx, a.get(0)) {
        Some(ops) => export(cx, a.get(0), a.get(0), ops, None, None)?,
        None => new_memoryview(cx, a.get(0))?,
    };
    check_flags(cx, made, flags)
}

/// `__release_buffer__` of the built-in exporters: releases the view that `__buffer__` gave.
pub fn dunder_release_buffer(cx: &mut Cx, a: Args<'_>) -> R {
    match a.get(1).downcast::<PyMemoryView>(cx) {
        Some(view) => view.release(cx),
        None => return Err(cx.type_error("expected a memoryview object")),
    }
    Ok(cx.none())
}

/// `iter(memoryview)`.
#[repr(C)]
pub struct PyMemoryIter {
    pub h: Header,
    view: Slot,
    index: Field<AtomicUsize>,
    len: usize,
}

slot_ops!(MEMORY_ITER_OPS, PyMemoryIter, "memory_iterator", view);

fn iterate(cx: &mut Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    let (shape, code, format) =
        view.with(cx, |s| (s.view.shape.clone(), s.code, s.view.format.to_string()))?;
    let len = match shape[..] {
        [n] => n,
        [] => return Err(cx.type_error("invalid indexing of 0-dim memory")),
        _ => {
            let message = "multi-dimensional sub-views are not implemented";
            return Err(cx.error(Builtin::NotImplementedError, message));
        }
    };
    if code == 0 {
        let message = item::not_supported(&format);
        return Err(cx.error(Builtin::NotImplementedError, &message));
    }
    let view = Slot::new(a.get(0).own(cx));
    Ok(cx.alloc(Builtin::MemoryIter, |h| PyMemoryIter { h, view, index: Field::<AtomicUsize>::new(0), len }))
}

impl NativeIter for PyMemoryIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let i = self.index.add(1);
        if i >= self.len {
            self.index.set(self.len);
            return Ok(None);
        }
        match iter::fixed(&self.view).downcast::<PyMemoryView>(cx) {
            Some(view) => index::item_at(cx, view, i).map(Some),
            None => Ok(None),
        }
    }
}
