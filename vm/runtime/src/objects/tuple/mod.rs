//! `tuple`: a fixed number of items behind the header. Immutable once made, so reading takes no lock.
//!
//! `methods.rs` has Python's methods. There is one empty tuple of the exact class.

pub(crate) mod iter;
pub(crate) mod methods;

pub(crate) use methods::ItemHash;
pub use methods::{declare, init, tuple_from};

use crate::SharedValue;
use crate::objects::sync::Field;
use crate::prelude::*;
use std::sync::OnceLock;
use ungil_locks::primitive::AtomicI64;

/// A tuple; the items follow the fields.
#[repr(C)]
pub struct PyTuple {
    pub h: Header,
    pub(crate) len: usize,
    /// The hash, or -1 if it is not known.
    hash: Field<AtomicI64>,
    items: [Slot; 0],
}

/// Bytes in front of the items.
pub(crate) const ITEMS_OFFSET: usize = std::mem::offset_of!(PyTuple, items);

// SAFETY: `repr(C)`, header first; tuples of all classes are made by `build` with this payload.
unsafe impl Object for PyTuple {
    const OPS: &'static TypeOps = &TUPLE_OPS;
}

pub static TUPLE_OPS: TypeOps = TypeOps {
    name: "tuple",
    size: payload_size,
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

unsafe fn payload_size(h: *mut Header) -> usize {
    // SAFETY: the object is a tuple.
    bytes_for(unsafe { (*h.cast::<PyTuple>()).len })
}

/// Bytes of a tuple of so many items.
pub(crate) const fn bytes_for(len: usize) -> usize {
    ITEMS_OFFSET + len * size_of::<Slot>()
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a tuple.
    let tuple = unsafe { &*h.cast::<PyTuple>() };
    // What is no object is not worth the call: it may be millions of numbers.
    tuple.slots().iter().map(Slot::peek).filter(|v| v.is_ptr()).for_each(visit);
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the tuple is this thread's alone.
    let tuple = unsafe { &*h.cast::<PyTuple>() };
    // Destruction by worklist takes the latest first: the last item goes first, as in CPython.
    m.clear_slots(tuple.slots());
}

static EMPTY: OnceLock<SharedValue> = OnceLock::new();

impl PyTuple {
    /// The number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    fn slots(&self) -> &[Slot] {
        // SAFETY: `len` slots follow the fields, initialised when the tuple was made.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr(), self.len) }
    }

    /// The items.
    #[inline(always)]
    pub fn items(&self) -> &[Ref<'_>] {
        // SAFETY: slots and references are words alike; the tuple never changes and keeps its items alive.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast(), self.len) }
    }

    /// The item at `i`, owned.
    #[inline]
    pub fn get(&self, cx: &Cx, i: usize) -> Option<Obj> {
        self.items().get(i).map(|item| item.own(cx))
    }

    /// `hash(self)`, kept after the first time.
    ///
    /// # Errors
    /// `TypeError` if an item is not hashable, or what its `__hash__` raises.
    #[inline]
    pub fn hash(&self, cx: &mut Cx) -> R<i64> {
        match self.hash.get() {
            -1 => methods::compute_hash(cx, self),
            hash => Ok(hash),
        }
    }

    /// The hash, if it was asked for before.
    #[inline(always)]
    pub(crate) fn known_hash(&self) -> Option<i64> {
        match self.hash.get() {
            -1 => None,
            hash => Some(hash),
        }
    }

    /// Counted copies of the items.
    pub fn snapshot(&self, cx: &Cx) -> Vec<Obj> {
        self.items().iter().map(|item| item.own(cx)).collect()
    }
}

/// A new tuple of the exact class with room for `len` items, filled by `fill`.
///
/// # Safety
/// `fill` writes `len` owned words from the pointer on.
#[inline(always)]
unsafe fn build(cx: &Cx, len: usize, fill: impl FnOnce(*mut Value)) -> Obj {
    let p = match len < usize::MAX / 16 {
        true => cx.mutator().allocate(bytes_for(len)),
        false => std::ptr::null_mut(),
    };
    if p.is_null() {
        ungil_gc::fatal("out of memory");
    }
    // SAFETY: fresh memory with room for the fields and `len` words.
    unsafe {
        p.cast::<PyTuple>().write(fields(Header::new(Builtin::Tuple as u32), len));
        fill(p.add(ITEMS_OFFSET).cast());
        Obj::from_owned(Value::from_ptr(p))
    }
}

