//! Finalizers, weak-reference callbacks, and collections: the Python that the end of objects runs.

use crate::prelude::*;
use std::sync::atomic::Ordering;
use ungil_gc::{Pending, WeakCell, cycle};

/// Whether the object's class has a `__del__`: the `needs_finalizer` of layouts that users derive from.
///
/// # Safety
/// `h` is a live object, and the calling thread has a context.
pub unsafe fn has_del(h: *mut Header) -> bool {
    let m = Mutator::current();
    // SAFETY: shapes of the runtime are `Shape`s; classes are immortal.
    unsafe {
        let shape = m.shape(h).cast::<crate::class::Shape>();
        let class = &*(*shape).class;
        // A class without the method is resolved to "none" once; resolving needs no context but the mutator's.
        class.has_flag(class_flag::HAS_DEL)
    }
}

/// Runs everything that waits on the dying queue. Exceptions are reported through `sys.unraisablehook`.
#[cold]
#[inline(never)]
pub fn run_pending(cx: &mut Cx) {
    while cx.has_pending() {
        for pending in cx.take_pending() {
            // The finalizer must not see, or lose, the exception that its thread is handling.
            match pending {
                Pending::Finalize(obj) => finalize(cx, obj),
                Pending::WeakCallback(cell) => weak_callback(cx, cell),
            }
        }
    }
}

pub(crate) fn finalize(cx: &mut Cx, obj: Obj) {
    if crate::objects::generator::finalize(cx, &obj) {
        return;
    }
    let class = cx.class_of(obj.r());
    let Some(method) = class.special(cx, Special::Del) else { return };
    if let Err(err) = cx.call_special(method, obj.r(), &[]) {
        crate::traceback::unraisable(cx, err, "Exception ignored while calling deallocator", method);
    }
}

fn weak_callback(cx: &mut Cx, cell: Obj) {
    // SAFETY: only weak references are queued this way.
    let payload = unsafe { &*cell.value().ptr().cast::<WeakCell>() };
    let Some(callback) = payload.callback.take(&payload.header, cx) else { return };
    if let Err(err) = cx.call(callback.r(), &[cell.r()]) {
        crate::traceback::unraisable(
            cx,
            err,
            "Exception ignored while calling weakref callback",
            callback.r(),
        );
    }
}

/// A full collection; the number of unreachable objects found.
pub fn collect(cx: &mut Cx) -> usize {
    let context: *mut Cx = cx;
    let m: *const Mutator = cx.mutator();
    // SAFETY: the collector calls back between its phases only, when it holds no view of the mutator that running
    // Python could invalidate: every field of it is a cell of its own thread.
    let found = cycle::collect(unsafe { &*m }, || run_pending(unsafe { &mut *context }));
    cx.vm.collections.fetch_add(1, Ordering::Relaxed);
    found
}
