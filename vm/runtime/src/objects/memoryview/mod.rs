//! `memoryview`: a window on the memory of a bytes-like object.
//!
//! - `mod.rs`: the layout, making, access; `item.rs`: items of each format; `index.rs`: reading and writing items and
//!   slices; `cast.rs`: other formats and shapes; `methods.rs`: the type and its iterator; `wrapper.rs`: views of objects
//!   with a `__buffer__` in Python
//!
//! Each view, also one made from another view, holds an export of its own of the object that has the memory, its
//! base; so views do not depend on each other. What a view looks at never changes but by its release. Memory is read
//! and written under the lock of the view (nobody releases it meanwhile) and of the base (its contents), and copied:
//! nothing points into it afterwards.

mod cast;
mod index;
pub mod item;
mod methods;
mod wrapper;

pub use methods::{PyMemoryIter, declare, init};
pub use methods::{dunder_buffer, dunder_release_buffer};

use crate::objects::buffer::{self, BufferOps, View};
use crate::objects::sync::{Field, locked, locked_both};
use crate::prelude::*;
use std::cell::UnsafeCell;
use ungil_locks::primitive::{AtomicI64, AtomicUsize};

/// A `memoryview`.
#[repr(C)]
pub struct PyMemoryView {
    pub h: Header,
    /// The object that has the memory; empty once released.
    base: Slot,
    /// What `obj` shows: the base, or the instance whose `__buffer__` led to it; empty once released.
    shown: Slot,
    /// What is told by and by that the last view of this export is gone; empty for most.
    wrapper: Slot,
    hash: Field<AtomicI64>,
    /// Calls that read the memory and run Python meanwhile: the view cannot be released before they are done.
    readers: Field<AtomicUsize>,
    /// `None` once released.
    state: UnsafeCell<Option<Box<State>>>,
}

struct State {
    view: View,
    /// The format's letter if items of it can be read here, else 0.
    code: u8,
    ops: &'static BufferOps,
    /// Where the export of the base began, and its length: to find one's place in another export.
    export_start: *mut u8,
    export_len: usize,
}

// SAFETY: `repr(C)`, header first; views are made with this payload alone.
unsafe impl Object for PyMemoryView {
    const OPS: &'static TypeOps = &MEMORYVIEW_OPS;
}

pub static MEMORYVIEW_OPS: TypeOps = TypeOps {
    name: "memoryview",
    size: |_| size_of::<PyMemoryView>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a view that nobody changes meanwhile.
    let view = unsafe { &*h.cast::<PyMemoryView>() };
    for slot in [&view.base, &view.shown, &view.wrapper] {
        if !slot.is_empty() {
            visit(slot.peek());
        }
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the view is this thread's alone.
    let view = unsafe { &*h.cast::<PyMemoryView>() };
    // SAFETY: as above.
    let state = unsafe { &mut *view.state.get() }.take();
    let base = view.base.take_locked();
    if let (Some(state), Some(base)) = (state, &base) {
        (state.ops.release)(m, base.r());
    }
    for v in [base, view.shown.take_locked(), view.wrapper.take_locked()].into_iter().flatten() {
        m.drop_value(v.into_value());
    }
}

/// The items of a view, one behind the other in C order, with what is needed to read them.
struct Items {
    bytes: Vec<u8>,
    code: u8,
    item_size: usize,
    format: String,
    shape: Vec<usize>,
}

fn released(cx: &mut Cx) -> Err {
    cx.value_error("operation forbidden on released memoryview object")
}

/// A view of any bytes-like object.
///
/// # Errors
/// `TypeError` if it is none, `ValueError` if it is a released view, or what `__buffer__` raises.
pub fn new_memoryview(cx: &mut Cx, v: Ref<'_>) -> R {
    new_memoryview_for(cx, v, FULL_RO)
}

/// As [`new_memoryview`]; a `__buffer__` in Python is called with these flags.
fn new_memoryview_for(cx: &mut Cx, v: Ref<'_>, flags: i64) -> R {
    if let Some(view) = v.downcast::<PyMemoryView>(cx) {
        return view.derive(cx, None, |view| view);
    }
    if wrapper::in_python(cx, v, "__buffer__").is_none()
        && let Some(ops) = buffer::ops_of(cx, v)
    {
        let wrapper =
            wrapper::in_python(cx, v, "__release_buffer__").map(|_| wrapper::new_wrapper(cx, v, None));
        return export(cx, v, v, ops, None, wrapper);
    }
    let Some(method) = cx.class_of(v).special(cx, Special::Buffer).filter(|m| !m.value().is_none()) else {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("memoryview: a bytes-like object is required, not '{name}'")));
    };
    let flags = cx.int(flags);
    let result = cx.call_special(method, v, &[flags.r()])?;
    let Some(view) = result.downcast::<PyMemoryView>(cx) else {
        return Err(cx.type_error("__buffer__ returned non-memoryview object"));
    };
    let wrapper = wrapper::new_wrapper(cx, v, Some(&result));
    view.derive_wrapped(cx, Some(v), Some(wrapper), |view| view)
}

