//! `Struct`, a format with methods, and the iterator over the structs in a buffer.
//!
//! A `Struct` may be initialised again at any time: which layout it has is guarded by its lock.

use super::layout::Layout;
use super::{items, layout_of, packed, packed_into, raise, unpacked, unpacked_from};
use std::cell::UnsafeCell;
use std::sync::{Arc, OnceLock};
use ungil_locks::primitive::AtomicUsize;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::iter::NativeIter;
use ungil_runtime::objects::sync::{Field, locked};
use ungil_runtime::prelude::*;

/// A `Struct`; `None` until it is initialised.
#[repr(C)]
pub struct PyStruct {
    h: Header,
    /// Guarded by the object's lock.
    layout: UnsafeCell<Option<Arc<Layout>>>,
}

unsafe fn drop_struct(h: *mut Header, _: &Mutator) {
    // SAFETY: the object is this thread's alone.
    drop(unsafe { &mut *(*h.cast::<PyStruct>()).layout.get() }.take());
}

static STRUCT_OPS: TypeOps = TypeOps {
    name: "_struct.Struct",
    size: |_| size_of::<PyStruct>(),
    trace: None,
    drop_fields: Some(drop_struct),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyStruct {
    const OPS: &'static TypeOps = &STRUCT_OPS;
}

impl PyStruct {
    fn layout(&self, cx: &Cx) -> Option<Arc<Layout>> {
        // SAFETY: the lock is held.
        locked(cx, &self.h, || unsafe { &*self.layout.get() }.clone())
    }
}

/// The layout of the receiver.
fn this(cx: &mut Cx, a: Args<'_>) -> R<Arc<Layout>> {
    match a.this::<PyStruct>().layout(cx) {
        Some(layout) => Ok(layout),
        None => Err(cx.runtime_error("Struct object is not initialized")),
    }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Ok(cx.not_implemented()) };
    cx.alloc_for(class, |h| PyStruct { h, layout: UnsafeCell::new(None) })
}

fn init_struct(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = layout_of(cx, a.get(1))?;
    let this = a.this::<PyStruct>();
    // SAFETY: the lock is held.
    let old = locked(cx, &this.h, || unsafe { &mut *this.layout.get() }.replace(layout));
    drop(old);
    Ok(cx.none())
}

fn pack(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = this(cx, a)?;
    let bytes = packed(cx, &layout, a.varargs(cx, 1), "pack")?;
    Ok(new_bytes(cx, &bytes))
}

fn pack_into(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = this(cx, a)?;
    packed_into(cx, &layout, a.varargs(cx, 1))
}

fn unpack(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = this(cx, a)?;
    unpacked(cx, &layout, a.get(1))
}

fn unpack_from(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = this(cx, a)?;
    unpacked_from(cx, &layout, a.get(1), a.opt(2))
}

fn iter_unpack_method(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = this(cx, a)?;
    iterate(cx, layout, a.get(1))
}

/// `iter_unpack(format, buffer)`.
pub(super) fn iter_unpack(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = layout_of(cx, a.get(0))?;
    iterate(cx, layout, a.get(1))
}

fn format(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = this(cx, a)?;
    Ok(cx.str(&String::from_utf8_lossy(&layout.format)))
}

fn size(cx: &mut Cx, a: Args<'_>) -> R {
    let size = a.this::<PyStruct>().layout(cx).map_or(-1, |layout| layout.size as i64);
    Ok(cx.int(size))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let format = format(cx, a)?;
    let shown = cx.repr_string(format.r())?;
    let class = cx.class_of(a.get(0)).name();
    Ok(cx.str(&format!("{class}({shown})")))
}

fn sizeof(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = this(cx, a)?;
    let fields = size_of_val(&*layout.fields) + layout.format.len() + size_of::<Layout>();
    Ok(cx.int((size_of::<PyStruct>() + fields) as i64))
}

/// The iterator: structs one behind the other in a buffer.
#[repr(C)]
pub struct PyUnpackIter {
    h: Header,
    /// `bytes`, or a `memoryview` that keeps the buffer's length; empty at the end. Guarded by the object's lock.
    source: Slot,
    layout: UnsafeCell<Arc<Layout>>,
    /// The next struct's offset.
    at: Field<AtomicUsize>,
    len: usize,
}

unsafe fn trace_iter(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with an iterator that nobody changes meanwhile.
    let source = unsafe { &(*h.cast::<PyUnpackIter>()).source };
    if !source.is_empty() {
        visit(source.peek());
    }
}

unsafe fn drop_iter(h: *mut Header, m: &Mutator) {
    // SAFETY: called once, with an iterator that is this thread's alone.
    unsafe {
        (*h.cast::<PyUnpackIter>()).source.clear(m);
        std::ptr::drop_in_place((*h.cast::<PyUnpackIter>()).layout.get());
    }
}