#[inline]
fn fields(h: Header, len: usize) -> PyTuple {
    PyTuple { h, len, hash: Field::<AtomicI64>::new(-1), items: [] }
}

/// The empty tuple.
#[inline]
pub fn empty_tuple(cx: &Cx) -> Obj {
    // SAFETY: nothing to fill.
    EMPTY.get_or_init(|| SharedValue::new(unsafe { build(cx, 0, |_| ()) })).get().own(cx)
}

/// A tuple of the items.
#[inline]
pub fn new_tuple(cx: &Cx, mut items: Vec<Obj>) -> Obj {
    new_tuple_of_tail(cx, &mut items, 0)
}

/// A tuple of the items from `at` on, which are taken out.
#[inline]
pub fn new_tuple_of_tail(cx: &Cx, items: &mut Vec<Obj>, at: usize) -> Obj {
    let tuple = new_tuple_from_values(cx, words(&items[at..]));
    // SAFETY: there are as many; the references of the others have moved into the tuple.
    unsafe { items.set_len(at) };
    tuple
}

/// A tuple of the items, whose references it takes over.
#[inline]
pub fn new_tuple_from_array<const N: usize>(cx: &Cx, items: [Obj; N]) -> Obj {
    let items = std::mem::ManuallyDrop::new(items);
    new_tuple_from_values(cx, words(&*items))
}

/// A tuple of counted copies of `len` values, which `item` gives.
#[inline]
pub fn new_tuple_with<'a>(cx: &Cx, len: usize, item: impl Fn(usize) -> Ref<'a>) -> Obj {
    if len == 0 {
        return empty_tuple(cx);
    }
    let fill = |to: *mut Value| {
        for i in 0..len {
            // SAFETY: there is room for `len` words.
            unsafe { to.add(i).write(item(i).own(cx).into_value()) };
        }
    };
    // SAFETY: `fill` writes them all.
    unsafe { build(cx, len, fill) }
}

/// A tuple of owned words, whose references it takes over.
#[inline]
pub fn new_tuple_from_values(cx: &Cx, items: &[Value]) -> Obj {
    if items.is_empty() {
        return empty_tuple(cx);
    }
    // SAFETY: as many words as there is room for.
    unsafe { build(cx, items.len(), |to| to.copy_from_nonoverlapping(items.as_ptr(), items.len())) }
}

/// A tuple of borrowed words, which it counts.
#[inline]
pub fn new_tuple_from_borrowed(cx: &Cx, items: &[Value]) -> Obj {
    for v in items {
        if v.is_ptr() {
            // SAFETY: the caller keeps the items alive.
            unsafe { (*v.ptr()).increment(cx) };
        }
    }
    new_tuple_from_values(cx, items)
}

/// A tuple of counted copies of the items.
#[inline]
pub fn new_tuple_of_refs(cx: &Cx, items: &[Ref<'_>]) -> Obj {
    new_tuple_of_two(cx, items, &[])
}

/// A tuple of counted copies of the items of both.
#[inline]
pub(crate) fn new_tuple_of_two(cx: &Cx, first: &[Ref<'_>], second: &[Ref<'_>]) -> Obj {
    let len = first.len() + second.len();
    if len == 0 {
        return empty_tuple(cx);
    }
    // SAFETY: as many owned words as there is room for.
    unsafe {
        build(cx, len, |to| {
            for (i, item) in first.iter().chain(second).enumerate() {
                to.add(i).write(item.own(cx).into_value());
            }
        })
    }
}

/// A tuple of a subclass.
///
/// # Errors
/// `MemoryError`.
pub fn new_tuple_of(cx: &mut Cx, class: &PyType, mut items: Vec<Obj>) -> R {
    if std::ptr::eq(class, cx.builtin(Builtin::Tuple)) {
        return Ok(new_tuple(cx, items));
    }
    let len = items.len();
    // SAFETY: the payload is a tuple with `len` items, all written; the class derives from tuple.
    let tuple = unsafe {
        cx.alloc_sized(class, bytes_for(len), |h, p| {
            p.cast::<PyTuple>().write(fields(h, len));
            p.add(ITEMS_OFFSET).cast::<Value>().copy_from_nonoverlapping(items.as_ptr().cast(), len);
        })?
    };
    // SAFETY: the references have moved into the tuple.
    unsafe { items.set_len(0) };
    Ok(tuple)
}

fn words(items: &[Obj]) -> &[Value] {
    // SAFETY: `Obj` is a transparent word.
    unsafe { std::slice::from_raw_parts(items.as_ptr().cast(), items.len()) }
}
