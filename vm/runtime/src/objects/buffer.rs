//! Bytes-like objects: what exports its memory, and how natives read and write it.
//!
//! An exporter is `bytes`, `bytearray`, `memoryview`, a type of another crate that has registered [`BufferOps`], or an
//! instance of a class with `__buffer__` (PEP 688), which stands for the `memoryview` that the method gives.
//!
//! While an exporter's memory is exported it neither moves nor changes its length; its contents are guarded by
//! the exporter's object lock. Natives that only want the bytes use [`bytes_of`], [`with_bytes`] and [`copy_into`], which
//! hold nothing beyond the call: what another thread could change meanwhile is copied.

use crate::objects::bytes::{PyByteArray, PyBytes};
use crate::objects::memoryview::PyMemoryView;
use crate::prelude::*;
use std::borrow::Cow;
use ungil_locks::primitive::{AtomicPtr, Ordering};

/// The memory of an exporter as it shows it.
#[derive(Clone, Debug)]
pub struct View {
    /// The first item.
    pub start: *mut u8,
    /// Bytes of all items together.
    pub len: usize,
    pub readonly: bool,
    pub item_size: usize,
    /// As the `struct` module writes it.
    pub format: Cow<'static, str>,
    /// Items in each dimension.
    pub shape: Vec<usize>,
    /// Bytes from item to item in each dimension.
    pub strides: Vec<isize>,
}

impl View {
    /// A row of bytes.
    pub fn of_bytes(start: *mut u8, len: usize, readonly: bool) -> View {
        View {
            start,
            len,
            readonly,
            item_size: 1,
            format: Cow::Borrowed("B"),
            shape: vec![len],
            strides: vec![1],
        }
    }

    /// A row of items of another kind.
    pub fn of_items(start: *mut u8, count: usize, item_size: usize, format: String, readonly: bool) -> View {
        View {
            start,
            len: count * item_size,
            readonly,
            item_size,
            format: Cow::Owned(format),
            shape: vec![count],
            strides: vec![item_size as isize],
        }
    }

    /// Whether the items lie one behind the other, the last dimension varying fastest.
    pub fn is_c_contiguous(&self) -> bool {
        contiguous(self.item_size, self.shape.iter().zip(&self.strides).rev())
    }

    /// Whether the items lie one behind the other, the first dimension varying fastest.
    pub fn is_f_contiguous(&self) -> bool {
        contiguous(self.item_size, self.shape.iter().zip(&self.strides))
    }
}

fn contiguous<'a>(
    item_size: usize,
    dimensions: impl Iterator<Item = (&'a usize, &'a isize)> + Clone,
) -> bool {
    // An empty row counts only if its items would lie so, as in CPython.
    if dimensions.clone().count() > 1 && dimensions.clone().any(|(&n, _)| n == 0) {
        return true;
    }
    let mut expected = item_size as isize;
    dimensions.into_iter().all(|(&n, &stride)| {
        let fits = n == 1 || stride == expected;
        expected = expected.wrapping_mul(n as isize);
        fits
    })
}