static ITER_OPS: TypeOps = TypeOps {
    name: "_struct.unpack_iterator",
    size: |_| size_of::<PyUnpackIter>(),
    trace: Some(trace_iter),
    drop_fields: Some(drop_iter),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyUnpackIter {
    const OPS: &'static TypeOps = &ITER_OPS;
}

static ITER_CLASS: OnceLock<&'static PyType> = OnceLock::new();

fn iterate(cx: &mut Cx, layout: Arc<Layout>, v: Ref<'_>) -> R {
    if layout.size == 0 {
        return Err(raise(cx, "cannot iteratively unpack with a struct of length 0"));
    }
    if !buffer::is_bytes_like(cx, v) {
        return Err(buffer::not_bytes_like(cx, v));
    }
    let source = match v.downcast::<PyBytes>(cx) {
        Some(_) => v.own(cx),
        None => buffer::view_of(cx, v)?,
    };
    let len = buffer::peek_bytes(cx, source.r(), <[u8]>::len)?;
    if !len.is_multiple_of(layout.size) {
        let size = layout.size;
        let message = format!("iterative unpacking requires a buffer of a multiple of {size} bytes");
        return Err(raise(cx, message));
    }
    let Some(class) = ITER_CLASS.get() else { return Ok(cx.not_implemented()) };
    cx.alloc_for(class, |h| PyUnpackIter {
        h,
        source: Slot::new(source),
        layout: UnsafeCell::new(layout),
        at: Field::<AtomicUsize>::new(0),
        len,
    })
}

impl PyUnpackIter {
    fn layout(&self) -> &Layout {
        // SAFETY: never changed after the iterator is made, and dropped with it.
        unsafe { &*self.layout.get() }
    }

    /// Takes the next struct's offset, and the buffer.
    fn advance(&self, cx: &Cx) -> Option<(usize, Obj)> {
        let (at, source) = (self.at.add(self.layout().size), self.source.get(&self.h, cx));
        if at < self.len {
            return source.map(|source| (at, source));
        }
        // Past the end: stay there, and let go of the buffer.
        self.at.set(self.len);
        drop(self.source.take(&self.h, cx));
        None
    }
}

impl NativeIter for PyUnpackIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some((at, source)) = self.advance(cx) else { return Ok(None) };
        let layout = self.layout();
        if let Some(bytes) = source.downcast::<PyBytes>(cx) {
            return Ok(Some(items::unpack(cx, layout, &bytes.as_bytes()[at..at + layout.size])));
        }
        let copy = buffer::peek_bytes(cx, source.r(), |b| b.get(at..at + layout.size).map(<[u8]>::to_vec))?;
        Ok(copy.map(|bytes| items::unpack(cx, layout, &bytes)))
    }
}

fn length_hint(cx: &Cx, a: Args<'_>) -> R {
    let this = a.this::<PyUnpackIter>();
    let left = this.len.saturating_sub(this.at.get()) / this.layout().size;
    Ok(cx.int(left as i64))
}

/// Makes the types; gives `Struct`.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size_of_iter = size_of::<PyUnpackIter>();
    let mut t = TypeBuilder::native_type(cx, "_struct.unpack_iterator", &ITER_OPS, size_of_iter, true, flags);
    t.iterator::<PyUnpackIter>(cx).special(cx, Special::LengthHint, Leaf(length_hint));
    let class = t.class();
    ITER_CLASS.get_or_init(|| class);
    let flags = class_flag::BASETYPE | class_flag::HAS_WEAKREF;
    let mut t =
        TypeBuilder::native_type(cx, "_struct.Struct", &STRUCT_OPS, size_of::<PyStruct>(), false, flags);
    t.doc(cx, "Struct(format)\n--\n\nA format by which values are packed into bytes and unpacked again.")
        .constructor(cx, "($type, *args, **kwargs)", Full(construct))
        .method(cx, "__init__", "($self, format)", Full(init_struct))
        .special(cx, Special::Repr, Full(repr))
        .special(cx, Special::Sizeof, Full(sizeof))
        .method(cx, "pack", "($self, /, *values)", Full(pack))
        .method(cx, "pack_into", "($self, /, *values)", Full(pack_into))
        .method(cx, "unpack", "($self, buffer, /)", Full(unpack))
        .method(cx, "unpack_from", "($self, /, buffer, offset=0)", Full(unpack_from))
        .method(cx, "iter_unpack", "($self, buffer, /)", Full(iter_unpack_method))
        .getset(cx, "format", Full(format), None)
        .getset(cx, "size", Full(size), None);
    t.class()
}