/// `inspect.BufferFlags.FULL_RO`.
const FULL_RO: i64 = 0x011c;

/// Exports `base` and makes a view of it; `place` says what the view looks at if it is not all of the export.
fn export(
    cx: &mut Cx,
    base: Ref<'_>,
    shown: Ref<'_>,
    ops: &'static BufferOps,
    place: Option<Place>,
    wrapper: Option<Obj>,
) -> R {
    let all = (ops.export)(cx, base)?;
    let (export_start, export_len) = (all.start, all.len);
    let view = match place {
        None => all,
        // The memory has been given up and changed since the place was found.
        Some(place) if place.export_len != export_len => {
            (ops.release)(cx, base);
            return Err(released(cx));
        }
        Some(place) => View { start: export_start.wrapping_offset(place.offset), ..place.view },
    };
    let code = item::code_of(&view.format);
    let state = Box::new(State { view, code, ops, export_start, export_len });
    let (base, shown) = (Slot::new(base.own(cx)), Slot::new(shown.own(cx)));
    Ok(cx.alloc(Builtin::MemoryView, |h| PyMemoryView {
        h,
        base,
        shown,
        wrapper: wrapper.map_or_else(Slot::empty, Slot::new),
        hash: Field::<AtomicI64>::new(-1),
        readers: Field::<AtomicUsize>::new(0),
        state: UnsafeCell::new(Some(state)),
    }))
}

/// What a view made from another one looks at.
struct Place {
    view: View,
    /// From the beginning of the export to the first item.
    offset: isize,
    export_len: usize,
}

impl PyMemoryView {
    /// Runs `f` with the state, under the locks of view and base. `f` has no way to run Python.
    fn with<T>(&self, cx: &mut Cx, f: impl FnOnce(&State) -> T) -> R<T> {
        let Some(base) = self.base.get(&self.h, cx) else { return Err(released(cx)) };
        let Some(h) = base.r().header() else { return Err(released(cx)) };
        // SAFETY: the view's lock is held.
        let result = locked_both(cx, &self.h, h, || unsafe { &*self.state.get() }.as_deref().map(f));
        cx.drop_value(base.into_value());
        result.ok_or_else(|| released(cx))
    }

    /// A new view of what `change` makes of this one's place.
    fn derive(&self, cx: &mut Cx, shown: Option<Ref<'_>>, change: impl FnOnce(View) -> View) -> R {
        let wrapper = self.wrapper.get(&self.h, cx);
        self.derive_wrapped(cx, shown, wrapper, change)
    }

    /// As `derive`, with a wrapper of its own.
    fn derive_wrapped(
        &self,
        cx: &mut Cx,
        shown: Option<Ref<'_>>,
        wrapper: Option<Obj>,
        change: impl FnOnce(View) -> View,
    ) -> R {
        let (view, start, export_len, ops) =
            self.with(cx, |state| (state.view.clone(), state.export_start, state.export_len, state.ops))?;
        let view = change(view);
        let offset = (view.start as isize).wrapping_sub(start as isize);
        let base = self.base.get(&self.h, cx);
        let old_shown = self.shown.get(&self.h, cx);
        let (Some(base), Some(old_shown)) = (base, old_shown) else { return Err(released(cx)) };
        let shown = shown.unwrap_or(old_shown.r());
        export(cx, base.r(), shown, ops, Some(Place { view, offset, export_len }), wrapper)
    }

    /// Whether the view has been released.
    fn is_released(&self, cx: &Cx) -> bool {
        // SAFETY: the lock is held.
        locked(cx, &self.h, || unsafe { &*self.state.get() }.is_none())
    }

    /// Gives up the memory. No effect on a view that is released already.
    fn release(&self, cx: &mut Cx) {
        let taken = locked(cx, &self.h, || {
            // SAFETY: the lock is held.
            let state = unsafe { &mut *self.state.get() }.take();
            (state, self.base.take_locked(), self.shown.take_locked(), self.wrapper.take_locked())
        });
        if let (Some(state), Some(base), ..) = &taken {
            (state.ops.release)(cx, base.r());
        }
    }