/// How a type exports its memory.
pub struct BufferOps {
    /// Exports the memory of an instance: fixes it until the release.
    pub export: fn(&mut Cx, Ref<'_>) -> R<View>,
    /// Ends one export. Called when a view is released or destroyed, so it runs no Python.
    pub release: fn(&Mutator, Ref<'_>),
}

/// Exporters of other crates: a list that only grows, at its front.
static REGISTERED: AtomicPtr<Exporter> = AtomicPtr::new(std::ptr::null_mut());

struct Exporter {
    type_ops: &'static TypeOps,
    buffer_ops: &'static BufferOps,
    next: *const Exporter,
}

/// Makes instances of a type bytes-like. Called when the type is made.
pub fn register(type_ops: &'static TypeOps, buffer_ops: &'static BufferOps) {
    let entry = Box::leak(Box::new(Exporter { type_ops, buffer_ops, next: std::ptr::null() }));
    let publish = |first: *mut Exporter| {
        entry.next = first;
        Some(std::ptr::from_mut(entry))
    };
    // ORD: release, with the acquire in `ops_of`: the entry is complete. Never fails.
    let _ = REGISTERED.fetch_update(Ordering::Release, Ordering::Acquire, publish);
}

static BYTES: BufferOps = BufferOps { export: export_bytes, release: |_, _| {} };
static BYTEARRAY: BufferOps = BufferOps { export: export_bytearray, release: release_bytearray };

fn export_bytes(cx: &mut Cx, v: Ref<'_>) -> R<View> {
    match v.downcast::<PyBytes>(cx) {
        Some(b) => Ok(View::of_bytes(b.as_bytes().as_ptr().cast_mut(), b.len(), true)),
        None => Err(not_bytes_like(cx, v)),
    }
}

fn export_bytearray(cx: &mut Cx, v: Ref<'_>) -> R<View> {
    match v.downcast::<PyByteArray>(cx) {
        Some(array) => {
            let (start, len) = array.export(cx);
            Ok(View::of_bytes(start, len, false))
        }
        None => Err(not_bytes_like(cx, v)),
    }
}

fn release_bytearray(m: &Mutator, v: Ref<'_>) {
    // SAFETY: only called for what `export_bytearray` has exported.
    unsafe { v.cast_unchecked::<PyByteArray>() }.unexport(m);
}

/// The operations of an exporter that is neither a `memoryview` nor an instance of a class with `__buffer__`.
pub(crate) fn ops_of(cx: &Cx, v: Ref<'_>) -> Option<&'static BufferOps> {
    let ops = cx.shape_of(v.header()?).head.ops;
    if std::ptr::eq(ops, PyBytes::OPS) {
        return Some(&BYTES);
    }
    if std::ptr::eq(ops, PyByteArray::OPS) {
        return Some(&BYTEARRAY);
    }
    // ORD: acquire, with the release in `register`.
    let mut at: *const Exporter = REGISTERED.load(Ordering::Acquire);
    // SAFETY: entries are never freed.
    while let Some(entry) = unsafe { at.as_ref() } {
        if std::ptr::eq(entry.type_ops, ops) {
            return Some(entry.buffer_ops);
        }
        at = entry.next;
    }
    None
}

/// Whether the object exports its memory.
pub fn is_bytes_like(cx: &Cx, v: Ref<'_>) -> bool {
    v.downcast::<PyMemoryView>(cx).is_some()
        || ops_of(cx, v).is_some()
        || cx.class_of(v).special(cx, Special::Buffer).is_some_and(|m| !m.value().is_none())
}

/// `TypeError` ("a bytes-like object is required, not 'int'").
#[cold]
pub fn not_bytes_like(cx: &mut Cx, v: Ref<'_>) -> Err {
    let name = cx.type_name(v);
    cx.type_error(format!("a bytes-like object is required, not '{name}'"))
}

/// A `memoryview` of any exporter.
///
/// # Errors
/// `TypeError` if it is none, `ValueError` if it is a released view.
pub fn view_of(cx: &mut Cx, v: Ref<'_>) -> R {
    crate::objects::memoryview::new_memoryview(cx, v)
}

/// The bytes of a bytes-like object, in place if nobody can change them, else a copy.
///
/// # Errors
/// `TypeError` ("a bytes-like object is required, not 'int'"), `BufferError` if the bytes do not lie one behind the other,
/// `ValueError`, `MemoryError`.
#[inline]
pub fn bytes_of<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Cow<'a, [u8]>> {
    match v.downcast::<PyBytes>(cx) {
        Some(bytes) => Ok(Cow::Borrowed(bytes.as_bytes())),
        None => bytes_of_slow(cx, v, false).map(Cow::Owned),
    }
}

/// As [`bytes_of`], however the bytes lie: in C order.
///
/// # Errors
/// As [`bytes_of`] but `BufferError`.
pub fn contents_of<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Cow<'a, [u8]>> {
    match v.downcast::<PyBytes>(cx) {
        Some(bytes) => Ok(Cow::Borrowed(bytes.as_bytes())),
        None => bytes_of_slow(cx, v, true).map(Cow::Owned),
    }
}

/// Bytes that stay what and where they are as long as this is kept.
pub enum Steady<'a> {
    Bytes(Cow<'a, [u8]>),
    /// A part of a `bytes`.
    Part {
        whole: Obj,
        start: usize,
        len: usize,
    },
}

impl std::ops::Deref for Steady<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Steady::Bytes(bytes) => bytes,
            // SAFETY: made for a `bytes`.
            Steady::Part { whole, start, len } => unsafe {
                &whole.cast_unchecked::<PyBytes>().as_bytes()[*start..*start + *len]
            },
        }
    }
}

/// As [`bytes_of`], also in place for views of a `bytes`: for calls that may take long, after which the view may be gone.
///
/// # Errors
/// As [`bytes_of`].
pub fn steady_bytes_of<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Steady<'a>> {
    if let Some(view) = v.downcast::<PyMemoryView>(cx)
        && let Some((whole, start, len)) = view.part_of_bytes(cx)?
    {
        return Ok(Steady::Part { whole, start, len });
    }
    bytes_of(cx, v).map(Steady::Bytes)
}

fn bytes_of_slow(cx: &mut Cx, v: Ref<'_>, anyhow: bool) -> R<Vec<u8>> {
    let read = |cx: &mut Cx, view: &PyMemoryView| {
        if !anyhow {
            view.read_with(cx, |_| ())?;
        }
        view.to_vec(cx)
    };
    if let Some(array) = v.downcast::<PyByteArray>(cx) {
        let copy = array.read(cx, crate::objects::bytes::sequence::try_to_vec);
        return copy.ok_or_else(|| cx.memory_error());
    }
    if let Some(view) = v.downcast::<PyMemoryView>(cx) {
        return read(cx, view);
    }
    if !is_bytes_like(cx, v) {
        return Err(not_bytes_like(cx, v));
    }
    let view = view_of(cx, v)?;
    match view.downcast::<PyMemoryView>(cx) {
        Some(view) => read(cx, view),
        None => Err(not_bytes_like(cx, v)),
    }
}

/// Runs `f` with the bytes of a bytes-like object: in place if no other thread can change them meanwhile.
///
/// # Errors
/// As [`bytes_of`].
pub fn with_bytes<T>(cx: &mut Cx, v: Ref<'_>, f: impl FnOnce(&[u8]) -> T) -> R<T> {
    if let Some(array) = v.downcast::<PyByteArray>(cx)
        && cx.is_exclusive(&array.h)
    {
        return Ok(array.read(cx, f));
    }
    Ok(f(&bytes_of(cx, v)?))
}

/// Runs `f` with the bytes of a bytes-like object, in place, under its lock: `f` copies what it needs, and is short.
///
/// # Errors
/// As [`bytes_of`], and `BufferError` if the bytes do not lie one behind the other.
#[inline]
pub fn peek_bytes<T>(cx: &mut Cx, v: Ref<'_>, f: impl FnOnce(&[u8]) -> T) -> R<T> {
    if let Some(bytes) = v.downcast::<PyBytes>(cx) {
        return Ok(f(bytes.as_bytes()));
    }
    if let Some(array) = v.downcast::<PyByteArray>(cx) {
        return Ok(array.read(cx, f));
    }
    if let Some(view) = v.downcast::<PyMemoryView>(cx) {
        return view.read_with(cx, f);
    }
    if !is_bytes_like(cx, v) {
        return Err(not_bytes_like(cx, v));
    }
    let view = view_of(cx, v)?;
    match view.downcast::<PyMemoryView>(cx) {
        Some(view) => view.read_with(cx, f),
        None => Err(not_bytes_like(cx, v)),
    }
}

/// The number of bytes that [`copy_into`] can write to.
///
/// # Errors
/// `TypeError` for what is not bytes-like or cannot be written to.
pub fn writable_len(cx: &mut Cx, v: Ref<'_>) -> R<usize> {
    if let Some(array) = v.downcast::<PyByteArray>(cx) {
        return Ok(array.len(cx));
    }
    let view = if is_bytes_like(cx, v) { Some(view_of(cx, v)?) } else { None };
    match view.as_ref().and_then(|view| view.downcast::<PyMemoryView>(cx)) {
        Some(view) => view.writable_len(cx),
        None => {
            let name = cx.type_name(v);
            Err(cx.type_error(format!("read-write bytes-like object expected, not '{name}'")))
        }
    }
}

/// Writes bytes into a writable bytes-like object from the byte `at` on, as many as there is room for; gives their number.
///
/// # Errors
/// As [`writable_len`].
pub fn copy_into(cx: &mut Cx, v: Ref<'_>, at: usize, data: &[u8]) -> R<usize> {
    if let Some(array) = v.downcast::<PyByteArray>(cx) {
        return Ok(array.write(cx, |to| copy_part(to, at, data)));
    }
    writable_len(cx, v)?;
    let view = view_of(cx, v)?;
    match view.downcast::<PyMemoryView>(cx) {
        Some(view) => view.write_with(cx, |to| copy_part(to, at, data)),
        None => Err(not_bytes_like(cx, v)),
    }
}

fn copy_part(to: &mut [u8], at: usize, data: &[u8]) -> usize {
    let to = to.get_mut(at..).unwrap_or_default();
    let n = to.len().min(data.len());
    to[..n].copy_from_slice(&data[..n]);
    n
}