    /// Runs `f`, during which the view cannot be released.
    fn reading<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut Cx) -> R<T>) -> R<T> {
        locked(cx, &self.h, || self.readers.set(self.readers.get() + 1));
        let result = f(cx);
        locked(cx, &self.h, || self.readers.set(self.readers.get() - 1));
        result
    }

    /// All items, copied.
    fn items(&self, cx: &mut Cx) -> R<Items> {
        let items = self.with(cx, |state| {
            let view = &state.view;
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(view.len).ok()?;
            // SAFETY: the export keeps the memory in place, and the locks are held.
            unsafe { gather(view, &mut bytes) };
            Some(Items {
                bytes,
                code: state.code,
                item_size: view.item_size,
                format: view.format.to_string(),
                shape: view.shape.clone(),
            })
        })?;
        items.ok_or_else(|| cx.memory_error())
    }

    /// The bytes of all items in C order.
    ///
    /// # Errors
    /// `ValueError` if the view is released, `MemoryError`.
    pub fn to_vec(&self, cx: &mut Cx) -> R<Vec<u8>> {
        Ok(self.items(cx)?.bytes)
    }

    /// Runs `f` with the bytes of a view whose items lie one behind the other; `f` is short and runs no Python.
    ///
    /// # Errors
    /// `ValueError` if the view is released, `BufferError` if its items do not lie so.
    pub fn read_with<T>(&self, cx: &mut Cx, f: impl FnOnce(&[u8]) -> T) -> R<T> {
        let result = self.with(cx, |s| {
            // SAFETY: the export keeps the memory in place, and the locks are held.
            let bytes = || unsafe { std::slice::from_raw_parts(s.view.start, s.view.len) };
            s.view.is_c_contiguous().then(|| f(bytes()))
        })?;
        result.ok_or_else(|| {
            cx.error(Builtin::BufferError, "memoryview: underlying buffer is not C-contiguous")
        })
    }

    /// The `bytes` of which it shows a part, and which part, if it does and its items lie one behind the other.
    ///
    /// # Errors
    /// `ValueError` if the view is released.
    pub fn part_of_bytes(&self, cx: &mut Cx) -> R<Option<(Obj, usize, usize)>> {
        let base = self.base.get(&self.h, cx);
        let (contiguous, start, len) =
            self.with(cx, |s| (s.view.is_c_contiguous(), s.view.start as usize, s.view.len))?;
        let Some(base) = base.filter(|_| contiguous) else { return Ok(None) };
        let Some(whole) = base.downcast::<crate::objects::bytes::PyBytes>(cx) else { return Ok(None) };
        let all = whole.as_bytes();
        let part = start.checked_sub(all.as_ptr() as usize);
        let part = part.filter(|at| at.checked_add(len).is_some_and(|end| end <= all.len()));
        Ok(part.map(|at| (base.clone(), at, len)))
    }

    /// The number of bytes, of a view that can be written to as one run of bytes.
    ///
    /// # Errors
    /// `ValueError` if the view is released, `TypeError` if it is read-only, `BufferError` if its items do not lie one
    /// behind the other.
    pub fn writable_len(&self, cx: &mut Cx) -> R<usize> {
        let (readonly, contiguous, len) =
            self.with(cx, |s| (s.view.readonly, s.view.is_c_contiguous(), s.view.len))?;
        if readonly {
            return Err(cx.type_error("read-write bytes-like object expected, not 'memoryview'"));
        }
        if !contiguous {
            return Err(cx.error(Builtin::BufferError, "memoryview: underlying buffer is not C-contiguous"));
        }
        Ok(len)
    }

    /// Runs `f` with the bytes of a view that can be written to; it has no way to run Python.
    ///
    /// # Errors
    /// As [`PyMemoryView::writable_len`].
    pub fn write_with<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut [u8]) -> T) -> R<T> {
        self.writable_len(cx)?;
        // SAFETY: contiguous and writable as checked, which does not change; the export keeps it in place, and the locks are held.
        self.with(cx, |s| f(unsafe { std::slice::from_raw_parts_mut(s.view.start, s.view.len) }))
    }
}

/// Appends the bytes of all items in C order.
///
/// # Safety
/// The memory of the view is exported, and its contents are guarded.
unsafe fn gather(view: &View, out: &mut Vec<u8>) {
    if view.is_c_contiguous() {
        // SAFETY: `len` bytes lie there.
        out.extend_from_slice(unsafe { std::slice::from_raw_parts(view.start, view.len) });
        return;
    }
    each_item(view, &mut |p| {
        // SAFETY: an item lies there.
        out.extend_from_slice(unsafe { std::slice::from_raw_parts(p, view.item_size) });
    });
}

/// Calls `f` with the address of each item in C order.
fn each_item(view: &View, f: &mut dyn FnMut(*mut u8)) {
    fn walk(start: *mut u8, dimensions: &[(usize, isize)], f: &mut dyn FnMut(*mut u8)) {
        let Some(&(n, stride)) = dimensions.first() else { return f(start) };
        for i in 0..n {
            walk(start.wrapping_offset(i as isize * stride), &dimensions[1..], f);
        }
    }
    let dimensions: Vec<_> = view.shape.iter().copied().zip(view.strides.iter().copied()).collect();
    walk(view.start, &dimensions, f);
}
